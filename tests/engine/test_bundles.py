"""Bundles: how often they are in a cart, what serves them and what is missing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kupon.engine.bundles import Bundle, BundleResult, allocate, parse_bundle
from kupon.engine.collections import Collection, Collections
from kupon.engine.conditions import Moment
from kupon.engine.definitions import DefinitionError
from kupon.engine.filters import Surroundings
from kupon.engine.order import Item, Order

SURROUNDINGS = Surroundings(Moment(datetime(2026, 3, 2, 12, tzinfo=UTC), UTC))
COLLECTIONS = Collections(
    {
        "pc_b": Collection(id="pc_b", products=frozenset(("b1", "b2"))),
        "pc_mixed": Collection(
            id="pc_mixed", products=frozenset("b1"), skus=frozenset(("s1", "s2"))
        ),
    }
)


def part(name: str, quantity: Any = None, kind: str = "product") -> dict[str, Any]:
    listed = "products_collection" if kind == "products_collection" else "product_or_sku"
    wanted: dict[str, Any] = {
        "name": "order.items.any",
        "conditions": {"$is": [{"id": name, "type": listed, "object": kind}]},
    }
    if quantity is not None:
        count = {"name": "order.items.aggregated_quantity", "conditions": {"$is": [quantity]}}
        wanted["rules"] = {"1": {**count, "rules": {}}, "logic": "1"}
    return wanted


def bundle_of(*parts: dict[str, Any], **members: Any) -> Bundle:
    labelled = {str(place): part for place, part in enumerate(parts, 1)}
    bundle = parse_bundle({**labelled, **members})
    assert bundle is not None
    return bundle


def cart(*lines: tuple[str, int | None]) -> Order:
    """A name before a slash is a product, behind it its SKU."""
    named = [(*name.partition("/"), quantity) for name, quantity in lines]
    return Order(
        items=tuple(
            Item(product_id=product or None, sku_id=sku or None, quantity=quantity)
            for product, _, sku, quantity in named
        )
    )


def allocated(bundle: Bundle, order: Order) -> BundleResult:
    return allocate(bundle, order, COLLECTIONS, SURROUNDINGS)


def test_the_worked_example() -> None:
    bundle = bundle_of(part("a", 2), part("pc_b", 5, "products_collection"))

    assert allocated(bundle, cart(("a", 1), ("b1", 1), ("b2", 2))).wire() == {
        "quantity": 0,
        "limit": 1,
        "identified": [
            {"id": "a", "object": "product", "item_index": 0, "item_quantity": 1},
            {"id": "b1", "object": "product", "item_index": 1, "item_quantity": 1},
            {"id": "b2", "object": "product", "item_index": 2, "item_quantity": 2},
        ],
        "missing": [
            {"id": "a", "object": "product", "item_quantity": 1},
            {"id": "pc_b", "object": "products_collection", "item_quantity": 2},
        ],
    }


@pytest.mark.parametrize(
    ("case", "parts", "limit", "lines", "quantity"),
    [
        ("G01", [part("balm", 1), part("cream", 1)], 5, [("balm", 5), ("cream", 5)], 5),
        (
            "G04",
            [part("laptop", 1), part("bag", 1)],
            10,
            [("laptop", 2), ("bag", 2), ("mouse", 3)],
            2,
        ),
        ("G08", [part("crisps", 2)], 9, [("crisps", 4), ("soda", 2)], 2),
        ("G14, limited", [part("balm", 1)], 2, [("balm", 3)], 2),
        ("G15, not met", [part("balm", 2)], 2, [("balm", 1)], 0),
        ("without quantity there is one unit", [part("balm", 1)], 9, [("balm", None)], 1),
        ("no limit is one", [part("balm", 1)], None, [("balm", 3)], 1),
        ("over several lines", [part("balm", 2)], 9, [("balm", 3), ("x", 1), ("balm", 2)], 2),
        (
            "each unit once",
            [part("b1", 1), part("pc_b", 1, "products_collection")],
            9,
            [("b1", 3)],
            1,
        ),
        ("SKUs first", [part("p", 1), part("s1", 1, "sku")], 9, [("p/s1", 1), ("p/s2", 1)], 1),
        ("a SKU is no other", [part("s1", 1, "sku")], 9, [("p/s2", 1)], 0),
        ("an empty cart", [part("balm", 1)], 9, [], 0),
        (
            "fewer than the ceiling",
            [part("b1", 1), part("pc_b", 2, "products_collection")],
            9,
            [("b1", 4), ("b2", 1)],
            1,
        ),
    ],
)
def test_bundles_are_counted(
    case: str,
    parts: list[dict[str, Any]],
    limit: int | None,
    lines: list[tuple[str, int]],
    quantity: int,
) -> None:
    result = allocated(bundle_of(*parts, limit=limit), cart(*lines))

    assert (result.quantity, result.limit) == (quantity, 1 if limit is None else limit), case
    assert bool(result.missing) is (quantity == 0)


def test_only_units_that_serve_are_identified() -> None:
    result = allocated(bundle_of(part("balm", 5), limit=1), cart(("x", 2), ("balm", 10)))

    assert result.wire() == {
        "quantity": 1,
        "limit": 1,
        "identified": [{"id": "balm", "object": "product", "item_index": 1, "item_quantity": 5}],
    }


@pytest.mark.uncertain
def test_a_line_that_serves_two_parts_is_identified_once() -> None:
    bundle = bundle_of(part("pc_mixed", 2, "products_collection"), part("p", 1), limit=9)

    assert [found.wire() for found in allocated(bundle, cart(("p/s1", 7))).identified] == [
        {"id": "s1", "object": "sku", "item_index": 0, "item_quantity": 6}
    ]


def test_articles_that_nobody_knows_go_by_their_source_id() -> None:
    order = Order(
        items=(
            Item(source_id="src1", related_object="product", quantity=1),
            Item(product_facts={"id": "p2", "source_id": "src2"}, quantity=1),
            Item(product_facts={"source_id": "src3"}, quantity=1),
        )
    )
    bundle = bundle_of(part("src1"), part("src2"), part("src3"))

    identified = allocated(bundle, order).identified
    assert [found.id for found in identified] == ["src1", "p2", "src3"]


def test_a_part_may_be_named_by_its_source_id() -> None:
    wanted = part("p1")
    wanted["conditions"]["$is"] = {"source_id": "src1", "object": "product"}
    order = Order(items=(Item(product_facts={"id": "p1", "source_id": "src1"}),))

    assert allocated(bundle_of(wanted), order).quantity == 1


@pytest.mark.parametrize("definition", [None, {}, {"limit": 5}, {"logic": "", "limit": None}])
def test_no_parts_are_no_bundle(definition: Any) -> None:
    assert parse_bundle(definition) is None


@pytest.mark.parametrize("rules", [None, {}, {"logic": ""}])
def test_one_unit_is_the_default(rules: Any) -> None:
    bundle = bundle_of({**part("a"), "rules": rules})

    assert bundle.parts[0].quantity == 1


def with_count(**members: Any) -> dict[str, Any]:
    return {**part("a"), "rules": {"1": {"name": "order.items.aggregated_quantity", **members}}}


@pytest.mark.parametrize(
    ("definition", "details"),
    [
        (5, "Property .bundle_rules must be object"),
        ({"limit": 0}, "Property .bundle_rules.limit must be between 1 and 100"),
        ({"limit": 101}, "Property .bundle_rules.limit must be between 1 and 100"),
        ({"limit": "many"}, "Property .bundle_rules.limit must be number"),
        ({"1": 5}, "Property .bundle_rules.1 must be object"),
        (
            {"1": {}},
            "Property .bundle_rules.1 should have required property 'name'",
        ),
        (
            {"1": {**part("a"), "name": "order.items.every"}},
            "Property .bundle_rules.1.name must be equal to one of the allowed values:"
            " order.items.any",
        ),
        (
            {"1": {"name": "order.items.any"}},
            "Property .bundle_rules.1 should have required property 'conditions'",
        ),
        (
            {"1": {**part("a"), "conditions": {"$is": []}}},
            "Property .bundle_rules.1.conditions.$is must be array of one element",
        ),
        (
            {"1": {**part("a"), "conditions": {"$is": [{"object": "product"}]}}},
            "Property .bundle_rules.1.conditions.$is[0] should have required property 'id'",
        ),
        (
            {"1": {**part("a"), "rules": {"1": {}, "2": {}}}},
            "Property .bundle_rules.1.rules must have one rule only",
        ),
        (
            {"1": part("a", 0)},
            "Property .bundle_rules.1.rules.1.conditions.$is must be between 1 and 1000000",
        ),
        (
            {"1": part("a", "x")},
            "Property .bundle_rules.1.rules.1.conditions.$is must be number",
        ),
        (
            {"1": with_count(conditions={"$is": None})},
            "Property .bundle_rules.1.rules.1.conditions should have required property '$is'",
        ),
    ],
)
def test_broken_definitions_are_told(definition: object, details: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        parse_bundle(definition)

    assert (caught.value.key, caught.value.details) == ("invalid_validation_rules", details)


names = st.sampled_from(["p", "b1", "b2", "x"])
parts = st.one_of(
    st.builds(part, names, st.integers(1, 3)),
    st.builds(part, st.sampled_from(["s1", "s2"]), st.integers(1, 3), st.just("sku")),
    st.builds(
        part,
        st.sampled_from(["pc_b", "pc_mixed"]),
        st.integers(1, 3),
        st.just("products_collection"),
    ),
)
carts = st.lists(
    st.tuples(st.sampled_from(["p", "p/s1", "p/s2", "b1", "b2", "x"]), st.integers(0, 6)),
    max_size=5,
).map(lambda lines: cart(*lines))


@settings(max_examples=300, deadline=None)
@given(listed=st.lists(parts, min_size=1, max_size=3), limit=st.integers(1, 6), order=carts)
def test_units_serve_once_and_add_up(
    listed: list[dict[str, Any]], limit: int, order: Order
) -> None:
    bundle = bundle_of(*listed, limit=limit)
    result = allocated(bundle, order)

    wanted = sum(part.quantity for part in bundle.parts)
    served = sum(found.item_quantity for found in result.identified)
    missing = sum(missing.item_quantity for missing in result.missing)
    assert served == wanted * max(result.quantity, 1) - missing
    assert (result.quantity == 0) is (missing > 0)
    assert 0 <= result.quantity <= limit
    for found in result.identified:
        assert 1 <= found.item_quantity <= order.items[found.item_index].units
