"""When a redeemable may be used: from, until, in recurring windows, on days, at hours.

Days, clock times and calendar steps are those of the project's time zone; steps of hours and less
are elapsed time, so a change to or from summer time neither lengthens nor shortens them.

Source: spec campaigns-loyalty-referral-gift, sections 1.3 and 1.6.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, tzinfo
from itertools import pairwise
from typing import Any, Final

from kupon.engine.definitions import Fields
from kupon.engine.periods import Period, parse_period
from kupon.engine.refusals import Refusal
from kupon.kit.timestamps import parse_moment

NOT_ACTIVE: Final = Refusal("voucher_not_active")
EXPIRED: Final = Refusal("voucher_expired")
NOT_ACTIVE_NOW: Final = Refusal("voucher_not_active_now")

EVERY_DAY: Final = frozenset(range(7))


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeframe:
    """Windows of one duration that begin every interval, counted from the start date."""

    duration: Period
    interval: Period


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyWindow:
    """Clock times between which something may be used; end None is the end of the day.

    Shapes: start counts, end does not; days hold 0 for Sunday.
    """

    start: time
    end: time | None
    days: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Validity:
    """All time limits of one redeemable; as built without arguments it has none.

    Shapes: dates are aware; days_of_week is empty where every day will do, else 0 is Sunday.
    """

    start_date: datetime | None = None
    expiration_date: datetime | None = None
    timeframe: Timeframe | None = None
    days_of_week: frozenset[int] = frozenset()
    hours: tuple[DailyWindow, ...] = ()


UNLIMITED: Final = Validity()


def check(validity: Validity, now: datetime, timezone: tzinfo) -> Refusal | None:
    """Return why something cannot be used at a moment, or None; the refusal has no details.

    Units:   now is aware; timezone is the project's.
    Refuses: voucher_not_active, voucher_expired, voucher_not_active_now.
    """
    start = validity.start_date
    if start is not None and now < start:
        return NOT_ACTIVE
    if validity.expiration_date is not None and now > validity.expiration_date:
        return EXPIRED
    frame = validity.timeframe
    if frame is not None and start is not None and not _is_open(frame, start, now, timezone):
        return NOT_ACTIVE_NOW
    if not (validity.days_of_week or validity.hours):
        return None
    local = now.astimezone(timezone)
    if validity.days_of_week and local.isoweekday() % 7 not in validity.days_of_week:
        return NOT_ACTIVE_NOW
    if validity.hours and not any(_in_window(window, local) for window in validity.hours):
        return NOT_ACTIVE_NOW
    return None


def _is_open(frame: Timeframe, start: datetime, now: datetime, timezone: tzinfo) -> bool:
    opened = frame.interval.last_step(start, now, timezone)
    return now < frame.duration.after(opened, timezone)


def _in_window(window: DailyWindow, local: datetime) -> bool:
    if local.isoweekday() % 7 not in window.days:
        return False
    clock = local.time()
    # UNCERTAIN: whether the end itself counts (campaigns-loyalty-referral-gift, section 1.6).
    return window.start <= clock and (window.end is None or clock < window.end)


def parse_validity(definition: Mapping[str, Any], path: str = "") -> Validity:
    """Read the time limits from a body that carries them among other members.

    Shapes: dates are aware datetimes or ISO 8601 text (without offset: UTC); null, empty lists and
        empty objects mean no limit.
    Raises: DefinitionError.
    """
    fields = Fields(definition, path)
    validity = Validity(
        start_date=_date(fields, "start_date"),
        expiration_date=_date(fields, "expiration_date"),
        timeframe=_timeframe(fields, path),
        days_of_week=_days(fields, "validity_day_of_week"),
        hours=_hours(fields, path),
    )
    if validity.timeframe and validity.start_date is None:
        raise fields.error("validity_timeframe", "requires start_date")
    if validity.hours and (validity.timeframe or validity.days_of_week):
        raise fields.error(
            "validity_hours",
            "cannot be combined with validity_timeframe or validity_day_of_week",
        )
    return validity


def _date(fields: Fields, name: str) -> datetime | None:
    value = fields.get(name)
    if value is None:
        return None
    if isinstance(value, str):
        try:
            value = parse_moment(value)
        except (ValueError, OverflowError):
            value = None
    # The first and last years of the calendar cannot be moved between time zones.
    if not isinstance(value, datetime) or not 1 < value.year < 9999:
        raise fields.error(name, "cannot be recognized as a ISO-8601 compliant date")
    return value


def _timeframe(fields: Fields, path: str) -> Timeframe | None:
    definition = fields.get("validity_timeframe")
    if definition is None or definition == {}:
        return None
    members = Fields(definition, f"{path}.validity_timeframe")
    interval = _period(members, "interval")
    if not interval:
        raise members.error("interval", "must be longer than zero")
    return Timeframe(duration=_period(members, "duration"), interval=interval)


def _period(fields: Fields, name: str) -> Period:
    period = parse_period(fields.required(name))
    if period is None:
        raise fields.error(name, "must be an ISO 8601 duration")
    return period


def _days(fields: Fields, name: str) -> frozenset[int]:
    days = _list(fields, name)
    for place, day in enumerate(days):
        if type(day) is not int or day not in EVERY_DAY:
            raise fields.error(f"{name}.{place}", "must be a day from 0 (Sunday) to 6")
    return frozenset(days)


def _list(fields: Fields, name: str) -> Sequence[Any]:
    value = fields.get(name)
    if value is None:
        return ()
    if not isinstance(value, list | tuple):
        raise fields.error(name, "must be array")
    return value


def _hours(fields: Fields, path: str) -> tuple[DailyWindow, ...]:
    definition = fields.get("validity_hours")
    if definition is None:
        return ()
    members = Fields(definition, f"{path}.validity_hours")
    windows = tuple(
        _window(window, f"{path}.validity_hours.daily.{place}")
        for place, window in enumerate(_list(members, "daily"))
    )
    if _overlap(windows):
        raise members.error("daily", "must not overlap")
    return windows


def _window(definition: object, path: str) -> DailyWindow:
    fields = Fields(definition, path)
    start = _clock(fields, "start_time")
    is_open_end = fields.required("expiration_time") == "24:00"
    end = None if is_open_end else _clock(fields, "expiration_time")
    if end is not None and end <= start:
        raise fields.error("expiration_time", "must be later than start_time")
    return DailyWindow(start=start, end=end, days=_days(fields, "days_of_week") or EVERY_DAY)


def _clock(fields: Fields, name: str) -> time:
    text = fields.required(name)
    try:
        clock = time.fromisoformat(text) if isinstance(text, str) and ":" in text else None
    except ValueError:
        clock = None
    if clock is None or clock.tzinfo is not None:
        raise fields.error(name, "must be a time of the form HH:mm")
    return clock


def _overlap(windows: Sequence[DailyWindow]) -> bool:
    for day in EVERY_DAY:
        todays = sorted((w for w in windows if day in w.days), key=lambda window: window.start)
        for earlier, later in pairwise(todays):
            if earlier.end is None or later.start < earlier.end:
                return True
    return False
