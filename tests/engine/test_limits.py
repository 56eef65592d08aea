"""Time limits: dates, recurring windows, days and hours, and the days the clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kupon.engine.definitions import DefinitionError
from kupon.engine.limits import Validity, check, parse_validity
from kupon.engine.periods import Period, parse_period

WARSAW = ZoneInfo("Europe/Warsaw")


def at(text: str, timezone: ZoneInfo = WARSAW) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone).astimezone(UTC)


def key(definition: dict[str, Any], now: datetime) -> str | None:
    refusal = check(parse_validity(definition), now, WARSAW)
    return None if refusal is None else refusal.key


MONTHLY = {
    "start_date": at("2026-01-31T09:00:00"),
    "validity_timeframe": {"interval": "P1M", "duration": "PT2H"},
}
DAILY = {
    "start_date": at("2026-03-27T02:30:00"),
    "validity_timeframe": {"interval": "P1D", "duration": "PT1H"},
}
HOURLY = {
    "start_date": at("2026-03-28T12:00:00"),
    "validity_timeframe": {"interval": "PT24H", "duration": "PT1H"},
}
DAY_LONG = {
    "start_date": at("2026-03-28T12:00:00"),
    "validity_timeframe": {"interval": "P2D", "duration": "P1D"},
}
OFFICE = {
    "validity_hours": {
        "daily": [
            {"start_time": "08:00", "expiration_time": "12:00", "days_of_week": [1, 2]},
            {"start_time": "12:00", "expiration_time": "24:00", "days_of_week": [1]},
            {"start_time": "06:30", "expiration_time": "06:31"},
        ]
    }
}
BOTH = {
    "start_date": at("2026-01-01T00:00:00"),
    "validity_timeframe": {"interval": "P1W", "duration": "P2D"},
    "validity_day_of_week": [5],
}


@pytest.mark.parametrize(
    ("definition", "now", "expected"),
    [
        pytest.param({}, "2026-01-01T00:00:00", None, id="no limits"),
        pytest.param(
            {"start_date": at("2026-01-01T12:00:00")},
            "2026-01-01T11:59:59.999999",
            "voucher_not_active",
            id="just before the start",
        ),
        pytest.param(
            {"start_date": at("2026-01-01T12:00:00")},
            "2026-01-01T12:00:00",
            None,
            id="at the start",
        ),
        pytest.param(
            {"expiration_date": at("2026-01-01T12:00:00")},
            "2026-01-01T12:00:00",
            None,
            id="at the end",
        ),
        pytest.param(
            {"expiration_date": at("2026-01-01T12:00:00")},
            "2026-01-01T12:00:00.000001",
            "voucher_expired",
            id="just after the end",
        ),
        pytest.param(MONTHLY, "2026-01-31T09:00:00", None, id="first window opens"),
        pytest.param(
            MONTHLY, "2026-01-31T11:00:00", "voucher_not_active_now", id="first window closes"
        ),
        pytest.param(MONTHLY, "2026-02-28T10:59:59", None, id="31st becomes the 28th"),
        pytest.param(
            MONTHLY, "2026-03-28T10:00:00", "voucher_not_active_now", id="and does not stay there"
        ),
        pytest.param(MONTHLY, "2026-03-31T09:00:00", None, id="but is the 31st again"),
        pytest.param(
            MONTHLY, "2026-03-31T08:59:59", "voucher_not_active_now", id="in summer time, at nine"
        ),
        pytest.param(MONTHLY, "2036-02-29T09:30:00", None, id="ten years on"),
        pytest.param(DAILY, "2026-03-28T02:30:00", None, id="day before the clocks go forward"),
        pytest.param(
            DAILY, "2026-03-29T01:59:59", "voucher_not_active_now", id="before the missing hour"
        ),
        pytest.param(
            DAILY, "2026-03-29T03:29:59", "voucher_not_active_now", id="half past two is missing"
        ),
        pytest.param(DAILY, "2026-03-29T03:30:00", None, id="it moves with the clock"),
        pytest.param(DAILY, "2026-03-29T04:29:59", None, id="for its whole hour"),
        pytest.param(
            DAILY, "2026-03-29T04:30:00", "voucher_not_active_now", id="and not for longer"
        ),
        pytest.param(DAILY, "2026-03-30T02:30:00", None, id="day after"),
        pytest.param(
            HOURLY, "2026-03-29T12:30:00", "voucher_not_active_now", id="24 hours is no day"
        ),
        pytest.param(HOURLY, "2026-03-29T13:00:00", None, id="24 hours later"),
        pytest.param(DAY_LONG, "2026-03-29T11:59:59", None, id="a day of 23 hours"),
        pytest.param(
            DAY_LONG, "2026-03-29T12:00:00", "voucher_not_active_now", id="is over at noon"
        ),
        pytest.param(
            {"validity_day_of_week": [0, 6]}, "2026-03-01T00:00:00", None, id="a Sunday begins"
        ),
        pytest.param(
            {"validity_day_of_week": [0]},
            "2026-02-28T23:59:59",
            "voucher_not_active_now",
            id="a Sunday has not begun, though it has further east",
        ),
        pytest.param(
            {"validity_day_of_week": [1]},
            "2026-03-01T23:59:59",
            "voucher_not_active_now",
            id="Monday has not begun",
        ),
        pytest.param(BOTH, "2026-01-02T12:00:00", None, id="Friday in the window"),
        pytest.param(
            BOTH, "2026-01-01T12:00:00", "voucher_not_active_now", id="Thursday in the window"
        ),
        pytest.param(OFFICE, "2026-03-02T08:00:00", None, id="Monday, office opens"),
        pytest.param(
            OFFICE, "2026-03-02T07:59:59", "voucher_not_active_now", id="Monday, too early"
        ),
        pytest.param(OFFICE, "2026-03-02T23:59:59.999999", None, id="Monday, end of the day"),
        pytest.param(OFFICE, "2026-03-03T11:59:59", None, id="Tuesday before noon"),
        pytest.param(OFFICE, "2026-03-01T06:30:59", None, id="every day, even Sunday"),
    ],
)
def test_check(definition: dict[str, Any], now: str, expected: str | None) -> None:
    assert key(definition, at(now)) == expected


@pytest.mark.uncertain
def test_hours_do_not_include_their_end() -> None:
    assert key(OFFICE, at("2026-03-03T12:00:00")) == "voucher_not_active_now"


def test_the_hour_that_comes_twice_is_open_twice() -> None:
    night = {"validity_hours": {"daily": [{"start_time": "02:00", "expiration_time": "03:00"}]}}
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert [key(night, first + timedelta(hours=hours)) for hours in (-1, 0, 1, 2)] == [
        "voucher_not_active_now",
        None,
        None,
        "voucher_not_active_now",
    ]


def test_the_same_instant_is_another_day_elsewhere() -> None:
    sunday = parse_validity({"validity_day_of_week": [0]})
    now = datetime(2026, 3, 1, 2, tzinfo=UTC)
    assert check(sunday, now, WARSAW) is None
    assert check(sunday, now, ZoneInfo("America/New_York")) is not None


def test_window_of_the_start_itself_in_the_hour_that_comes_twice() -> None:
    start = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    validity = {
        "start_date": start,
        "validity_timeframe": {"interval": "P1D", "duration": "PT10M"},
    }
    assert key(validity, start + timedelta(minutes=9)) is None
    assert key(validity, start + timedelta(minutes=10)) == "voucher_not_active_now"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        pytest.param("2026-01-01T10:00:00.000Z", datetime(2026, 1, 1, 10, tzinfo=UTC), id="Z"),
        pytest.param("2026-01-01T10:00:00+02:00", datetime(2026, 1, 1, 8, tzinfo=UTC), id="offset"),
        pytest.param("2026-01-01T10:00:00", datetime(2026, 1, 1, 10, tzinfo=UTC), id="none: UTC"),
        pytest.param("2026-01-01", datetime(2026, 1, 1, tzinfo=UTC), id="a day"),
    ],
)
def test_dates_are_read(text: str, moment: datetime) -> None:
    assert parse_validity({"expiration_date": text}) == Validity(expiration_date=moment)


def test_what_is_empty_sets_no_limit() -> None:
    empty: dict[str, Any] = {
        "start_date": None,
        "expiration_date": None,
        "validity_timeframe": {},
        "validity_day_of_week": [],
        "validity_hours": {"daily": []},
        "name": "other members of the body",
    }
    assert parse_validity(empty) == Validity()
    assert parse_validity({"validity_hours": {}, "validity_timeframe": None}) == Validity()


DATE = "cannot be recognized as a ISO-8601 compliant date"
START = {"start_date": "2026-01-01T00:00:00Z"}


def frame(**members: Any) -> dict[str, Any]:
    return {**START, "validity_timeframe": members}


def hours(*windows: Any) -> dict[str, Any]:
    return {"validity_hours": {"daily": list(windows)}}


@pytest.mark.parametrize(
    ("definition", "path", "text"),
    [
        pytest.param({"start_date": "soon"}, ".start_date", DATE, id="date in words"),
        pytest.param({"start_date": 20260101}, ".start_date", DATE, id="date as a number"),
        pytest.param(
            {"expiration_date": "0001-01-01T00:00:00Z"}, ".expiration_date", DATE, id="year 1"
        ),
        pytest.param(
            {"expiration_date": "0001-01-01T00:00:00+12:00"},
            ".expiration_date",
            DATE,
            id="before year 1",
        ),
        pytest.param({"expiration_date": "9999-01-01"}, ".expiration_date", DATE, id="year 9999"),
        pytest.param(
            {"validity_timeframe": {"interval": "P1D", "duration": "PT1H"}},
            ".validity_timeframe",
            "requires start_date",
            id="timeframe from nowhere",
        ),
        pytest.param(
            {**START, "validity_timeframe": "P1D"}, ".validity_timeframe", "must be object", id="P"
        ),
        pytest.param(
            frame(interval="P1D"),
            ".validity_timeframe",
            "should have required property 'duration'",
            id="no duration",
        ),
        pytest.param(
            frame(duration="P1D"),
            ".validity_timeframe",
            "should have required property 'interval'",
            id="no interval",
        ),
        pytest.param(
            frame(duration="P1D", interval="1 day"),
            ".validity_timeframe.interval",
            "must be an ISO 8601 duration",
            id="interval in words",
        ),
        pytest.param(
            frame(duration="P", interval="P1D"),
            ".validity_timeframe.duration",
            "must be an ISO 8601 duration",
            id="empty duration",
        ),
        pytest.param(
            frame(duration=1, interval="P1D"),
            ".validity_timeframe.duration",
            "must be an ISO 8601 duration",
            id="duration as a number",
        ),
        pytest.param(
            frame(duration="P1D", interval="PT0S"),
            ".validity_timeframe.interval",
            "must be longer than zero",
            id="interval of nothing",
        ),
        pytest.param(
            {"validity_day_of_week": 1}, ".validity_day_of_week", "must be array", id="one day"
        ),
        pytest.param(
            {"validity_day_of_week": [1, 7]},
            ".validity_day_of_week.1",
            "must be a day from 0 (Sunday) to 6",
            id="eighth day",
        ),
        pytest.param(
            {"validity_day_of_week": [True]},
            ".validity_day_of_week.0",
            "must be a day from 0 (Sunday) to 6",
            id="true day",
        ),
        pytest.param(
            {"validity_day_of_week": [[]]},
            ".validity_day_of_week.0",
            "must be a day from 0 (Sunday) to 6",
            id="list of lists",
        ),
        pytest.param({"validity_hours": []}, ".validity_hours", "must be object", id="hours"),
        pytest.param(
            {"validity_hours": {"daily": {}}}, ".validity_hours.daily", "must be array", id="daily"
        ),
        pytest.param(hours("8-12"), ".validity_hours.daily.0", "must be object", id="window"),
        pytest.param(
            hours({"start_time": "08:00"}),
            ".validity_hours.daily.0",
            "should have required property 'expiration_time'",
            id="window without end",
        ),
        pytest.param(
            hours({"start_time": "0800", "expiration_time": "12:00"}),
            ".validity_hours.daily.0.start_time",
            "must be a time of the form HH:mm",
            id="time without colon",
        ),
        pytest.param(
            hours({"start_time": "08:00", "expiration_time": "25:00"}),
            ".validity_hours.daily.0.expiration_time",
            "must be a time of the form HH:mm",
            id="hour 25",
        ),
        pytest.param(
            hours({"start_time": "08:00+01:00", "expiration_time": "12:00"}),
            ".validity_hours.daily.0.start_time",
            "must be a time of the form HH:mm",
            id="time with offset",
        ),
        pytest.param(
            hours({"start_time": "22:00", "expiration_time": "02:00"}),
            ".validity_hours.daily.0.expiration_time",
            "must be later than start_time",
            id="over midnight",
        ),
        pytest.param(
            hours({"start_time": "08:00", "expiration_time": "08:00"}),
            ".validity_hours.daily.0.expiration_time",
            "must be later than start_time",
            id="no time at all",
        ),
        pytest.param(
            hours(
                {"start_time": "10:00", "expiration_time": "12:00", "days_of_week": [1, 2]},
                {"start_time": "08:00", "expiration_time": "10:01", "days_of_week": [2]},
            ),
            ".validity_hours.daily",
            "must not overlap",
            id="overlap",
        ),
        pytest.param(
            hours(
                {"start_time": "10:00", "expiration_time": "24:00"},
                {"start_time": "23:00", "expiration_time": "23:30", "days_of_week": [2]},
            ),
            ".validity_hours.daily",
            "must not overlap",
            id="overlap with the rest of the day",
        ),
        pytest.param(
            {**OFFICE, "validity_day_of_week": [1]},
            ".validity_hours",
            "cannot be combined with validity_timeframe or validity_day_of_week",
            id="hours and days",
        ),
        pytest.param(
            {**OFFICE, **MONTHLY},
            ".validity_hours",
            "cannot be combined with validity_timeframe or validity_day_of_week",
            id="hours and timeframe",
        ),
    ],
)
def test_refused(definition: dict[str, Any], path: str, text: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        parse_validity(definition)
    assert (caught.value.path, caught.value.text) == (path, text)


@pytest.mark.parametrize(
    ("text", "period"),
    [
        pytest.param("P1Y2M", Period(14, 0, timedelta()), id="years and months"),
        pytest.param("P2W", Period(0, 14, timedelta()), id="weeks"),
        pytest.param("P1W1D", Period(0, 8, timedelta()), id="weeks and days"),
        pytest.param("PT36H", Period(0, 0, timedelta(hours=36)), id="hours stay hours"),
        pytest.param("PT1M", Period(0, 0, timedelta(minutes=1)), id="minutes"),
        pytest.param("P1DT0.5S", Period(0, 1, timedelta(seconds=0.5)), id="parts of a second"),
        pytest.param("PT1,25S", Period(0, 0, timedelta(seconds=1.25)), id="comma"),
        pytest.param("P1002Y", Period(12_024, 0, timedelta()), id="a thousand years and two"),
        pytest.param("P0D", Period(0, 0, timedelta()), id="nothing"),
    ],
)
def test_duration(text: str, period: Period) -> None:
    assert parse_period(text) == period


@pytest.mark.parametrize(
    "text",
    [
        *["", "P", "PT", "P1", "1D", "P-1D", "-P1D", "P1H", "PT1D", "P1.5D", "P1D ", "p1d", "P٣D"],
        *["P1003Y", "P999999M", "P999999W", "PT999999999H", "PT999999999999S"],
        None,
    ],
)
def test_no_duration(text: object) -> None:
    assert parse_period(text) is None
