"""What answers tell of product lists: the entries, the lines and the units that they cover."""

from __future__ import annotations

from typing import Any

import pytest
from tests.engine.asking import cart, collection, collections, line, listed, product

from kupon.engine.applicability import EVERYTHING, Applicability
from kupon.engine.judging import covered_lines
from kupon.engine.order import Order
from kupon.engine.reporting import applicable_entries, inapplicable_entries
from kupon.engine.situation import PLAIN, Situation

RED = {"object": "sku", "id": "sku_red", "source_id": "RED"}
TEA = {"id": "tea", "source_id": "TEA", "name": "Tea"}
CART = cart(
    line("mug", 2),
    line("tea", 3, 500, product=TEA, sku_id="sku_red", sku={"source_id": "RED"}),
    {"source_id": "UNKNOWN", "related_object": "product", "quantity": 1, "price": 100},
)


def entries(*included: Any, order: Order = CART, **lists: Any) -> list[dict[str, Any]]:
    applicability = listed(*included, **lists).applicable_to
    situation = Situation(
        applicability=applicability,
        collections=collections(warm=["mug", "tea", "UNKNOWN"], cold=["ice"]),
    )
    return applicable_entries(applicability, covered_lines(order, situation), order)


def told(*lines: tuple[int, list[int]]) -> dict[str, Any]:
    return {
        "order_item_indices": [index for index, _ in lines],
        "order_item_units": [{"index": index, "units": units} for index, units in lines],
    }


EVERY = {"effect": "APPLY_TO_EVERY"}


def test_without_lists_nothing_is_told() -> None:
    assert covered_lines(CART, PLAIN) == ()
    assert applicable_entries(EVERYTHING, (), CART) == []
    assert inapplicable_entries(EVERYTHING) == []


def test_a_product_with_its_line() -> None:
    assert entries(product("mug", strict=True, quantity_limit=1)) == [
        {**product("mug"), "strict": True, "quantity_limit": 1, **EVERY, **told((0, [1, 2]))}
    ]


def test_entries_that_cover_nothing_are_told_without_lines() -> None:
    assert entries(product("ice"), collection("cold")) == [
        {**product("ice"), "strict": False, **EVERY},
        {**collection("cold"), "strict": False, **EVERY},
    ]


def test_entries_stand_as_configured_though_a_sku_comes_first() -> None:
    assert entries(product("tea"), RED) == [
        {**product("tea"), "strict": False, **EVERY},
        {**RED, "strict": True, **EVERY, **told((1, [1, 2, 3]))},
    ]


def test_a_collection_is_followed_by_the_articles_that_it_brought_in() -> None:
    settings = {
        "effect": "APPLY_FROM_CHEAPEST",
        "target": "UNIT",
        "skip_initially": 1,
        "repeat": 2,
        "quantity_limit": 4,
        "price_formula": "1",
    }
    configured, *articles = entries(collection("warm", **settings))
    # Ranked units: 1 for 1.00, 3 for 5.00, 2 for 10.00; the second, fourth and sixth are hit.
    assert configured == {
        **collection("warm", **settings),
        "strict": False,
        **told((1, [1, 3]), (0, [2])),
    }
    assert articles == [
        {
            "object": "sku",
            "id": "sku_red",
            "source_id": "RED",
            "product_id": "tea",
            "product_source_id": "TEA",
            "strict": True,
            **settings,
            **told((1, [1, 3])),
        },
        {"object": "product", "id": "mug", "strict": True, **settings, **told((0, [2]))},
    ]


def test_an_article_outside_the_catalogue_goes_by_its_source_id() -> None:
    order = cart(
        {"source_id": "UNKNOWN", "related_object": "product", "quantity": 1, "price": 100},
        {"sku": {"id": "sku_1"}, "quantity": 1, "price": 5, "product": {"source_id": "TEA"}},
    )
    anything = collection("pc_a11pr0dUc75")
    _, unknown, sku = entries(anything, order=order)
    assert (unknown["id"], unknown["source_id"]) == ("UNKNOWN", "UNKNOWN")
    assert (sku["id"], sku["product_source_id"]) == ("sku_1", "TEA")
    assert "product_id" not in sku
    assert "source_id" not in sku


def test_lines_that_no_entry_names_are_not_told() -> None:
    assert entries(product("mug"), all=True) == [
        {**product("mug"), "strict": False, **EVERY, **told((0, [1, 2]))}
    ]
    assert entries(all=True) == []


@pytest.mark.parametrize("count", [1000, 1001])
def test_units_are_listed_up_to_a_thousand(count: int) -> None:
    order = cart(line("mug", count - 1), line("ice", 1))
    (entry,) = entries(product("mug"), order=order)
    assert entry["order_item_indices"] == [0]
    (units,) = entry["order_item_units"]
    assert units["index"] == 0
    assert ("units" in units) == (count == 1000)
    assert units.get("units_limit_exceeded", False) is (count > 1000)


def test_excluded_entries_are_told_as_configured() -> None:
    lists: Applicability = listed(excluded=[product("mug"), RED]).applicable_to
    assert inapplicable_entries(lists) == [
        {**product("mug"), "strict": False, **EVERY},
        {**RED, "strict": True, **EVERY},
    ]
