"""Filters: fields joined by one junction, and places on the map among them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kupon.engine.conditions import STANDARD_OPERATORS, Moment
from kupon.engine.definitions import DefinitionError
from kupon.engine.filters import NO_SURROUNDINGS, Surroundings, parse_filter, read_path
from kupon.engine.locations import Circle, Location, Locations, Point

KINDS = {"name": "string", "points": "number", "born": "date", "home": "geopoint"}

NEW_YORK = Location(id="loc_ny", shape=Circle(Point(40.7128, -74.006), 20_000))
WARSAW = Location(id="loc_waw", shape=Circle(Point(52.2297, 21.0122), 20_000))
SURROUNDINGS = Surroundings(
    Moment(datetime(2026, 3, 12, tzinfo=UTC), UTC),
    Locations({location.id: location for location in (NEW_YORK, WARSAW)}),
)

ANA = {"name": "Ana", "points": 250, "born": "1990-04-02", "home": "geo:40.75,-73.98"}


def matches(definition: Any, facts: Any = ANA, surroundings: Surroundings = SURROUNDINGS) -> bool:
    parsed = parse_filter(definition, ".filter", KINDS.get)
    return parsed.matches(facts.get, surroundings)


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        ({}, True),
        ({"junction": "or"}, True),
        ({"name": {"conditions": {"$is": "Ana"}}}, True),
        ({"name": {"$is": "Ana"}}, True),
        ({"name": {"conditions": {"$is": ["Bo"]}}, "points": {"$more_than": ["100"]}}, False),
        (
            {
                "junction": "OR",
                "name": {"conditions": {"$is": ["Bo"]}},
                "points": {"conditions": {"$more_than": ["100"]}},
            },
            True,
        ),
        ({"junction": "or", "name": {"conditions": {"$is": ["Bo"]}}}, False),
        ({"junction": None, "points": {"conditions": {"$more_than": 1, "$less_than": 9}}}, False),
        ({"junction": "AND", "born": {"conditions": {"$next_month": [True]}}}, True),
        ({"home": {"conditions": {"$in_location": ["loc_waw", "loc_ny"]}}}, True),
        ({"home": {"conditions": {"$in_location": "loc_waw"}}}, False),
        ({"home": {"conditions": {"$in_location": ["loc_gone"]}}}, False),
        ({"home": {"conditions": {"$in_location": []}}}, False),
        ({"home": {"conditions": {"$in_location": ["loc_ny"], "$is_unknown": True}}}, False),
        ({"name": {"conditions": {"$in_location": ["loc_ny"]}}}, False),
    ],
)
def test_matches(definition: Any, expected: bool) -> None:
    assert matches(definition) is expected


@pytest.mark.parametrize(
    ("home", "expected"),
    [
        (None, False),
        ("nowhere", False),
        (["geo:0,0", "40.7128, -74.0060"], True),
        ([], False),
    ],
)
@pytest.mark.uncertain
def test_who_is_nowhere_is_in_no_location(home: Any, expected: bool) -> None:
    definition = {"home": {"conditions": {"$in_location": ["loc_ny"]}}}
    assert matches(definition, {"home": home}) is expected
    assert not matches(definition, {"home": home}, NO_SURROUNDINGS)


def test_the_junction_is_kept_in_lower_case() -> None:
    assert parse_filter({"junction": "OR"}, ".filter", KINDS.get).junction == "or"


@pytest.mark.parametrize(
    ("definition", "details"),
    [
        (None, "Property .filter must be object"),
        (
            {"junction": "xor"},
            "Property .filter has wrong `junction` property. It must be one of: and, or",
        ),
        (
            {"junction": ["and"]},
            "Property .filter has wrong `junction` property. It must be one of: and, or",
        ),
        ({"age": {"conditions": {"$is": 5}}}, "Property .filter.age is not supported"),
        ({"name": "Ana"}, "Property .filter.name must be object"),
        ({"name": {}}, "Property .filter.name must have at least one condition"),
        (
            {"name": {"conditions": {}}},
            "Property .filter.name.conditions must have at least one condition",
        ),
        ({"name": {"conditions": ["Ana"]}}, "Property .filter.name.conditions must be object"),
        (
            {"name": {"conditions": {"$unheard_of": "A"}}},
            "Property .filter.name.conditions.$unheard_of is not supported",
        ),
        (
            {"home": {"conditions": {"$in_location": [{"id": "loc_1"}]}}},
            "Property .filter.home.conditions.$in_location must be string, number or boolean",
        ),
        (
            {f"name{number}": {} for number in range(101)},
            "Property .filter must have at most 100 fields",
        ),
    ],
)
def test_refuses(definition: Any, details: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        matches(definition)
    assert caught.value.details == details
    assert caught.value.key == "invalid_payload"


def test_reads_along_a_path() -> None:
    profile = {
        "metadata": {"size.eu": 42, "address": {"city": "Gdynia"}, "none": None},
        "cards": [{"id": "a"}, {"id": "b"}, "c"],
    }
    assert read_path(profile, "metadata.size.eu") == 42
    assert read_path(profile, "metadata.address.city") == "Gdynia"
    assert read_path(profile, "metadata.none.city") is None
    assert read_path(profile, "metadata.nothing") is None
    assert read_path(profile, "cards.id") == ["a", "b", None]


VALUES = st.none() | st.booleans() | st.floats() | st.text(max_size=9) | st.lists(st.text())
CONDITIONS = st.dictionaries(
    st.sampled_from([*STANDARD_OPERATORS, "$in_location", "conditions"]), VALUES, max_size=2
)


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from([*KINDS, "junction", "age"]),
        CONDITIONS | CONDITIONS.map(lambda conditions: {"conditions": conditions}) | VALUES,
    )
    | VALUES,
    st.dictionaries(st.sampled_from([*KINDS]), VALUES),
)
def test_whatever_is_sent_is_refused_or_judged(definition: Any, facts: Any) -> None:
    try:
        held = matches(definition, facts)
    except DefinitionError:
        return
    assert held in (True, False)
