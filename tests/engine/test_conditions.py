"""Operators: what they hold of, how values are read, and that nothing breaks them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kupon.engine.conditions import STANDARD_OPERATORS, Moment, Test, Values, parse_conditions
from kupon.engine.definitions import DefinitionError

WARSAW = ZoneInfo("Europe/Warsaw")
# In Warsaw it is Thursday, 12 March 2026, half past midnight.
NOW = Moment(datetime(2026, 3, 11, 23, 30, tzinfo=UTC), WARSAW)


def holds(conditions: Any, subject: Any, kind: str = "any", moment: Moment = NOW) -> bool:
    return parse_conditions(conditions, ".conditions", kind).hold(subject, moment)


@pytest.mark.parametrize(
    ("conditions", "subject", "expected"),
    [
        ({}, None, True),
        ({"$is": ["Poland"]}, "Poland", True),
        ({"$is": "Poland"}, "Poland", True),
        ({"$is": ["Poland", "Spain"]}, "Spain", True),
        ({"$is": ["poland"]}, "Poland", False),
        ({"$is": []}, "Poland", False),
        ({"$is": None}, "Poland", False),
        ({"$is": ["5"]}, 5, True),
        ({"$is": ["5.0"]}, 5, True),
        ({"$is": [5]}, "5", True),
        ({"$is": [5]}, "5.0", False),
        ({"$is": ["05"]}, "5", False),
        ({"$is": [0.1]}, 0.1, True),
        ({"$is": [0.1]}, Decimal("0.10"), True),
        ({"$is": [True]}, "true", True),
        ({"$is": ["true"]}, True, True),
        ({"$is": [False]}, False, True),
        ({"$is": [1]}, True, False),
        ({"$is": ["2026-03-12"]}, date(2026, 3, 12), True),
        ({"$is": ["2026-03-11T23:30:00.000Z"]}, NOW.now, True),
        ({"$is": ["0001-01-01T00:00:00"]}, datetime(1, 1, 1), True),  # noqa: DTZ001
        ({"$is": ["x"]}, {"x": 1}, False),
        ({"$is": ["x"]}, float("nan"), False),
        ({"$is_not": ["Poland"]}, "Spain", True),
        ({"$is_not": ["Poland", "Spain"]}, "Spain", False),
        ({"$in": ["a", "b"]}, ["c", "b"], True),
        ({"$in": ["a", "b"]}, [], False),
        ({"$not_in": ["a", "b"]}, ["c", "b"], False),
        ({"$not_in": ["a", "b"]}, ["c", None], True),
        ({"$not_intersect": ["a"]}, ["b", "c"], True),
        ({"$not_intersect": ["a"]}, {"a", "c"}, False),
        ({"$not_differ": ["a", "b"]}, ["b"], True),
        ({"$not_differ": ["a", "b"]}, ("b", "c"), False),
        ({"$not_differ": ["a", "b"]}, [], True),
        ({"$not_differ": ["a", "b"]}, "a", True),
        ({"$more_than": [100], "$less_than": [150]}, 120, True),
        ({"$more_than": [100], "$less_than": [150]}, 150, False),
        ({"$more_than": ["0"]}, "1", True),
        ({"$more_than": [9]}, "10", True),
        ({"$more_than": [-3]}, -2, True),
        ({"$more_than": [1]}, [0, 2], True),
        ({"$more_than": [1]}, "many", False),
        ({"$more_than": [0]}, True, False),
        ({"$more_than": [7, 3]}, 5, True),
        ({"$more_than": []}, 5, False),
        ({"$greater_than": [5]}, 5, False),
        ({"$greater_than_or_equal": [5]}, 5, True),
        ({"$more_than_or_equal": [5]}, 5.0, True),
        ({"$more_than_equal": [5.5]}, 5, False),
        ({"$less_than_or_equal": [5]}, 5, True),
        ({"$less_than_equal": [5]}, 6, False),
        ({"$starts_with": ["ab", "xy"]}, "xyz", True),
        ({"$starts_with": ["ab"]}, ["cd", "abc"], True),
        ({"$starts_with": []}, "abc", False),
        ({"$ends_with": ["bc"]}, "abc", True),
        ({"$ends_with ": ["bc"]}, "abd", False),
        ({"$contains": ["b", "x"]}, "abc", True),
        ({"$contains": [5]}, 150, True),
        ({"$contains": ["a"]}, {"a": "a"}, False),
        ({"$not_contain": ["b"]}, "abc", False),
        ({"$not_contain": ["b"]}, "ac", True),
        ({"$count": [2]}, ["a", "b"], True),
        ({"$count": ["0"]}, [], True),
        ({"$count": [1]}, "a", True),
        ({"$count_more": [1]}, ["a", "b"], True),
        ({"$count_less": [1]}, ["a", "b"], False),
        ({"$has_value": True}, "", True),
        ({"$has_value": [True]}, [None], False),
        ({"$has_value": ""}, [0], True),
        ({"$has_value": False}, 1, False),
        ({"$is_unknown": ["true"]}, [], True),
        ({"$is_unknown": [False]}, 1, True),
        ({"$from": [{"id": "pc_1"}], "$is": ["a"]}, "a", True),
    ],
)
def test_holds(conditions: Any, subject: Any, expected: bool) -> None:
    assert holds(conditions, subject) is expected


ABSENT_TRUE = {
    "$is_not": ["a"],
    "$not_in": ["a"],
    "$not_intersect": ["a"],
    "$not_contain": ["a"],
    "$count": [0],
    "$count_less": [1],
    "$is_unknown": [True],
}
SAMPLES: dict[str, Any] = {
    "$after": ["2026-01-01"],
    "$before": ["2026-01-01"],
    "$dow": [4],
    "$timeframe": ["2024-11-12T14:59:23.019Z;P1D;PT1H"],
    "$timeframe_absolute": ["2024-01-01;2027-01-01"],
    "$timeframe_daily_hours": ["00:00;24:00"],
    "$has_value": [True],
    "$next_month": [True],
}


@pytest.mark.uncertain
@pytest.mark.parametrize("kind", ["any", "string", "number", "boolean", "date", "datetime"])
@pytest.mark.parametrize("operator", list(STANDARD_OPERATORS))
def test_absent_subject(operator: str, kind: str) -> None:
    values = ABSENT_TRUE.get(operator) or SAMPLES.get(operator) or [3]
    assert holds({operator: values}, None, kind) is (operator in ABSENT_TRUE)


@pytest.mark.parametrize(
    ("kind", "conditions", "subject", "expected"),
    [
        ("string", {"$is": [5]}, "5", True),
        ("string", {"$is": ["5"]}, 5, True),
        ("string", {"$is": ["5.0"]}, 5, False),
        ("image_url", {"$ends_with": [".png"]}, "https://example.com/a.png", True),
        ("number", {"$is": ["5"]}, 5.0, True),
        ("number", {"$is": ["five"]}, 5, False),
        ("number", {"$is_not": ["five"]}, 5, True),
        ("number", {"$starts_with": ["5"]}, 5, False),
        ("boolean", {"$is": ["True"]}, True, True),
        ("boolean", {"$is": [True]}, "false", False),
        ("boolean", {"$is": [1]}, True, False),
        ("boolean", {"$contains": ["r"]}, True, False),
        ("date", {"$is": ["1990-05-01"]}, "1990-05-01T23:00:00Z", True),
        ("date", {"$is": ["1990-05-01T23:00:00Z"]}, date(1990, 5, 1), True),
        ("date", {"$is": ["soon"]}, "1990-05-01", False),
        ("date", {"$is_not": ["1990-05-01"]}, datetime(1990, 5, 1, tzinfo=UTC), False),
        ("date", {"$after": ["1990-05-01"]}, "1990-05-01", False),
        ("date", {"$before": ["1990-05-02"]}, "1990-05-01", True),
        ("datetime", {"$is": ["2026-03-12"]}, "2026-03-11T23:00:00Z", True),
        ("datetime", {"$is": ["2026-03-12"]}, "2026-03-11T22:59:59Z", False),
        ("datetime", {"$is": ["2026-03-12"]}, "2026-03-12", True),
        ("datetime", {"$in": ["2026-03-11T23:00:00Z"]}, "2026-03-12", True),
        ("datetime", {"$in": ["2026-03-11T23:00:00Z"]}, "2026-03-12T00:00:00+01:00", True),
        ("datetime", {"$is": ["2026-03-11T23:00:00"]}, datetime(2026, 3, 11, 23), True),  # noqa: DTZ001
        ("datetime", {"$is": ["2026-03-11"]}, "yesterday", False),
        ("datetime", {"$after": ["2026-03-12"]}, "2026-03-11T23:00:00Z", False),
        ("datetime", {"$after": ["2026-03-12"]}, "2026-03-11T23:00:01Z", True),
        ("datetime", {"$more_than": ["2026-03-12"]}, "2026-03-13", True),
        ("datetime", {"$less_than_equal": ["2026-03-12"]}, "2026-03-11T23:00:00Z", True),
        ("datetime", {"$before": ["2026-03-12", "2026-04-01"]}, "2026-03-20", True),
        ("datetime", {"$before": ["2026-03-12"]}, "20260311", False),
        ("datetime", {"$before": ["2026-03-12"]}, "2026-02-30", False),
        ("datetime", {"$before": ["2026-03-12"]}, "0001-01-01T00:00:00+14:00", False),
    ],
)
def test_kinds(kind: str, conditions: Any, subject: Any, expected: bool) -> None:
    assert holds(conditions, subject, kind) is expected


@pytest.mark.parametrize("kind", ["any", "date", "datetime"])
@pytest.mark.parametrize(
    ("operator", "passing"),
    [
        ("$is_days_ago", {-3}),
        ("is_days_ago", {-3}),
        ("$more_than_ago", {-4, -5}),
        ("$less_than_ago", {-2, -1, 0}),
        ("$is_days_in_future", {3}),
        ("$more_than_future", {4, 5}),
        ("$less_than_future", {2, 1, 0}),
        ("$more_than", {-4, -5}),
        ("$more_than_equal", {-3, -4, -5}),
        ("$less_than", {-2, -1, 0}),
        ("$less_than_equal", {-3, -2, -1, 0}),
    ],
)
@pytest.mark.uncertain
def test_days_from_today(operator: str, passing: set[int], kind: str) -> None:
    days = {offset: date(2026, 3, 12 + offset).isoformat() for offset in range(-5, 6)}
    assert {n for n, day in days.items() if holds({operator: ["3"]}, day, kind)} == passing


def test_a_day_is_one_of_the_project_not_24_hours() -> None:
    last_minute = "2026-03-11T22:59:00Z"
    assert holds({"$is_days_ago": [1]}, last_minute)
    assert holds({"$is_days_ago": [0]}, last_minute, moment=Moment(NOW.now, UTC))


@pytest.mark.parametrize(
    ("conditions", "subject", "expected"),
    [
        ({"$dow": [4]}, "2026-03-11T23:30:00Z", True),
        ({"$dow": ["3"]}, "2026-03-11T22:30:00Z", True),
        ({"$dow": [0, 6]}, "2026-03-15", True),
        ({"$dow": [1]}, "2026-03-15", False),
        ({"$dow": [1]}, 5, False),
        ({"$next_month": [True]}, "1980-04-30", True),
        ({"$next_month": [True]}, "1980-03-30", False),
        ({"$next_month": [False]}, "1980-03-30", True),
        ({"$next_month": []}, "2026-03-31T22:00:00Z", True),
    ],
)
def test_days_of_week_and_year(conditions: Any, subject: Any, expected: bool) -> None:
    assert holds(conditions, subject) is expected


def test_after_december_comes_january() -> None:
    moment = Moment(datetime(2026, 12, 5, tzinfo=UTC), WARSAW)
    assert holds({"$next_month": True}, "1980-01-31", "date", moment)


TWO_HOURS = "2024-11-12T14:59:23.019Z;P1D;PT2H"


@pytest.mark.uncertain
@pytest.mark.parametrize(
    ("conditions", "subject", "expected"),
    [
        ({"$timeframe": [TWO_HOURS]}, "2024-11-12T14:59:23.018Z", False),
        ({"$timeframe": [TWO_HOURS]}, "2024-11-12T14:59:23.019Z", True),
        ({"$timeframe": [TWO_HOURS]}, "2025-01-07T16:59:23.018Z", True),
        ({"$timeframe": [TWO_HOURS]}, "2025-01-07T16:59:23.019Z", False),
        # The clock of the project counts: an hour earlier in summer.
        ({"$timeframe": [TWO_HOURS]}, "2025-07-07T14:00:00Z", True),
        ({"$timeframe": [TWO_HOURS]}, "2025-07-07T16:00:00Z", False),
        ({"$timeframe": ["2026-01-31;P1M;P1D", TWO_HOURS]}, "2026-02-28", True),
        ({"$timeframe": ["9000-01-01;P1000Y;P1D"]}, "9001-01-01", False),
        ({"$timeframe": [TWO_HOURS]}, "noon", False),
        ({"$timeframe_absolute": ["2026-03-01;2026-03-12"]}, "2026-03-12T22:59:59Z", True),
        ({"$timeframe_absolute": ["2026-03-01;2026-03-12"]}, "2026-03-12T23:00:00Z", False),
        ({"$timeframe_absolute": ["2026-03-01;2026-03-12"]}, "2026-02-28", False),
        ({"$timeframe_absolute": ["2026-03-01;2026-03-12T10:00:00Z"]}, "2026-03-12T10:00Z", True),
        ({"$timeframe_absolute": ["2026-03-01;2026-03-12T10:00:00Z"]}, "2026-03-12T10:01Z", False),
        ({"$timeframe_daily_hours": ["18:00;20:01;2,3"]}, "2026-03-10T17:00:00Z", True),
        ({"$timeframe_daily_hours": ["18:00;20:01;2,3"]}, "2026-03-10T19:00:59Z", True),
        ({"$timeframe_daily_hours": ["18:00;20:01;2,3"]}, "2026-03-10T19:01:00Z", False),
        ({"$timeframe_daily_hours": ["18:00;20:01; 2, 3"]}, "2026-03-12T17:00:00Z", False),
        ({"$timeframe_daily_hours": ["18:00;20:01"]}, "2026-03-12T17:00:00Z", True),
        ({"$timeframe_daily_hours": ["18:00;20:01;"]}, "2026-03-12T17:00:00Z", True),
        ({"$timeframe_daily_hours": ["18:00;24:00;4"]}, "2026-03-12T22:59:59Z", True),
        ({"$timeframe_daily_hours": ["18:00;24:00;4"]}, "2026-03-12T23:00:00Z", False),
        ({"$timeframe_daily_hours": ["22:00;02:00;6"]}, "2026-03-14T22:00:00Z", True),
        ({"$timeframe_daily_hours": ["22:00;02:00;6"]}, "2026-03-15T00:30:00Z", True),
        ({"$timeframe_daily_hours": ["22:00;02:00;6"]}, "2026-03-14T00:30:00Z", False),
        ({"$timeframe_daily_hours": ["22:00;02:00;0"]}, "2026-03-15T22:30:00Z", True),
        ({"$timeframe_daily_hours": ["00:00;01:00"]}, "2026-03-15", True),
    ],
)
def test_windows(conditions: Any, subject: Any, expected: bool) -> None:
    assert holds(conditions, subject) is expected


NO_DATE = "cannot be recognized as a ISO-8601 compliant date"
NO_DAYS = "must be integer between 0 and 36500"
NO_SCALAR = "must be string, number or boolean"
NO_CLOCK = "must have times of the form HH:mm"


@pytest.mark.parametrize("raw", [[], None, "x"])
def test_conditions_are_an_object(raw: Any) -> None:
    with pytest.raises(DefinitionError, match=r"Property \.conditions must be object"):
        parse_conditions(raw, ".conditions")


@pytest.mark.parametrize(
    ("operator", "values", "text"),
    [
        ("$unheard_of", ["a"], "is not supported"),
        ("$in_location", ["loc_1"], "is not supported"),
        ("$is", {"id": "a"}, "must be array"),
        ("$is", [{"id": "a"}], NO_SCALAR),
        ("$is", [None], NO_SCALAR),
        ("$more_than", ["a"], NO_DATE),
        ("$after", [5], NO_DATE),
        ("$after", ["2026-02-30"], NO_DATE),
        ("$count", [-1], "must be number >= 0"),
        ("$count", ["many"], "must be number >= 0"),
        ("$is_days_ago", [1.5], NO_DAYS),
        ("$is_days_ago", ["a"], NO_DAYS),
        ("$is_days_ago", [1e28], NO_DAYS),
        ("$more_than_ago", [36501], NO_DAYS),
        ("$dow", [7], "must be a day from 0 (Sunday) to 6"),
        ("$has_value", ["perhaps"], "must be boolean"),
        ("$is_unknown", [1], "must be boolean"),
        ("$timeframe", ["2026-01-01"], "must be of the form start;interval;duration"),
        ("$timeframe", ["soon;P1D;PT1H"], NO_DATE),
        ("$timeframe", ["2026-01-01;1D;PT1H"], "must have ISO 8601 durations"),
        ("$timeframe", ["2026-01-01;P0D;PT1H"], "must have an interval longer than zero"),
        ("$timeframe_absolute", ["2026-01-01"], "must be of the form from;to"),
        ("$timeframe_daily_hours", ["1;2;3;4"], "must be of the form HH:mm;HH:mm;dow,dow"),
        ("$timeframe_daily_hours", ["25:00;26:00"], NO_CLOCK),
        ("$timeframe_daily_hours", ["18;19"], NO_CLOCK),
        ("$timeframe_daily_hours", ["18:00Z;19:00"], NO_CLOCK),
        ("$timeframe_daily_hours", ["18:00;19:00;7"], "must have days from 0 (Sunday) to 6"),
    ],
)
def test_refuses(operator: str, values: Any, text: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        parse_conditions({operator: values}, ".conditions", key="invalid_validation_rules")
    error = caught.value
    assert (error.path, error.text) == (f".conditions.{operator}", text)
    assert error.key == "invalid_validation_rules"


def test_more_operators() -> None:
    def longer_than(values: Values) -> Test:
        least = min(values.counts())
        return lambda subject, moment: isinstance(subject, str) and len(subject) > least

    operators = STANDARD_OPERATORS.extended("$longer_than", longer_than)
    conditions = parse_conditions({"$longer_than": 3}, ".conditions", operators=operators)
    assert conditions.hold("four", NOW)
    assert not conditions.hold("two", NOW)


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.datetimes(timezones=st.sampled_from([UTC, WARSAW])).map(datetime.isoformat)
    | st.dates().map(date.isoformat)
    | st.sampled_from(["true", "5", "0.50", "18:00;20:01;2,3", TWO_HOURS, "2024-01-01;2025-01-01"])
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.datetimes() | st.datetimes(timezones=st.sampled_from([UTC, WARSAW])) | st.dates()
KINDS = st.sampled_from(["any", "string", "number", "boolean", "date", "datetime", "geopoint"])


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from([*STANDARD_OPERATORS, "$ends_with ", "$from", "$none"]),
        st.lists(SCALARS, max_size=2) | JSON,
        max_size=2,
    )
    | JSON,
    KINDS,
    JSON | OBJECTS | st.lists(OBJECTS),
)
def test_whatever_is_sent_is_refused_or_judged(conditions: Any, kind: str, subject: Any) -> None:
    try:
        parsed = parse_conditions(conditions, ".conditions", kind)
    except DefinitionError:
        return
    assert parsed.hold(subject, NOW) in (True, False)


@settings(deadline=None)
@given(st.lists(st.text() | st.integers() | st.booleans()), JSON, KINDS)
def test_negative_operators_are_the_opposite(values: Any, subject: Any, kind: str) -> None:
    for positive, negative in (
        ("$is", "$is_not"),
        ("$in", "$not_in"),
        ("$contains", "$not_contain"),
    ):
        assert holds({positive: values}, subject, kind) is not holds(
            {negative: values}, subject, kind
        )


@settings(deadline=None)
@given(
    st.dictionaries(st.sampled_from([*STANDARD_OPERATORS]), st.lists(SCALARS, max_size=2)), KINDS
)
def test_no_type_makes_a_definition_unreadable(conditions: Any, kind: str) -> None:
    def is_readable(kind: str) -> bool:
        try:
            parse_conditions(conditions, ".conditions", kind)
        except DefinitionError:
            return False
        return True

    assert is_readable(kind) is is_readable("any")
