from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from kupon.kit.calendar import Calendar, parse_when

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "when"),
    [
        pytest.param("2016-11-16", date(2016, 11, 16), id="plain date"),
        pytest.param(
            "2016-11-16T14:14:31Z", datetime(2016, 11, 16, 14, 14, 31, tzinfo=UTC), id="Z"
        ),
        pytest.param(
            "2016-11-16T14:14:31.123456",
            datetime(2016, 11, 16, 14, 14, 31, 123456, UTC),
            id="no zone",
        ),
        pytest.param(
            "2016-11-16T14:14+02:00", datetime(2016, 11, 16, 12, 14, tzinfo=UTC), id="zone"
        ),
        pytest.param(
            "2016-11-16T14:14 02:00",
            datetime(2016, 11, 16, 12, 14, tzinfo=UTC),
            id="lost plus sign",
        ),
    ],
)
def test_dates_and_moments(text: str, when: date) -> None:
    assert parse_when(text) == when
    assert type(parse_when(text)) is type(when)


@pytest.mark.parametrize(
    "text", ["", "today", "2016-13-01", "2016-11-31", "2016-11-16T25:00Z", "0001-01-01T00:00+14:00"]
)
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_when(text)


def test_today_is_the_zones_day() -> None:
    assert Calendar(NOON).today == date(2026, 11, 21)
    assert Calendar(NOON, ZoneInfo("Pacific/Kiritimati")).today == date(2026, 11, 22)


@pytest.mark.parametrize(
    ("zone", "day", "start"),
    [
        ("UTC", date(2026, 11, 21), datetime(2026, 11, 21, tzinfo=UTC)),
        ("Europe/Warsaw", date(2026, 7, 1), datetime(2026, 6, 30, 22, tzinfo=UTC)),
        ("Europe/Warsaw", date(2026, 12, 1), datetime(2026, 11, 30, 23, tzinfo=UTC)),
        # The clocks went from 24:00 to 01:00: the day began at one o'clock.
        ("America/Sao_Paulo", date(2018, 11, 4), datetime(2018, 11, 4, 3, tzinfo=UTC)),
        # The clocks went back from 01:00 to 00:00: the first midnight counts.
        ("America/Havana", date(2024, 11, 3), datetime(2024, 11, 3, 4, tzinfo=UTC)),
    ],
)
def test_first_instant_of_a_day(zone: str, day: date, start: datetime) -> None:
    calendar = Calendar(NOON, ZoneInfo(zone))
    assert calendar.start(day) == start
    assert calendar.instant(day) == start
    assert calendar.first_day(start) == day
    assert calendar.first_day(start.replace(microsecond=1)) == date.fromordinal(day.toordinal() + 1)


def test_a_moment_is_its_own_instant() -> None:
    assert Calendar(NOON, ZoneInfo("Asia/Tokyo")).instant(NOON) == NOON
