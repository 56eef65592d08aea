"""Windows of time: recurring ones, those between two moments, and hours of days.

Source: spec rules-and-qualification, section 4; stepping is that of campaigns' time frames.
    UNCERTAIN there: where windows end. A window of hours, and a recurring one, does not hold its
    end; one between two moments holds both. Hours may run past midnight.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any

from kupon.engine.conditions.moments import Moment, read_when
from kupon.engine.conditions.operators import Test, any_element
from kupon.engine.conditions.values import Values
from kupon.engine.periods import Period, parse_period

_Window = Callable[[date | datetime, Moment], bool]

_EVERY_DAY = frozenset(range(7))
_DAYS_OF_WEEK = frozenset("0123456")


def timeframe(values: Values) -> Test:
    """`$timeframe`: `start;interval;duration`, windows that begin every interval from the start."""
    return _in_one(values, _recurring)


def timeframe_absolute(values: Values) -> Test:
    """`$timeframe_absolute`: `from;to`."""
    return _in_one(values, _absolute)


def timeframe_daily_hours(values: Values) -> Test:
    """`$timeframe_daily_hours`: `HH:mm;HH:mm;dow,dow`; without days it is every day."""
    return _in_one(values, _daily)


def _in_one(values: Values, parse: Callable[[list[str], Values], _Window]) -> Test:
    windows = [parse(text.split(";"), values) for text in values.texts()]

    def leaf(value: Any, moment: Moment) -> bool:
        when = read_when(value)
        return when is not None and any(window(when, moment) for window in windows)

    return any_element(leaf)


def _recurring(parts: list[str], values: Values) -> _Window:
    if len(parts) != 3:
        raise values.error("must be of the form start;interval;duration")
    start = values.checked_date(parts[0])
    interval, duration = _period(parts[1], values), _period(parts[2], values)
    if not interval:
        raise values.error("must have an interval longer than zero")

    def holds(when: date, moment: Moment) -> bool:
        first, instant = moment.instant(start), moment.instant(when)
        if instant < first:
            return False
        try:
            opened = interval.last_step(first, instant, moment.timezone)
            return instant < duration.after(opened, moment.timezone)
        except (OverflowError, ValueError):
            # A step beyond the calendar's last year.
            return False

    return holds


def _period(text: str, values: Values) -> Period:
    period = parse_period(text)
    if period is None:
        raise values.error("must have ISO 8601 durations")
    return period


def _absolute(parts: list[str], values: Values) -> _Window:
    if len(parts) != 2:
        raise values.error("must be of the form from;to")
    first, last = values.checked_date(parts[0]), values.checked_date(parts[1])

    def holds(when: date, moment: Moment) -> bool:
        instant = moment.instant(when)
        if instant < moment.instant(first):
            return False
        if isinstance(last, datetime):
            return instant <= last
        return moment.day(when) <= last

    return holds


def _daily(parts: list[str], values: Values) -> _Window:
    if len(parts) not in (2, 3):
        raise values.error("must be of the form HH:mm;HH:mm;dow,dow")
    start = _clock(parts[0], values)
    # The end of the day and the beginning of the next are one moment.
    end = time.min if parts[1] == "24:00" else _clock(parts[1], values)
    days = _days(parts[2], values) if len(parts) == 3 else _EVERY_DAY

    def holds(when: date, moment: Moment) -> bool:
        local = moment.local(when)
        clock, today = local.time(), local.isoweekday() % 7
        if start < end:
            return today in days and start <= clock < end
        return (today in days and start <= clock) or ((today - 1) % 7 in days and clock < end)

    return holds


def _clock(text: str, values: Values) -> time:
    try:
        clock = time.fromisoformat(text) if ":" in text else None
    except ValueError:
        clock = None
    if clock is None or clock.tzinfo is not None:
        raise values.error("must have times of the form HH:mm")
    return clock


def _days(text: str, values: Values) -> frozenset[int]:
    days = [day.strip() for day in text.split(",") if text.strip()]
    if not all(day in _DAYS_OF_WEEK for day in days):
        raise values.error("must have days from 0 (Sunday) to 6")
    return frozenset(map(int, days)) or _EVERY_DAY
