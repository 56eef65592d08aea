"""Date operators of filters as spans of time.

A day counts as a day of the calendar's time zone; `$more_than` and its like mean days ago where
the value is a number, and later or earlier where it is a date.

Source: spec api-conventions, section 8; rules-and-qualification, sections 4 and 15. UNCERTAIN
    there: "less than N days ago" leaves out the future, and counts today.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import NamedTuple

from kupon.kit.calendar import Calendar, parse_when
from kupon.kit.filters import Condition, Scalar, as_number

MOST_DAYS = 36_500
MOST_SPANS = 500

_TICK = timedelta(microseconds=1)

_Bounds = tuple[datetime | None, datetime | None]
# Days from today: the first that is in, and the first that is out again; None is open.
_Days = tuple[int | None, int | None]

_IN_DAYS: dict[str, Callable[[int], _Days]] = {
    "$is_days_ago": lambda days: (-days, 1 - days),
    "$more_than_ago": lambda days: (None, -days),
    "$less_than_ago": lambda days: (1 - days, 1),
    "$is_days_in_future": lambda days: (days, days + 1),
    "$more_than_future": lambda days: (days + 1, None),
    "$less_than_future": lambda days: (0, days),
}
_DAYS_OR_DATE: dict[str, Callable[[int], _Days]] = {
    "$more_than": _IN_DAYS["$more_than_ago"],
    "$less_than": _IN_DAYS["$less_than_ago"],
    "$more_than_equal": lambda days: (None, 1 - days),
    "$less_than_equal": lambda days: (-days, 1),
}
_EXACTLY = ("$is", "$in")

COMPARISONS = frozenset(_DAYS_OR_DATE)
DATE_OPERATORS = frozenset((*_IN_DAYS, *_DAYS_OR_DATE, *_EXACTLY, "$after", "$before"))


class Span(NamedTuple):
    """From `start` until before `end`, and the plain days that begin within; None is open."""

    start: datetime | None
    end: datetime | None
    first_day: date | None
    end_day: date | None


def spans(operator: str, condition: Condition, calendar: Calendar) -> list[Span]:
    """What one of DATE_OPERATORS covers, one span for each value of the condition.

    Units:   instants in UTC, to the microsecond.
    Raises:  BadFilter for values that are neither dates nor, where they may be, numbers of days.
    """
    if len(condition.values) > MOST_SPANS:
        raise condition.bad(f"must have at most {MOST_SPANS} values")
    try:
        bounds = [_bounds(operator, condition, value, calendar) for value in condition.values]
        return [Span(a, b, _day(a, calendar), _day(b, calendar)) for a, b in bounds]
    except OverflowError:
        raise condition.bad("must lie between the years 1 and 9999") from None


def as_days(value: Scalar) -> int | None:
    """A value as a number of days, or None when it isn't a whole one of at most MOST_DAYS."""
    number = as_number(value)
    if number is None or not 0 <= number <= MOST_DAYS or number % 1:
        return None
    return int(number)


def _bounds(operator: str, condition: Condition, value: Scalar, calendar: Calendar) -> _Bounds:
    in_days = _IN_DAYS.get(operator)
    if in_days is None and as_number(value) is not None:
        in_days = _DAYS_OR_DATE.get(operator)
    if in_days is not None:
        days = as_days(value)
        if days is None:
            raise condition.bad(f"must be integer between 0 and {MOST_DAYS}")
        return _from_today(in_days(days), calendar)
    try:
        when = parse_when(str(value))
    except ValueError:
        raise condition.bad("cannot be recognized as a ISO-8601 compliant date") from None
    return _around(operator, when, calendar)


def _from_today(days: _Days, calendar: Calendar) -> _Bounds:
    first, end = (
        None if offset is None else calendar.start(calendar.today + timedelta(days=offset))
        for offset in days
    )
    return first, end


def _around(operator: str, when: date, calendar: Calendar) -> _Bounds:
    instant = calendar.instant(when)
    if operator in ("$after", "$more_than"):
        return instant + _TICK, None
    if operator == "$more_than_equal":
        return instant, None
    if operator in ("$before", "$less_than"):
        return None, instant
    if operator == "$less_than_equal":
        return None, instant + _TICK
    if isinstance(when, datetime):
        return instant, instant + _TICK
    return instant, calendar.start(when + timedelta(days=1))


def _day(instant: datetime | None, calendar: Calendar) -> date | None:
    return None if instant is None else calendar.first_day(instant)
