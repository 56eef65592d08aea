"""Days and moments inside formulas, and the whole months between two days.

Source: spec discounts-and-stacking, section 7.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, tzinfo

from kupon.engine.formulas.kinds import FormulaFault, Value
from kupon.kit.calendar import parse_when


def _when(value: Value) -> date:
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return value
    if not isinstance(value, str):
        raise FormulaFault("not a date")
    try:
        return parse_when(value)
    except ValueError:
        raise FormulaFault("not a date") from None


def day(value: Value, timezone: tzinfo) -> date:
    """Return the calendar day of a date, a moment or a text in ISO 8601.

    Units:  moments are cut to the day of the time zone.
    Raises: FormulaFault.
    """
    return _day(_when(value), timezone)


def _day(when: date, timezone: tzinfo) -> date:
    return when.astimezone(timezone).date() if isinstance(when, datetime) else when


def comparable(left: Value, right: Value, timezone: tzinfo) -> tuple[date, date]:
    """Return two dates of one kind.

    Shapes: moments where both are, else days (UNCERTAIN).
    Raises: FormulaFault where one is no date.
    """
    earlier, later = _when(left), _when(right)
    if isinstance(earlier, datetime) and isinstance(later, datetime):
        return earlier, later
    return _day(earlier, timezone), _day(later, timezone)


def days_between(since: date, until: date) -> int:
    """Return how many days lie between two days; negative where the second is earlier."""
    return (until - since).days


def months_between(since: date, until: date) -> int:
    """Return how many whole months lie between two days; negative where the second is earlier.

    Shapes: the last day of a month completes a month begun on a day that it does not have: from
        31 January to 28 February is a month (UNCERTAIN; as the steps of engine.periods).
    """
    if until < since:
        return -months_between(until, since)
    months = (until.year - since.year) * 12 + until.month - since.month
    is_short = until.day < since.day and until.day < monthrange(until.year, until.month)[1]
    return months - 1 if is_short else months


def years_between(since: date, until: date) -> int:
    """Return how many whole years lie between two days; negative where the second is earlier."""
    months = months_between(since, until)
    return months // 12 if months >= 0 else -(-months // 12)
