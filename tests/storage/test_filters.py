"""Filters on random rows, against an interpretation of each operator in plain Python."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kupon.kit.errors import KuponError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.storage.conftest import Things

NOW = datetime(2026, 11, 1, 3, 30, tzinfo=UTC)
ZONES = ("UTC", "Europe/Warsaw", "America/Havana", "Pacific/Kiritimati")

NEGATIVE = {
    "$is_not": "$is",
    "$not_in": "$in",
    "$not_contain": "$contains",
    "$is_unknown": "$has_value",
}
TEXT = ("$is", "$in", "$starts_with", "$ends_with", "$contains", "$has_value")
SIZE = ("$more_than", "$less_than", "$more_than_equal", "$less_than_equal")
DAYS = (
    "$is_days_ago",
    "$more_than_ago",
    "$less_than_ago",
    "$is_days_in_future",
    "$more_than_future",
    "$less_than_future",
)
DATES = ("$is", "$in", "$after", "$before", *SIZE, *DAYS, "$has_value")
COUNTS = ("$count", "$count_more", "$count_less")

COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "$is": lambda a, b: a == b,
    "$in": lambda a, b: a == b,
    "$after": lambda a, b: a > b,
    "$before": lambda a, b: a < b,
    "$more_than": lambda a, b: a > b,
    "$less_than": lambda a, b: a < b,
    "$more_than_equal": lambda a, b: a >= b,
    "$less_than_equal": lambda a, b: a <= b,
    "$count": lambda a, b: a == b,
    "$count_more": lambda a, b: a > b,
    "$count_less": lambda a, b: a < b,
    "$starts_with": lambda a, b: a.startswith(b),
    "$ends_with": lambda a, b: a.endswith(b),
    "$contains": lambda a, b: b in a,
}
# How many days ago, negative in the future.
AGO: dict[str, Callable[[int, int], bool]] = {
    "$is_days_ago": lambda ago, n: ago == n,
    "$more_than_ago": lambda ago, n: ago > n,
    "$less_than_ago": lambda ago, n: 0 <= ago < n,
    "$is_days_in_future": lambda ago, n: -ago == n,
    "$more_than_future": lambda ago, n: -ago > n,
    "$less_than_future": lambda ago, n: 0 <= -ago < n,
    "$more_than": lambda ago, n: ago > n,
    "$less_than": lambda ago, n: 0 <= ago < n,
    "$more_than_equal": lambda ago, n: ago >= n,
    "$less_than_equal": lambda ago, n: 0 <= ago <= n,
}


def text_of(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{Decimal(repr(value)):f}" if isinstance(value, float) else str(value)


def number_of(value: Any) -> Decimal | None:
    is_number = re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text_of(value))
    return Decimal(text_of(value)) if is_number else None


def when_of(text: Any) -> date | None:
    """A date or moment of metadata; other spellings of ISO 8601 are plain text there."""
    if not isinstance(text, str) or text in NO_DATES:
        return None
    try:
        if len(text) == 10:
            return date.fromisoformat(text)
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def instant_of(when: date, tz: tzinfo) -> datetime:
    return when if isinstance(when, datetime) else datetime.combine(when, time.min, tz)


def day_of(when: date, tz: tzinfo) -> date:
    return when.astimezone(tz).date() if isinstance(when, datetime) else when


def fits_date(when: date | None, operator: str, value: Any, tz: tzinfo) -> bool:
    if when is None:
        return False
    if (number := number_of(value)) is not None:
        ago = (NOW.astimezone(tz).date() - day_of(when, tz)).days
        # Only whole days can have gone by; a size that is no number of days is another comparison.
        return number >= 0 and number % 1 == 0 and AGO[operator](ago, int(number))
    told = when_of(value)
    assert told is not None
    if operator in ("$is", "$in") and not isinstance(told, datetime):
        return day_of(when, tz) == told
    # Equal wall clocks of one zone would be compared without their offsets.
    return COMPARE[operator](
        instant_of(when, tz).astimezone(UTC), instant_of(told, tz).astimezone(UTC)
    )


def fits_scalar(stored: Any, operator: str, value: Any, tz: tzinfo) -> bool:
    """One stored value of a column, or one element of a JSON document."""
    if stored is None:
        return False
    if isinstance(stored, date):
        return fits_date(stored, operator, value, tz)
    if isinstance(stored, bool):
        return COMPARE[operator](text_of(stored), text_of(value).lower())
    if isinstance(stored, Decimal):
        return COMPARE[operator](stored, Decimal(str(value)))
    return COMPARE[operator](text_of(stored), text_of(value))


def fits_element(stored: Any, operator: str, value: Any, tz: tzinfo) -> bool:
    number, told = number_of(stored), number_of(value)
    if operator in ("$is", "$in") and not isinstance(stored, str) and None not in (number, told):
        return number == told
    if operator in TEXT:
        return fits_scalar(text_of(stored), operator, value, tz)
    if operator in SIZE and None not in (number, told):
        return COMPARE[operator](number, told)
    return fits_date(when_of(stored), operator, value, tz)


def finds(stored: Any, operator: str, values: list[Any], tz: tzinfo, *, is_json: bool) -> bool:
    if operator in COUNTS:
        count = len(stored) if isinstance(stored, list) else int(stored is not None)
        return any(COMPARE[operator](count, Decimal(str(value))) for value in values)
    if not is_json:
        if operator == "$has_value":
            return stored is not None
        return any(fits_scalar(stored, operator, value, tz) for value in values)
    elements = [e for e in (stored if isinstance(stored, list) else [stored]) if e is not None]
    if operator == "$has_value":
        return bool(elements)
    return any(fits_element(e, operator, value, tz) for e in elements for value in values)


def expected(row: dict[str, Any], filters: dict[str, Any], tz: tzinfo) -> bool:
    met = []
    for field, node in filters.items():
        if field == "junction":
            continue
        stored = row["notes"].get("k") if field == "metadata.k" else row[field]
        is_json = field in ("metadata.k", "tags")
        for operator, values in node["conditions"].items():
            positive = NEGATIVE.get(operator, operator)
            is_found = finds(stored, positive, values, tz, is_json=is_json)
            met.append((field, is_found != (operator in NEGATIVE)))
    whole = [all(is_met for f, is_met in met if f == field) for field, _ in met]
    if filters["junction"] == "or" and whole:
        return any(whole)
    return all(whole)


texts = st.sampled_from(
    ["", "a", "A", "_", "a_", "ab", "%", "a%", "aab", "\\", "a\\", "\\%", "é ", "5"]
)
sizes = st.integers(-3, 3) | st.sampled_from([Decimal("0.5"), Decimal("-2.25")])
days = st.dates(date(2026, 10, 29), date(2026, 11, 3)) | st.dates(date(1, 1, 2), date(9999, 12, 30))
moments = st.builds(
    lambda day, hour, microsecond: datetime.combine(day, time(hour, 0, 0, microsecond), UTC),
    days.filter(lambda day: 1 < day.year < 9999),
    st.integers(0, 23),
    st.integers(0, 999_999) | st.just(0),
)
written_days = days.map(str)
written_moments = moments.map(lambda moment: moment.isoformat().replace("+00:00", "Z"))
DATES_INDEED = (
    *("2024-02-29", "2000-02-29", "2023-12-31", "2023-04-30", "2024-02-29 12:00"),
    *("2024-02-29T12:00:00.123456+14:00", "2024-02-29T12:00:00-12:30", "2024-02-29T23:59:59Z"),
)
NO_DATES = (
    *("2023-02-29", "1900-02-29", "2100-02-29", "2023-02-30", "2023-04-31", "2023-06-31"),
    *("2023-13-01", "2023-00-10", "2023-01-00", "2023-01-32", "0000-01-01", "0000-02-29"),
    *("2023-1-1", "20230101", "2023-W01-1", "2024-02-29T12", "2024-02-29T", "2024-02-29T12:60"),
    *("2024-02-29T24:00:00", "2024-02-29T23:59:60Z", "2024-02-29T12:00:00.1234567"),
    *("2024-02-29T12:00:00+15:00", "2024-02-29T12:00:00+0100", "2024-02-29\n", " 2024-02-29"),
    *("infinity", "now", "epoch", "-5", "5.0", "1e3", "NaN", "5 "),
)
near_dates = st.sampled_from([*DATES_INDEED, *NO_DATES])
scalars = (
    texts
    | st.integers(-3, 3)
    | st.sampled_from([0.5, -2.25, 1e20])
    | st.booleans()
    | written_days
    | written_moments
    | near_dates
)
documents = st.none() | scalars | st.lists(st.none() | scalars, max_size=3)

rows = st.lists(
    st.fixed_dictionaries(
        {
            "name": st.none() | texts,
            "size": st.none() | sizes.map(Decimal),
            "is_active": st.none() | st.booleans(),
            "seen_at": st.none() | moments,
            "born_on": st.none() | days,
            "tags": st.none() | documents,
            "notes": st.dictionaries(st.just("k"), documents),
        }
    ),
    min_size=1,
    max_size=8,
)


def some(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(values, max_size=3)


def understood(
    *kinds: tuple[tuple[str, ...], st.SearchStrategy[Any]],
) -> dict[str, st.SearchStrategy[list[Any]]]:
    """Operators with values that they understand, negative operators among them."""
    known = {operator: some(values) for operators, values in kinds for operator in operators}
    return known | {no: known[yes] for no, yes in NEGATIVE.items() if yes in known}


plain_numbers = sizes.map(lambda n: float(n) if n % 1 else int(n))
written_numbers = plain_numbers | plain_numbers.map(str)
counts = st.integers(0, 4) | st.integers(0, 4).map(str)
told_dates = written_days | written_moments
flags = st.booleans() | st.sampled_from(["true", "FALSE"])
dates = understood(
    (("$is", "$in", "$after", "$before", "$has_value"), told_dates),
    (DAYS, counts),
    (SIZE, told_dates | counts),
)
documented = understood(
    (("$after", "$before"), told_dates),
    (DAYS, counts),
    (TEXT, scalars),
    (SIZE, told_dates | written_numbers),
    (COUNTS, counts),
)
OPERATORS = {
    "name": understood((TEXT, texts | st.integers(0, 3) | st.booleans())),
    "size": understood((("$is", "$in", "$has_value", *SIZE), written_numbers)),
    "is_active": understood((("$is", "$in", "$has_value"), flags)),
    "seen_at": dates,
    "born_on": dates,
    "tags": documented,
    "metadata.k": documented,
}
one_database = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def fill(things: Things, rows: list[dict[str, Any]]) -> None:
    things.clear()
    things.uow.now = NOW
    things.put(*rows)


def wanted(rows: list[dict[str, Any]], tree: dict[str, Any], tz: tzinfo) -> list[str]:
    return [f"t_{number:04}" for number, row in enumerate(rows) if expected(row, tree, tz)]


@pytest.mark.parametrize("field", sorted(OPERATORS))
@settings(one_database, max_examples=40)
@given(rows=rows, zone=st.sampled_from(ZONES), data=st.data())
def test_every_operator_finds_what_python_finds(
    things: Things, field: str, rows: list[dict[str, Any]], zone: str, data: st.DataObject
) -> None:
    fill(things, rows)
    tz = ZoneInfo(zone)
    values = data.draw(st.fixed_dictionaries(OPERATORS[field]))
    trees = [{"junction": "and", field: {"conditions": {op: values[op]}}} for op in values]
    assert things.find_each(trees, tz=tz) == [wanted(rows, tree, tz) for tree in trees]


conditions = {
    field: st.fixed_dictionaries({}, optional=operators).map(lambda drawn: {"conditions": drawn})
    for field, operators in OPERATORS.items()
}
filters = st.lists(st.sampled_from(sorted(conditions)), max_size=3, unique=True).flatmap(
    lambda names: st.fixed_dictionaries(
        {"junction": st.sampled_from(["and", "or"])} | {name: conditions[name] for name in names}
    )
)


@settings(one_database, max_examples=100)
@given(rows=rows, tree=filters, zone=st.sampled_from(ZONES))
def test_conditions_join_as_python_joins_them(
    things: Things, rows: list[dict[str, Any]], tree: dict[str, Any], zone: str
) -> None:
    fill(things, rows)
    tz = ZoneInfo(zone)
    assert things.find(tree, tz=tz) == wanted(rows, tree, tz)


def test_which_texts_are_dates(things: Things) -> None:
    things.put(*({"notes": {"k": told}} for told in (*DATES_INDEED, *NO_DATES)))
    indeed = [f"t_{number:04}" for number in range(len(DATES_INDEED))]
    assert things.find({"metadata.k": {"$after": "0001-01-01"}}) == indeed


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | near_dates,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)
fields = st.sampled_from(["id", "state", "metadata.a.b", *OPERATORS])
operators = st.sampled_from(
    sorted({*TEXT, *SIZE, *DATES, *COUNTS, *NEGATIVE, "$next_month", "$unseen", "$in_location"})
)


def outcome(things: Things, tree: dict[str, Any]) -> str:
    try:
        things.find(tree)
    except KuponError as error:
        return error.key
    except ValueError as error:
        return str(error)
    return "found"


@settings(one_database, max_examples=300)
@given(
    tree=st.dictionaries(
        fields | st.text().map("metadata.{}".format) | st.text(),
        st.dictionaries(operators | st.text(), junk, max_size=3).map(lambda c: {"conditions": c}),
        max_size=3,
    )
)
def test_any_filter_is_compiled_or_refused(things: Things, tree: dict[str, Any]) -> None:
    things.clear()
    things.put(
        {
            "tags": ["a", 5, None, {"b": 1}, "2024-02-29"],
            "notes": {"k": "2023-02-30", "a": {"b": 1}},
        },
        {"name": "a", "size": 1, "seen_at": NOW, "born_on": NOW.date(), "notes": {"k": 1e300}},
    )
    assert outcome(things, tree).startswith(("found", "invalid_query_params", "Property .filters"))
