"""Product lists: what is read, what is refused, which lines an entry names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from tests.engine.asking import collection, collections, product

from kupon.engine.applicability import (
    BUDGETS,
    EVERYTHING,
    Applicability,
    Entry,
    parse_applicability,
)
from kupon.engine.collections import ALL_PRODUCTS
from kupon.engine.definitions import DefinitionError
from kupon.engine.filters import NO_SURROUNDINGS
from kupon.engine.order import Item
from kupon.engine.values import NO_VALUE, Value


def parse(*included: Any, **members: Any) -> Applicability:
    return parse_applicability({"included": list(included), **members}, ".applicable_to")


def entry(**members: Any) -> Entry:
    (only,) = parse({"id": "x", **members}).included
    return only


@pytest.mark.parametrize(
    "definition",
    [
        pytest.param(None, id="null"),
        pytest.param({}, id="empty"),
        pytest.param({"included": [], "excluded": None, "included_all": False}, id="no entry"),
        pytest.param({"included": {"data": [], "total": 0, "object": "list"}}, id="as answered"),
    ],
)
def test_without_entries_everything_is_meant(definition: Any) -> None:
    lists = parse_applicability(definition, ".applicable_to")
    assert lists is EVERYTHING
    assert not lists.has_lists


def test_an_entry_with_everything() -> None:
    sent = {
        "object": "product",
        "id": "prod_1",
        "source_id": "P1",
        "strict": False,
        "effect": "APPLY_FROM_CHEAPEST",
        "target": "UNIT",
        "skip_initially": 1,
        "repeat": 3,
        "quantity_limit": 2,
        "aggregated_quantity_limit": 5,
        "amount_limit": 100,
        "aggregated_amount_limit": 400,
        "price": 800,
    }
    answered = {**sent, "order_item_indices": [0], "order_item_units": [], "product_id": None}
    assert entry(**answered) == Entry(
        object="product",
        names=frozenset(("prod_1", "P1")),
        id="prod_1",
        echo=sent,
        effect="APPLY_FROM_CHEAPEST",
        is_by_unit=True,
        skip_initially=1,
        repeat=3,
        quantity_limit=Value(2),
        aggregated_quantity_limit=Value(5),
        amount_limit=Value(100),
        aggregated_amount_limit=Value(400),
        price=Value(800),
    )


def test_an_entry_with_nothing_covers_whole_lines() -> None:
    bare = entry(object="products_collection")
    assert bare.covers_whole_lines
    assert (bare.effect, bare.is_by_unit, bare.is_strict) == ("APPLY_TO_EVERY", False, False)
    assert bare.quantity_limit is bare.price is NO_VALUE
    assert bare.echo == {
        "object": "products_collection",
        "id": "x",
        "strict": False,
        "effect": "APPLY_TO_EVERY",
    }


@pytest.mark.parametrize(
    "settings", [{"effect": "APPLY_TO_CHEAPEST"}, {"skip_initially": 1}, {"repeat": 2}]
)
def test_ranking_and_skipping_cover_parts(settings: Any) -> None:
    assert not entry(object="product", **settings).covers_whole_lines


def test_an_entry_by_its_source_id() -> None:
    (only,) = parse({"object": "sku", "source_id": "S1"}).included
    assert (only.id, only.names) == ("S1", frozenset(("S1",)))
    # A SKU is never another one.
    assert only.is_strict
    assert only.echo["strict"] is True


def test_skus_come_before_products_and_those_before_collections() -> None:
    sent = [
        collection("c"),
        product("p"),
        {"object": "sku", "id": "s"},
        product("q"),
    ]
    lists = parse(*sent)
    assert [each.id for each in lists.included] == ["s", "p", "q", "c"]
    assert [each.id for each in lists.listed] == ["c", "p", "s", "q"]
    assert lists.has_lists


def test_excluded_alone_makes_lists_and_everything_makes_none() -> None:
    assert parse(excluded=[product("p")]).has_lists
    everything = parse(included_all=True)
    assert everything.is_all_included
    assert everything is not EVERYTHING
    assert not everything.has_lists


@pytest.mark.parametrize(
    ("members", "path", "text"),
    [
        pytest.param({"included": "p"}, ".included", "must be array", id="no list"),
        pytest.param({"excluded": [1]}, ".excluded[0]", "must be object", id="no entry"),
        pytest.param({"included_all": "yes"}, ".included_all", "must be boolean", id="no flag"),
        pytest.param(
            {"included": [{"id": "p"}]},
            ".included[0]",
            "should have required property 'object'",
            id="no object",
        ),
        pytest.param(
            {"included": [product("p"), {"object": "product"}]},
            ".included[1]",
            "should have required property 'id'",
            id="no id",
        ),
        pytest.param(
            {"included": [{"object": "brand", "id": "b"}]},
            ".included[0].object",
            "must be equal to one of the allowed values: product, sku, products_collection",
            id="another object",
        ),
        pytest.param(
            {"included": [product("p", target="HALF")]},
            ".included[0].target",
            "must be equal to one of the allowed values: ITEM, UNIT",
            id="another target",
        ),
        pytest.param(
            {"included": [product("p", repeat=0)]}, ".included[0].repeat", "must be >= 1", id="0"
        ),
        pytest.param(
            {"included": [product("p", price_formula="(")]},
            ".included[0].price_formula",
            "is not a valid formula: unexpected end at character 2",
            id="formula",
        ),
        *(
            pytest.param(
                {"included": [product("p", **{f"{name}{suffix}": "1"})]},
                f".included[0].{name}{suffix}",
                "is not supported yet",
                id=f"{name}{suffix}",
            )
            for name in BUDGETS
            for suffix in ("", "_formula")
        ),
    ],
)
def test_refused(members: Mapping[str, Any], path: str, text: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        parse_applicability(members, ".applicable_to", "invalid_validation_rules")
    error = caught.value
    assert error.path == f".applicable_to{path}"
    assert error.text == text
    assert error.key == "invalid_validation_rules"


PRODUCT = Item(product_id="p", source_id="P", related_object="product")
SKU = Item(sku_id="s", product_id="p", sku={"source_id": "S"})


@pytest.mark.parametrize(
    ("definition", "is_product", "is_sku"),
    [
        pytest.param({"object": "product", "id": "p"}, True, True, id="product with its SKUs"),
        pytest.param({"object": "product", "id": "p", "strict": True}, True, False, id="strict"),
        pytest.param({"object": "product", "id": "P"}, True, False, id="by source id"),
        pytest.param({"object": "sku", "id": "s"}, False, True, id="SKU"),
        pytest.param({"object": "sku", "source_id": "S"}, False, True, id="SKU by source id"),
        pytest.param({"object": "sku", "id": "p"}, False, False, id="a SKU of the product's id"),
        pytest.param({"object": "product", "id": "s"}, False, False, id="a product of the SKU's"),
        pytest.param(collection("c"), True, True, id="collection"),
        pytest.param(collection("unknown"), False, False, id="unknown collection"),
        pytest.param(collection(ALL_PRODUCTS), True, True, id="all products"),
    ],
)
def test_matches(definition: Any, is_product: bool, is_sku: bool) -> None:
    known = (collections(c=["p"]), NO_SURROUNDINGS)
    included, excluded = parse(definition), parse(excluded=[definition])
    for finder in (included.inclusion, excluded.exclusion):
        assert (finder.find(PRODUCT, *known) is not None) is is_product
        assert (finder.find(SKU, *known) is not None) is is_sku


def test_the_first_entry_of_the_surest_kind_names_a_line() -> None:
    settings = {"effect": "APPLY_TO_CHEAPEST"}
    sent = [collection("c"), collection("d", **settings), product("P", strict=True), product("p")]
    sent += [product("p", **settings), {"object": "sku", "id": "S"}, {"object": "sku", "id": "s"}]
    known = (collections(c=["x"], d=["x", "p"]), NO_SURROUNDINGS)

    def found(item: Item, *entries: dict[str, Any]) -> dict[str, Any] | None:
        entry = parse(*entries).inclusion.find(item, *known)
        return None if entry is None else {name: entry.echo[name] for name in ("id", "effect")}

    assert found(SKU, *sent) == {"id": "S", "effect": "APPLY_TO_EVERY"}
    assert found(SKU, *sent[:5]) == {"id": "p", "effect": "APPLY_TO_EVERY"}
    assert found(SKU, *sent[:3]) == {"id": "d", "effect": "APPLY_TO_CHEAPEST"}
    assert found(PRODUCT, *sent) == {"id": "P", "effect": "APPLY_TO_EVERY"}
    assert found(PRODUCT, *sent[3:]) == {"id": "p", "effect": "APPLY_TO_EVERY"}
    assert found(PRODUCT, *sent[:1]) is None
    assert found(Item(product_id="x"), *sent) == {"id": "c", "effect": "APPLY_TO_EVERY"}


def test_lists_of_two_rules_are_put_together() -> None:
    first = parse(collection("c"), excluded=[product("x")])
    second = parse(product("p"), excluded=[product("y")], included_all=True)
    both = first.joined(second)
    assert [each.id for each in both.included] == ["p", "c"]
    assert [each.id for each in both.listed] == ["c", "p"]
    assert [each.id for each in both.excluded] == ["x", "y"]
    assert both.is_all_included
    assert EVERYTHING.joined(EVERYTHING) is EVERYTHING
