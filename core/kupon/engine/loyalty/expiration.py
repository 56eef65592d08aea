"""The last day on which points can be spent.

Source: spec campaigns-loyalty-referral-gift, section 7.6.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from kupon.engine.definitions import Fields
from kupon.engine.loyalty.spans import SPANS, add_months, last_day, on_day

_PARTICULAR_MONTH: Final = "PARTICULAR_MONTH"
_ROUNDINGS: Final[Mapping[str, int]] = {f"END_OF_{name}": span for name, span in SPANS.items()}
_MOST_MONTHS: Final = 1200


@dataclass(frozen=True, slots=True, kw_only=True)
class Rolling:
    """So many months after the activity, then to the end of a stretch of the calendar.

    Shapes: to_end_of is in months, to_month counts from 1; at most one of them is given.
    """

    months: int
    to_end_of: int | None = None
    to_month: int | None = None

    def expires_on(self, activity: date) -> date:
        """Return the last day of points that came in on a day."""
        day = add_months(activity, self.months)
        if self.to_end_of is not None:
            return last_day(day, self.to_end_of)
        if self.to_month is not None:
            return end_of_month(day, self.to_month)
        return day


@dataclass(frozen=True, slots=True, kw_only=True)
class Yearly:
    """One day of the year, the month's last where it has fewer days.

    UNCERTAIN: points that come in on that very day end with it (section 7.6).
    """

    month: int
    day: int

    def expires_on(self, activity: date) -> date:
        """Return the last day of points that came in on a day."""
        this_year = on_day(activity.year, self.month, self.day)
        if this_year >= activity:
            return this_year
        return on_day(activity.year + 1, self.month, self.day)


Expiration = Rolling | Yearly


def end_of_month(day: date, month: int) -> date:
    """Return the last day of the first month of that number not before a day's own.

    Shapes: month counts from 1.
    """
    return on_day(day.year + (month < day.month), month, 31)


def points_expire_on(activity: date, *rules: Expiration | None) -> date | None:
    """Return the last day of points that came in on a day, None where they never end.

    Shapes: the first rules that are given count: the earning rule's before the campaign's.
    """
    found = next((each for each in rules if each is not None), None)
    return None if found is None else found.expires_on(activity)


def parse_expiration(raw: object, path: str) -> Expiration | None:
    """Read `expiration_rules`; without any, points never end.

    Raises: DefinitionError.
    """
    if raw is None or raw == {}:
        return None
    fields = Fields(raw, path)
    if fields.choice("period_type", ("MONTH", "FIXED_DAY_OF_YEAR"), None) == "MONTH":
        return _rolling(fields)
    return Yearly(month=_between(fields, "fixed_month", 12), day=_between(fields, "fixed_day", 31))


def _rolling(fields: Fields) -> Rolling:
    months = fields.required_whole("period_value")
    if months > _MOST_MONTHS:
        raise fields.error("period_value", f"must be <= {_MOST_MONTHS}")
    if fields.get("rounding_type") is None:
        return Rolling(months=months)
    rounding = fields.choice("rounding_type", (*_ROUNDINGS, _PARTICULAR_MONTH), None)
    if rounding == _PARTICULAR_MONTH:
        return Rolling(months=months, to_month=_between(fields, "rounding_value", 12))
    return Rolling(months=months, to_end_of=_ROUNDINGS[rounding])


def _between(fields: Fields, name: str, most: int) -> int:
    number = fields.required_whole(name)
    if not 1 <= number <= most:
        raise fields.error(name, f"must be between 1 and {most}")
    return number
