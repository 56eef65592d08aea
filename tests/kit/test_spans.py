from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kupon.kit.calendar import Calendar, parse_when
from kupon.kit.filters import BadFilter, Condition, Scalar
from kupon.kit.spans import DATE_OPERATORS, MOST_DAYS, MOST_SPANS, as_days, spans

# Ten in the evening of the 20th in New York.
CALENDAR = Calendar(datetime(2026, 11, 21, 3, tzinfo=UTC), ZoneInfo("America/New_York"))


def day(number: int) -> datetime:
    """The start of a day of November 2026 in New York."""
    return datetime(2026, 11, number, 5, tzinfo=UTC)


TICK = timedelta(microseconds=1)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("operator", "value", "start", "end"),
    [
        ("$is_days_ago", 0, day(20), day(21)),
        ("$is_days_ago", "2", day(18), day(19)),
        ("$more_than_ago", 2, None, day(18)),
        ("$less_than_ago", 2, day(19), day(21)),
        ("$less_than_ago", 0, day(21), day(21)),
        ("$is_days_in_future", 1, day(21), day(22)),
        ("$more_than_future", 1, day(22), None),
        ("$less_than_future", 1, day(20), day(21)),
        ("$more_than", 2, None, day(18)),
        ("$more_than_equal", "2.0", None, day(19)),
        ("$less_than", 2, day(19), day(21)),
        ("$less_than_equal", 2, day(18), day(21)),
        ("$after", "2026-11-20T12:00Z", NOON + TICK, None),
        ("$more_than", "2026-11-20", day(20) + TICK, None),
        ("$more_than_equal", "2026-11-20", day(20), None),
        ("$before", "2026-11-20", None, day(20)),
        ("$less_than", "2026-11-20T12:00Z", None, NOON),
        ("$less_than_equal", "2026-11-20T12:00Z", None, NOON + TICK),
        ("$is", "2026-11-20", day(20), day(21)),
        ("$in", "2026-11-20T12:00Z", NOON, NOON + TICK),
    ],
)
def test_what_an_operator_covers(
    operator: str, value: Scalar, start: datetime | None, end: datetime | None
) -> None:
    (span,) = spans(operator, Condition("d", operator, (value,)), CALENDAR)
    assert (span.start, span.end) == (start, end)


def test_plain_days_of_a_span() -> None:
    (span,) = spans("$after", Condition("d", "$after", ("2026-11-20",)), CALENDAR)
    assert (span.first_day, span.end_day) == (date(2026, 11, 21), None)
    (span,) = spans("$is_days_ago", Condition("d", "$is_days_ago", (0,)), CALENDAR)
    assert (span.first_day, span.end_day) == (date(2026, 11, 20), date(2026, 11, 21))


@pytest.mark.parametrize(
    ("operator", "values", "complaint"),
    [
        ("$after", ("x",), "cannot be recognized as a ISO-8601 compliant date"),
        ("$more_than", (True,), "cannot be recognized as a ISO-8601 compliant date"),
        ("$is_days_ago", ("2026-11-20",), f"must be integer between 0 and {MOST_DAYS}"),
        ("$more_than", (-1,), f"must be integer between 0 and {MOST_DAYS}"),
        ("$less_than", ("1.5",), f"must be integer between 0 and {MOST_DAYS}"),
        ("$is_days_ago", (MOST_DAYS + 1,), f"must be integer between 0 and {MOST_DAYS}"),
        ("$is", ("9999-12-31",), "must lie between the years 1 and 9999"),
        ("$in", ("2026-11-20",) * (MOST_SPANS + 1), f"must have at most {MOST_SPANS} values"),
    ],
)
def test_other_values_are_refused(
    operator: str, values: tuple[Scalar, ...], complaint: str
) -> None:
    with pytest.raises(BadFilter) as refused:
        spans(operator, Condition("d", operator, values), CALENDAR)
    assert str(refused.value) == f"Property .filters.d.conditions.{operator} {complaint}"


@given(
    operator=st.sampled_from(sorted(DATE_OPERATORS)),
    value=st.integers(-1, MOST_DAYS + 1)
    | st.dates().map(str)
    | st.datetimes().map(str)
    | st.text(),
    now=st.datetimes(timezones=st.just(UTC)),
    zone=st.sampled_from(["UTC", "Pacific/Kiritimati", "America/Havana", "Africa/Casablanca"]),
    when=st.dates(),
)
def test_days_lie_in_a_span_as_their_first_instant_does(
    operator: str, value: Scalar, now: datetime, zone: str, when: date
) -> None:
    calendar = Calendar(now, ZoneInfo(zone))
    try:
        (span,) = spans(operator, Condition("d", operator, (value,)), calendar)
        start = calendar.start(when)
    except (BadFilter, OverflowError):
        return
    is_in = (span.start is None or start >= span.start) and (span.end is None or start < span.end)
    assert is_in == (
        (span.first_day is None or when >= span.first_day)
        and (span.end_day is None or when < span.end_day)
    )


def test_days() -> None:
    assert [as_days(value) for value in ("3", 3.0, "3.5", -1, "x")] == [3, 3, None, None, None]
    assert parse_when("2026-11-20") == date(2026, 11, 20)
