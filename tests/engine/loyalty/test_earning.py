"""What earning rules may ask for, what they give, and what tiers make of it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from tests.engine.strategies import COLLECTIONS

from kupon.engine.cart import build_order
from kupon.engine.conditions import Moment
from kupon.engine.customer import Customer
from kupon.engine.definitions import LARGEST_WHOLE, DefinitionError
from kupon.engine.filters import Surroundings
from kupon.engine.loyalty.earning import ORDER_PAID, SEGMENT_ENTERED, TIER_EVENTS, parse_earning
from kupon.engine.loyalty.mappings import Custom, Disabled, Multiply, parse_mapping
from kupon.engine.loyalty.measures import EarningFacts
from kupon.engine.loyalty.pending import parse_pending_points

ANA = Customer(
    id="cust_1",
    profile={"metadata": {"age": 31, "text": "12.5", "no": True}, "birthdate": "1990-03-02"},
)
LINES = {
    "items": [
        {"product_id": "a", "quantity": 3, "price": 1000, "discount_amount": 1500},
        {"sku_id": "s1", "product_id": "a", "quantity": 1, "price": 1100},
        {"product_id": "b", "amount": 2000},
        {"product_id": "nowhere", "quantity": 5},
    ],
    "metadata": {"size": 7.5, "huge": 1e300, "list": [1]},
}
NOW = Surroundings(Moment(datetime(2026, 3, 2, 12, tzinfo=UTC), UTC))


def facts(order: dict[str, Any] | None = None, **event_metadata: Any) -> EarningFacts:
    return EarningFacts(
        customer=ANA,
        order=None if order is None else build_order(order, {}),
        event_metadata=event_metadata,
        collections=COLLECTIONS,
        surroundings=NOW,
    )


def proportional(kind: str, parent: str, child: str, **members: Any) -> dict[str, Any]:
    block = {"every": 1, "points": 1} | members
    return {"type": "PROPORTIONAL", "calculation_type": kind, parent: {child: block}}


def earned(loyalty: dict[str, Any], given: EarningFacts, event: str = ORDER_PAID) -> int:
    return parse_earning(loyalty, event, ".loyalty", lambda _parent, _key: True).points(given, None)


@pytest.mark.parametrize(
    ("loyalty", "points"),
    [
        (proportional("ORDER_AMOUNT", "order", "amount", every=100), 61),
        (proportional("ORDER_TOTAL_AMOUNT", "order", "total_amount", every=100), 46),
        (proportional("ORDER_METADATA", "order", "metadata", property="size"), 7),
        (proportional("ORDER_METADATA", "order", "metadata", property="size", every=8), 0),
        (proportional("ORDER_METADATA", "order", "metadata", property="huge"), 0),
        (proportional("ORDER_METADATA", "order", "metadata", property="list"), 0),
        (proportional("ORDER_METADATA", "order", "metadata", property="none"), 0),
        (proportional("CUSTOMER_METADATA", "customer", "metadata", property="age"), 31),
        (proportional("CUSTOMER_METADATA", "customer", "metadata", property="text"), 12),
        (proportional("CUSTOMER_METADATA", "customer", "metadata", property="no"), 0),
    ],
)
def test_measures(loyalty: dict[str, Any], points: int) -> None:
    assert earned(loyalty, facts(LINES)) == points


@pytest.mark.parametrize(
    ("articles", "quantity", "amount", "subtotal"),
    [
        ({"object": "product", "id": "a"}, 4, 4100, 2600),
        ({"object": "sku", "id": "s1"}, 1, 1100, 1100),
        ({"object": "products_collection", "id": "ab"}, 5, 6100, 4600),
        (
            {"applicable_to": [{"object": "sku", "id": "s1"}, {"object": "product", "id": "b"}]},
            2,
            3100,
            3100,
        ),
        (
            {"applicable_to": {"object": "list", "data": [{"object": "product", "id": "b"}]}},
            1,
            2000,
            2000,
        ),
        ({"object": "product", "id": "nowhere"}, 5, 0, 0),
        pytest.param({}, 10, 6100, 4600, marks=pytest.mark.uncertain),
    ],
)
def test_items(articles: dict[str, Any], quantity: int, amount: int, subtotal: int) -> None:
    of = {"QUANTITY": quantity, "AMOUNT": amount, "SUBTOTAL_AMOUNT": subtotal}
    for figure, points in of.items():
        loyalty = proportional(f"ORDER_ITEMS_{figure}", "order_items", figure.lower(), **articles)
        assert earned(loyalty, facts(LINES)) == points


@pytest.mark.parametrize(
    "loyalty",
    [
        proportional("ORDER_AMOUNT", "order", "amount"),
        proportional("ORDER_TOTAL_AMOUNT", "order", "total_amount"),
        proportional("ORDER_METADATA", "order", "metadata", property="size"),
        proportional("ORDER_ITEMS_QUANTITY", "order_items", "quantity"),
    ],
)
def test_without_an_order_there_is_nothing_to_count(loyalty: dict[str, Any]) -> None:
    assert earned(loyalty, facts()) == 0


def test_metadata_of_events_and_nobody() -> None:
    loyalty = proportional(
        "CUSTOM_EVENT_METADATA", "custom_event", "metadata", property="km", points="2"
    )
    assert earned(loyalty, facts(km=12), "run.finished") == 24
    assert earned(loyalty, facts(km=-12), "run.finished") == 0
    loyalty = proportional("CUSTOMER_METADATA", "customer", "metadata", property="age")
    nobody = EarningFacts(customer=Customer(profile={"metadata": None}))
    assert earned(loyalty, nobody, "run.finished") == 0


@pytest.mark.parametrize(
    ("formula", "points"),
    [
        ('CUSTOMER_METADATA("age") / 2', 16),
        ("MONTHS_SINCE(CUSTOMER_BIRTHDATE) / 12", 36),
        ("YEAR(TODAY)", 2026),
        ('ORDER_METADATA("size")', 8),
        ('ORDER_METADATA("none")', 7),
        ("ORDER_UNITS_QUANTITY", 10),
        ("0 - 5", 0),
        ("", 7),
    ],
)
def test_formulas(formula: str, points: int) -> None:
    loyalty = {"type": "FIXED", "points": 7, "points_formula": formula}
    assert earned(loyalty, facts(LINES)) == points


def test_formulas_without_an_order_fall_back() -> None:
    loyalty = {"type": "FIXED", "points": 7, "points_formula": 'ORDER_METADATA("size")'}
    assert earned(loyalty, facts()) == 7


def test_formulas_are_rounded_once() -> None:
    """Three blocks of 1.5 points are 4.5; a tier's multiplier rounds the points of a block."""
    loyalty = proportional("ORDER_AMOUNT", "order", "amount", every=2000, points_formula="3 / 2")
    earning = parse_earning(loyalty, ORDER_PAID, "", lambda _parent, _key: True)
    assert earning.points(facts(LINES), None) == 5
    assert earning.points(facts(LINES), Multiply(Decimal(3))) == 15
    assert earning.points(facts(LINES), Custom(2)) == 6
    assert earning.points(facts(LINES), Disabled()) == 0


def test_points_stay_countable() -> None:
    loyalty = proportional("ORDER_AMOUNT", "order", "amount", points=LARGEST_WHOLE)
    assert earned(loyalty, facts({"amount": LARGEST_WHOLE})) == LARGEST_WHOLE


def of_items(**members: Any) -> dict[str, Any]:
    return proportional("ORDER_ITEMS_AMOUNT", "order_items", "amount", id="s1", **members)


def of_amount(every: Any) -> dict[str, Any]:
    block = {"every": every, "points": 5, "points_formula": "3"}
    return proportional("ORDER_AMOUNT", "order", "amount", **block)


@pytest.mark.parametrize(
    ("loyalty", "echo"),
    [
        ({"type": "FIXED", "points": "10.0", "other": 1}, {"type": "FIXED", "points": 10}),
        (of_amount("500"), of_amount(500)),
        (
            of_items(object="sku"),
            of_items(object="sku", applicable_to=[{"object": "sku", "id": "s1"}]),
        ),
        (of_items(), of_items(applicable_to=[{"id": "s1"}])),
    ],
)
def test_definitions(loyalty: dict[str, Any], echo: dict[str, Any]) -> None:
    earning = parse_earning(loyalty, ORDER_PAID, ".loyalty", lambda _parent, _key: True)
    assert earning.definition == echo


AMOUNT = proportional("ORDER_AMOUNT", "order", "amount")
OF_ORDER = "Property .loyalty.order.metadata"
OF_ITEMS = "Property .loyalty.order_items.amount"
OF_CUSTOMER = proportional("CUSTOMER_METADATA", "customer", "metadata", property="age")
OF_EVENT = proportional("CUSTOM_EVENT_METADATA", "custom_event", "metadata", property="km")


@pytest.mark.parametrize(
    ("event", "loyalty", "is_allowed"),
    [
        (ORDER_PAID, AMOUNT, True),
        (ORDER_PAID, OF_CUSTOMER, True),
        (ORDER_PAID, OF_EVENT, False),
        (SEGMENT_ENTERED, AMOUNT, False),
        (SEGMENT_ENTERED, OF_CUSTOMER, True),
        (SEGMENT_ENTERED, OF_EVENT, False),
        ("run.finished", AMOUNT, False),
        ("run.finished", OF_CUSTOMER, True),
        ("run.finished", OF_EVENT, True),
        *((event, AMOUNT, False) for event in TIER_EVENTS),
        *(
            pytest.param(event, OF_CUSTOMER, True, marks=pytest.mark.uncertain)
            for event in TIER_EVENTS
        ),
    ],
)
def test_calculations_of_events(event: str, loyalty: dict[str, Any], is_allowed: bool) -> None:
    if is_allowed:
        assert parse_earning(loyalty, event, ".loyalty", lambda _parent, _key: True)
        return
    with pytest.raises(DefinitionError, match=r"Property \.loyalty\.calculation_type must be"):
        parse_earning(loyalty, event, ".loyalty", lambda _parent, _key: True)


@pytest.mark.parametrize(
    ("loyalty", "details"),
    [
        (None, "Property .loyalty must be object"),
        ({}, "Property .loyalty should have required property 'type'"),
        ({"type": "MUCH"}, "Property .loyalty.type must be equal to one of"),
        ({"type": "FIXED"}, "Property .loyalty should have required property 'points'"),
        ({"type": "FIXED", "points": -1}, "Property .loyalty.points must be >= 0"),
        ({"type": "FIXED", "points": 1.5}, "Property .loyalty.points must be integer"),
        (
            {"type": "FIXED", "points": 1, "points_formula": "1 +"},
            "Property .loyalty.points_formula is not a valid formula",
        ),
        (
            {"type": "FIXED", "points": 1, "points_formula": 'VOUCHER_METADATA("k")'},
            "Property .loyalty.points_formula cannot use VOUCHER_METADATA in an earning rule",
        ),
        (
            {"type": "FIXED", "points": 1, "points_formula": "ORDER_ITEM_PRICE"},
            "Property .loyalty.points_formula cannot use ORDER_ITEM_PRICE in an earning rule",
        ),
        ({"type": "PROPORTIONAL"}, "Property .loyalty should have required property"),
        (
            {"type": "PROPORTIONAL", "calculation_type": "ORDER_TOTAL_AMOUNT", "order": {}},
            "Loyalty order rules must contain one of the following properties - 'total_amount'",
        ),
        (
            {"type": "PROPORTIONAL", "calculation_type": "ORDER_AMOUNT", "order": 5},
            "Loyalty order rules must contain one of the following properties - 'amount'",
        ),
        (
            proportional("ORDER_AMOUNT", "order", "amount", every=0),
            "Property .loyalty.order.amount.every must be >= 1",
        ),
        (
            proportional("ORDER_METADATA", "order", "metadata"),
            f"{OF_ORDER} should have required property 'property'",
        ),
        (
            proportional("ORDER_METADATA", "order", "metadata", property=5),
            f"{OF_ORDER}.property must be string",
        ),
        (
            proportional("ORDER_METADATA", "order", "metadata", property="text"),
            f"{OF_ORDER}.property must be a number in the metadata schema of order",
        ),
        (
            proportional("ORDER_ITEMS_AMOUNT", "order_items", "amount", applicable_to="a"),
            f"{OF_ITEMS}.applicable_to must be array",
        ),
        (
            proportional(
                "ORDER_ITEMS_AMOUNT",
                "order_items",
                "amount",
                applicable_to=[{"object": "shop", "id": "a"}],
            ),
            f"{OF_ITEMS}.applicable_to[0].object must be equal to one of",
        ),
        (
            proportional("ORDER_ITEMS_AMOUNT", "order_items", "amount", id="a", object="shop"),
            f"{OF_ITEMS}.object must be equal to one of",
        ),
    ],
)
def test_refusals(loyalty: Any, details: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        parse_earning(loyalty, ORDER_PAID, ".loyalty", lambda _parent, key: key != "text")
    assert caught.value.details.startswith(details)


@pytest.mark.parametrize(
    ("raw", "details"),
    [
        ("x", "Property .m must be object"),
        ({"type": "TWICE"}, "Property .m.type must be equal to one of"),
        ({"type": "CUSTOM"}, "Property .m should have required property 'points'"),
        ({"type": "MULTIPLY"}, "Property .m should have required property 'multiplier'"),
        ({"type": "MULTIPLY", "multiplier": "many"}, "Property .m.multiplier must be number"),
        ({"type": "MULTIPLY", "multiplier": True}, "Property .m.multiplier must be number"),
        ({"type": "MULTIPLY", "multiplier": float("inf")}, "Property .m.multiplier must be number"),
        ({"type": "MULTIPLY", "multiplier": -1}, "Property .m.multiplier must be between 0 and"),
        ({"type": "MULTIPLY", "multiplier": 1e9}, "Property .m.multiplier must be between 0 and"),
    ],
)
def test_refused_mappings(raw: Any, details: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        parse_mapping(raw, ".m")
    assert caught.value.details.startswith(details)


def test_mappings_of_prices() -> None:
    assert parse_mapping({"type": "MULTIPLY", "multiplier": 0.1}, "").apply(25) == 3
    assert parse_mapping({"type": "MULTIPLY", "multiplier": 0}, "").apply(25) == 0
    assert parse_mapping({"type": "CUSTOM", "points": "30"}, "").apply(25) == 30
    assert parse_mapping({"type": "DISABLED"}, "").apply(25) is None


@pytest.mark.parametrize(
    ("raw", "event", "details"),
    [
        (5, ORDER_PAID, "Property .p must be object"),
        ({"period_value": 5}, SEGMENT_ENTERED, "Property .p is only allowed for event"),
        ({"period_type": "YEAR"}, ORDER_PAID, "Property .p.period_type must be equal to one of"),
        ({"period_type": "DAY"}, ORDER_PAID, "Property .p should have required property"),
        ({"period_value": 0}, ORDER_PAID, "Property .p.period_value must be between 1 and 90"),
        ({"period_value": 91}, ORDER_PAID, "Property .p.period_value must be between 1 and 90"),
    ],
)
def test_refused_pending_points(raw: Any, event: str, details: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        parse_pending_points(raw, ".p", event)
    assert caught.value.details.startswith(details)


def test_no_pending_points() -> None:
    assert parse_pending_points(None, "", SEGMENT_ENTERED) is None
    assert parse_pending_points({}, "", SEGMENT_ENTERED) is None
