"""Segments: fixed lists, filters on the merged profile, and the fields that filters may name."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from kupon.engine.conditions import Moment
from kupon.engine.customer import Customer, read_field
from kupon.engine.definitions import DefinitionError
from kupon.engine.filters import Surroundings
from kupon.engine.locations import Location, Locations, parse_shape
from kupon.engine.segments import NO_SEGMENTS, Segment, Segments, parse_segment_filter

CENTER = {"type": "circle", "distance": {"center": "geo:40.7128,-74.0060", "radius": "5 km"}}
SURROUNDINGS = Surroundings(
    Moment(datetime(2026, 3, 12, 12, tzinfo=UTC), UTC),
    Locations({"loc_1": Location(id="loc_1", shape=parse_shape(CENTER))}),
)

PROFILE: dict[str, Any] = {
    "name": "Ana",
    "email": "ana@example.org",
    "address": {"city": "Gdynia", "country": "Poland"},
    "birthdate": "1990-04-02",
    "created_at": datetime(2026, 3, 1, tzinfo=UTC),
    "metadata": {"vip": True, "shoe.size": 41, "company": {"name": "Hexagon"}},
    "system_metadata": {"source": "API", "consents": {"sms": "yes"}},
    "summary": {
        "orders": {"total_amount": 25000, "last_order_date": "2026-03-05T10:00:00.000Z"},
        "redemptions": {"total_succeeded": 3, "gift": {"redeemed_amount": 700}},
    },
    "loyalty": {
        "points": 120,
        "referred_customers": 2,
        "campaigns": {"Club v2.0 PL": {"points": 80, "loyalty_tier": "ltr_gold"}},
    },
    "events": {"page.viewed": {"count": 4, "last_at": "2026-03-11T08:00:00.000Z"}},
    "publications": [{"created_at": "2026-02-01", "related_object_id": "v_1"}],
}
ANA = Customer(
    id="cust_1",
    profile=PROFILE,
    static_segments=frozenset({"seg_static"}),
    loyalty_tiers=frozenset({"ltr_gold", "ltr_base"}),
)
NOBODY = Customer()


def is_in(definition: Any, customer: Customer = ANA, **kinds: str) -> bool:
    parsed = parse_segment_filter(definition, kinds=kinds)
    segments = Segments({"seg_1": Segment(id="seg_1", type="passive", filter=parsed)})
    return segments.contains("seg_1", customer, SURROUNDINGS)


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("name", "Ana"),
        ("city", "Gdynia"),
        ("address.country", "Poland"),
        ("address.line_1", None),
        ("birthday", "1990-04-02"),
        ("metadata.vip", True),
        ("metadata.shoe.size", 41),
        ("metadata.company.name", "Hexagon"),
        ("system_metadata.consents.sms", "yes"),
        ("summary.orders.total_amount", 25000),
        ("summary.redemptions.gift.redeemed_amount", 700),
        ("loyalty.points", 120),
        ("loyalty_points.campaigns.Club v2.0 PL.points", 80),
        ("loyalty_points.campaigns.Other.points", None),
        ("loyalty_tier", frozenset({"ltr_gold", "ltr_base"})),
        ("loyalty_tier.campaigns.Club v2.0 PL", "ltr_gold"),
        ("loyalty_tier.Club v2.0 PL", "ltr_gold"),
        ("events.page.viewed.count", 4),
        ("events.page.viewed.last_at", "2026-03-11T08:00:00.000Z"),
        ("events.never.count", 0),
        ("events.never.last_at", None),
        ("publications.related_object_id", ["v_1"]),
        ("shoe", None),
    ],
)
def test_fields(field: str, expected: Any) -> None:
    assert read_field(ANA, field) == expected


def test_fields_of_an_empty_profile() -> None:
    assert read_field(NOBODY, "metadata.vip") is None
    assert read_field(NOBODY, "loyalty_points.campaigns.Club.points") is None
    assert read_field(NOBODY, "loyalty_tier") == frozenset()
    assert read_field(NOBODY, "events.page.viewed.count") == 0


@pytest.mark.parametrize(
    ("field", "conditions", "expected"),
    [
        ("email", {"$ends_with": "@example.org"}, True),
        ("address.city", {"$is": "Gdynia"}, True),
        ("created_at", {"$less_than": 30}, True),
        ("created_at", {"$after": "2026-03-02"}, False),
        ("updated_at", {"$is_unknown": ""}, True),
        ("birthdate", {"$next_month": [True]}, True),
        ("metadata.vip", {"$is": ["true"]}, True),
        ("metadata.gone", {"$has_value": True}, False),
        ("system_metadata.source", {"$is": ["API"]}, True),
        ("summary.orders.total_amount", {"$more_than": ["10000"]}, True),
        ("summary.orders.last_order_date", {"$less_than_ago": [8]}, True),
        ("summary.orders.last_order_date", {"$more_than": [7]}, False),
        ("summary.redemptions.total_rolled_back", {"$more_than": [0]}, False),
        ("loyalty.referred_customers", {"$is": [2]}, True),
        ("loyalty_points.campaigns.Club v2.0 PL.points", {"$more_than_equal": [80]}, True),
        ("loyalty_tier", {"$is": ["ltr_gold"]}, True),
        ("loyalty_tier", {"$is_not": ["ltr_gold"]}, False),
        ("events.page.viewed.count", {"$more_than": [3]}, True),
        ("events.page.viewed.last_at", {"$is_days_ago": [1]}, True),
        ("publications.created_at", {"$before": ["2026-03-01"]}, True),
    ],
)
def test_filters(field: str, conditions: Any, expected: bool) -> None:
    assert is_in({"junction": "and", field: {"conditions": conditions}}) is expected


def test_metadata_is_compared_as_its_schema_types_it() -> None:
    definition = {"metadata.shoe.size": {"conditions": {"$starts_with": ["4"]}}}
    assert is_in(definition)
    assert not is_in(definition, **{"shoe.size": "number"})


def test_where_the_request_says_that_a_customer_is() -> None:
    definition = {"metadata.home": {"conditions": {"$in_location": ["loc_1"]}}}
    assert is_in(definition, Customer(profile={"metadata": {"home": "geo:40.72,-74.0"}}))
    assert not is_in(definition, Customer(profile={"metadata": {"home": "geo:52.2,21.0"}}))
    assert not is_in(definition)


def test_static_segments() -> None:
    segments = Segments(
        {name: Segment(id=name, type="static") for name in ("seg_static", "seg_other")}
    )
    assert segments.contains("seg_static", ANA, SURROUNDINGS)
    assert not segments.contains("seg_other", ANA, SURROUNDINGS)
    assert not segments.contains("seg_static", NOBODY, SURROUNDINGS)
    assert not NO_SEGMENTS.contains("seg_static", ANA, SURROUNDINGS)


@pytest.mark.parametrize(
    "field",
    [
        "age",
        "address",
        "address.planet",
        "metadata",
        "metadata.",
        "summary",
        "loyalty.bonus",
        "loyalty_points.campaigns.Club.balance",
        "loyalty_points.Club.points",
        "loyalty_points.campaigns.points",
        "events.page",
        "events.count",
        "events.page.first_at",
        "system_metadata",
        "loyalty_tier.",
        ".name",
    ],
)
def test_refuses_unknown_fields(field: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        parse_segment_filter({field: {"conditions": {"$is": ["a"]}}})
    assert caught.value.details == f"Property .filter.{field} is not supported"
