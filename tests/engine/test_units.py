"""Free units in a cart: found, added, made free, put in the place of other ones."""

from __future__ import annotations

from typing import Any

import pytest
from tests.engine.asking import (
    EVERY_PRODUCT,
    article,
    cart,
    collections,
    line,
    listed,
    product,
)

from kupon.engine.discounts import parse_discount
from kupon.engine.discounts.unit import SHIPPING
from kupon.engine.figures import earlier_items, figures, item_figures
from kupon.engine.order import Order, Replacement
from kupon.engine.situation import Applied, Article, Situation

ARTICLES = [
    article("a", 1000),
    article("b", 2500),
    article("cheap", 300),
    article("unpriced"),
    article(SHIPPING, 700),
    Article(kind="product", id="prod_s", source_id="SOURCE", price=400, product={"name": "Tea"}),
    Article(kind="sku", id="s", product_id="b", price=2600, product={"id": "b"}, sku={"id": "s"}),
]
Line = tuple[int | None, int | None, int | None, int, int]


def applied(definition: Any, order: Order, *included: Any, **facts: Any) -> Applied:
    situation = Situation(
        applicability=listed(*included).applicable_to,
        articles={name: each for each in ARTICLES for name in each.names},
        collections=collections(ab=["a", "b"]),
        **facts,
    )
    outcome = parse_discount({"type": "UNIT", **definition}).apply(order, situation)
    assert isinstance(outcome, Applied)
    return outcome


def apply(definition: Any, order: Order, *included: Any, **facts: Any) -> Order:
    return applied(definition, order, *included, **facts).order


def lines(order: Order) -> list[Line]:
    """Of each line: units, amount, what the client sent, discount, free units."""
    return [
        (
            item.quantity,
            item.amount,
            item.initial_quantity,
            item.discount_amount,
            item.discount_quantity,
        )
        for item in order.items
    ]


def unit(effect: str, unit_off: int, unit_type: str) -> dict[str, Any]:
    return {"effect": f"ADD_{effect}_ITEMS", "unit_off": unit_off, "unit_type": unit_type}


TWO = cart(line("a", 2, 1000), line("x", 1, 500))


@pytest.mark.parametrize(
    ("definition", "order", "after", "amount"),
    [
        pytest.param(
            unit("NEW", 3, "a"), TWO, [(5, 5000, 2, 3000, 3), (1, 500, 1, 0, 0)], 5500, id="new"
        ),
        pytest.param(
            unit("NEW", 2, "b"),
            TWO,
            [(2, 2000, 2, 0, 0), (1, 500, 1, 0, 0), (2, 5000, 0, 5000, 2)],
            7500,
            id="new, of what is not in the cart",
        ),
        pytest.param(
            unit("MISSING", 3, "a"),
            TWO,
            [(3, 3000, 2, 3000, 3), (1, 500, 1, 0, 0)],
            3500,
            id="missing: what is there becomes free",
        ),
        pytest.param(
            unit("MISSING", 1, "a"),
            TWO,
            [(2, 2000, 2, 1000, 1), (1, 500, 1, 0, 0)],
            2500,
            id="missing: enough is there",
        ),
        pytest.param(
            unit("MISSING", 1, "b"),
            TWO,
            [(2, 2000, 2, 0, 0), (1, 500, 1, 0, 0), (1, 2500, 0, 2500, 1)],
            5000,
            id="missing altogether",
        ),
        pytest.param(
            unit("MISSING", 2, "a"),
            cart(line("a", 3, 1000, discount_quantity=2, discount_amount=2000)),
            [(4, 4000, 3, 4000, 4)],
            4000,
            id="D17, free units do not count as there",
        ),
        pytest.param(
            unit("NEW", 1, "a"),
            cart(line("a", 1, 1000, discount_amount=800)),
            [(2, 2000, 1, 1800, 1)],
            2000,
            id="D16, less is gained where something is off",
        ),
        pytest.param(
            unit("MISSING", 1, "a"),
            cart(line("a", 1, 1000, discount_amount=800)),
            [(1, 1000, 1, 1000, 1)],
            1000,
            id="D16, never more off than the line",
        ),
        pytest.param(
            unit("SAME", 2, "a"),
            cart(line("a"), line("x"), line("a", 1, 900)),
            [(3, 3000, 1, 2000, 2), (1, 1000, 1, 0, 0), (3, 2700, 1, 1800, 2)],
            6700,
            id="the same, on every line of a product",
            marks=pytest.mark.uncertain,
        ),
        pytest.param(
            unit("SAME", 1, "ab"),
            cart(line("a"), line("x"), line("b", 2, 2500)),
            [(2, 2000, 1, 1000, 1), (1, 1000, 1, 0, 0), (3, 7500, 2, 2500, 1)],
            10_500,
            id="the same, of a collection",
            marks=pytest.mark.uncertain,
        ),
        pytest.param(
            {"effect": "ADD_MANY_ITEMS", "units": [unit("NEW", 1, "a"), unit("MISSING", 1, "a")]},
            TWO,
            [(3, 3000, 2, 2000, 2), (1, 500, 1, 0, 0)],
            3500,
            id="many, one after the other",
        ),
        pytest.param(
            {"unit_off": 1, "unit_type": SHIPPING},
            TWO,
            [(2, 2000, 2, 0, 0), (1, 500, 1, 0, 0), (1, 700, 0, 700, 1)],
            3200,
            id="D07, shipping",
        ),
        pytest.param(
            {"unit_off": 1, "unit_type": SHIPPING},
            cart(line("a"), line(SHIPPING, 1, 900)),
            [(1, 1000, 1, 0, 0), (1, 900, 1, 900, 1)],
            1900,
            id="shipping that is in the cart",
        ),
        pytest.param(
            unit("NEW", 2, "unpriced"),
            TWO,
            [(2, 2000, 2, 0, 0), (1, 500, 1, 0, 0), (2, None, 0, 0, 2)],
            2500,
            id="D05, without price",
        ),
        pytest.param(
            unit("NEW", 1, "nobody knows"),
            cart(amount=100),
            [(1, None, 0, 0, 1)],
            100,
            id="D05, outside the catalogue",
        ),
        pytest.param(
            unit("NEW", 1, "b"), cart(), [(1, 2500, 0, 2500, 1)], 2500, id="nothing in the cart"
        ),
        pytest.param(
            unit("NEW", 2, "a"),
            cart(line("a", 1, None)),
            [(3, 2000, 1, 2000, 2)],
            2000,
            id="a line without price gets the catalogue's",
        ),
        pytest.param(
            unit("NEW", 1, "a"),
            cart(line("a", 2, None, amount=1501)),
            [(3, 2252, 2, 751, 1)],
            2252,
            id="a line's price from its amount",
        ),
        pytest.param(
            unit("MISSING", 2, "a"),
            cart(line("a", None, None, amount=600)),
            [(2, 1800, None, 1200, 2)],
            1800,
            id="a line of unknown quantity has no units",
        ),
        pytest.param(
            unit("MISSING", 2, "a"),
            cart(line("a", 1), line("a", 2, 900)),
            [(1, 1000, 1, 1000, 1), (2, 1800, 2, 900, 1)],
            2800,
            id="several lines, the earliest free first",
            marks=pytest.mark.uncertain,
        ),
        pytest.param(
            unit("MISSING", 1, "a"),
            cart(line("a", 1, discount_amount=1000, discount_quantity=1), line("a", 2, 900)),
            [(1, 1000, 1, 1000, 1), (2, 1800, 2, 900, 1)],
            2800,
            id="several lines, one is free already",
        ),
        pytest.param(
            unit("MISSING", 5, "a"),
            cart(line("a", 1), line("a", 2, 900)),
            [(3, 3000, 1, 3000, 3), (2, 1800, 2, 1800, 2)],
            4800,
            id="several lines, the first grows",
            marks=pytest.mark.uncertain,
        ),
        pytest.param(
            unit("NEW", 1, "SOURCE"),
            cart({"source_id": "SOURCE", "related_object": "product", "quantity": 1, "price": 5}),
            [(2, 10, 1, 5, 1)],
            10,
            id="by source id",
        ),
        pytest.param(
            unit("NEW", 1, "prod_s"),
            cart({"source_id": "SOURCE", "related_object": "product", "quantity": 1, "price": 5}),
            [(2, 10, 1, 5, 1)],
            10,
            id="a line by source id, the article by id",
        ),
        pytest.param(
            unit("NEW", 1, "b"),
            cart(line("b", 1, 2500, sku_id="s")),
            [(1, 2500, 1, 0, 0), (1, 2500, 0, 2500, 1)],
            5000,
            id="a product is no SKU of its own",
            marks=pytest.mark.uncertain,
        ),
        pytest.param(
            unit("NEW", 1, "s"),
            cart(line("b", 1, 2500, sku_id="s")),
            [(2, 5000, 1, 2500, 1)],
            5000,
            id="a SKU at its line's price",
        ),
    ],
)
def test_added(definition: Any, order: Order, after: list[Line], amount: int) -> None:
    given = apply(definition, order)
    assert lines(given) == after
    assert given.amount == amount
    assert given.initial_amount == order.initial_amount
    assert given.differs_from(order)


def test_bundles_multiply_units() -> None:
    assert apply(unit("NEW", 2, "a"), cart(amount=0), multiplier=3).items[0].quantity == 6
    many = {"effect": "ADD_MANY_ITEMS", "units": [unit("NEW", 1, "a"), unit("NEW", 2, "b")]}
    added = apply(many, cart(amount=0), multiplier=2)
    assert [item.quantity for item in added.items] == [2, 4]


@pytest.mark.parametrize("effect", ["NEW", "MISSING", "SAME"])
def test_no_units_change_nothing(effect: str) -> None:
    outcome = applied({**unit(effect, 0, "b"), "unit_off_formula": "ORDER_AMOUNT / 1000"}, TWO)
    assert outcome.order is TWO
    assert outcome.values == {"unit_off": 0}


def test_formulas_give_units() -> None:
    formula = {"unit_off_formula": "ORDER_UNITS_QUANTITY"}
    assert applied({**unit("NEW", 0, "a"), **formula}, TWO).values == {"unit_off": 3}
    many = {
        "effect": "ADD_MANY_ITEMS",
        "units": [{**unit("NEW", 0, "a"), **formula}, {**unit("NEW", 0, "b"), **formula}],
    }
    # The second one counts what the first one has added.
    assert applied(many, TWO).values == {"units": [3, 6]}


def test_nothing_was_taken_off_a_line_without_price() -> None:
    order = apply(unit("NEW", 1, "unpriced"), cart(amount=100))
    assert not order.has_item_discount
    assert order.total_amount == 100


def test_an_appended_line_knows_its_article() -> None:
    (product_line,) = apply(unit("NEW", 1, "prod_s"), cart()).items
    assert (product_line.product_id, product_line.sku_id) == ("prod_s", None)
    assert (product_line.source_id, product_line.related_object) == ("SOURCE", "product")
    assert product_line.product == product_line.product_facts == {"name": "Tea"}
    assert product_line.sku is None
    (sku_line,) = apply(unit("NEW", 1, "s"), cart()).items
    assert (sku_line.product_id, sku_line.sku_id, sku_line.price) == ("b", "s", 2600)
    assert sku_line.is_sku
    assert sku_line.sku == sku_line.sku_facts == {"id": "s"}


def test_figures_of_units() -> None:
    order = apply(unit("NEW", 3, "a"), TWO)
    grown, untouched = [item_figures(*pair) for pair in earlier_items(order, TWO)]
    assert grown == {
        "quantity": 5,
        "initial_quantity": 2,
        "price": 1000,
        "discount_quantity": 3,
        "applied_discount_quantity": 3,
        "applied_quantity": 3,
        "applied_quantity_amount": 3000,
        "amount": 5000,
        "initial_amount": 2000,
        "discount_amount": 3000,
        "applied_discount_amount": 3000,
        "subtotal_amount": 2000,
    }
    assert "applied_quantity" not in untouched
    assert figures(order, since=TWO) == {
        "amount": 5500,
        "initial_amount": 2500,
        "items_discount_amount": 3000,
        "items_applied_discount_amount": 3000,
        "total_discount_amount": 3000,
        "total_applied_discount_amount": 3000,
        "total_amount": 2500,
    }


def replace(unit_type: str, unit_off: int = 1) -> dict[str, Any]:
    return {"effect": "REPLACE_ITEMS", "unit_off": unit_off, "unit_type": unit_type}


A = product("a")


@pytest.mark.parametrize(
    ("definition", "included", "facts", "after", "amount", "bonus"),
    [
        pytest.param(
            replace("b"),
            [A],
            {},
            [(0, 0, 2, 0, 0), (1, 500, 1, 0, 0), (2, 5000, 0, 3000, 0)],
            5500,
            3000,
            id="D21, dearer: the difference is a bonus",
        ),
        pytest.param(
            replace("cheap"),
            [A],
            {},
            [(0, 0, 2, 0, 0), (1, 500, 1, 0, 0), (2, 600, 0, 0, 0)],
            1100,
            0,
            id="D22, cheaper: the total falls",
        ),
        pytest.param(
            replace("b"),
            [product("a", quantity_limit=1)],
            {},
            [(1, 1000, 2, 0, 0), (1, 500, 1, 0, 0), (1, 2500, 0, 1500, 0)],
            4000,
            1500,
            id="limited",
        ),
        pytest.param(
            replace("b"),
            [product("a", quantity_limit=1)],
            {"multiplier": 2},
            [(0, 0, 2, 0, 0), (1, 500, 1, 0, 0), (2, 5000, 0, 3000, 0)],
            5500,
            3000,
            id="limited per bundle",
        ),
        pytest.param(
            replace("cheap", 4),
            [{**A, "target": "UNIT", "effect": "APPLY_TO_CHEAPEST"}],
            {},
            [(1, 1000, 2, 0, 0), (1, 500, 1, 0, 0), (4, 1200, 0, 200, 0)],
            2700,
            200,
            id="several for one",
        ),
        pytest.param(
            replace("x"),
            [A],
            {},
            [(0, 0, 2, 0, 0), (3, 1500, 1, 0, 0)],
            1500,
            0,
            id="by what is in the cart",
        ),
        pytest.param(
            replace("unpriced"),
            [A],
            {},
            [(0, 0, 2, 0, 0), (1, 500, 1, 0, 0), (2, None, 0, 0, 0)],
            500,
            0,
            id="by what has no price",
        ),
    ],
)
@pytest.mark.uncertain
def test_replaced(
    definition: Any, included: Any, facts: Any, after: list[Line], amount: int, bonus: int
) -> None:
    order = apply(definition, TWO, *included, **facts)
    assert lines(order) == after
    assert order.amount == amount
    assert order.total_discount_amount == bonus
    (told,) = [each for item in order.items for each in item.replacements]
    gone, added = -told.source_applied_quantity, told.target_applied_quantity
    assert added == gone * definition["unit_off"]
    assert told.target_applied_discount_amount == bonus
    target, source = told.target_applied_quantity_amount, -told.source_applied_quantity_amount
    assert amount == 2500 + target - source
    assert bonus == max(0, target - source)


def test_replacements_are_told_line_by_line() -> None:
    order = cart(line("a", 2, 1000), line("x", 3, 500), line("b", 1, 2400))
    every = [product("a"), product("x", quantity_limit=1)]
    after = apply(replace("b"), order, *every)
    (target,) = [item for item in after.items if item.replacements]
    assert target.replacements == (
        Replacement(0, -2, -2000, 2, 2, 4800, 2800),
        Replacement(1, -1, -500, 2, 1, 2400, 1900),
    )
    printed = item_figures(after.items[2], order.items[2])
    assert printed["application_details"] == [
        {
            "source_index": 0,
            "source_applied_quantity": -2,
            "source_applied_quantity_amount": -2000,
            "target_index": 2,
            "target_applied_quantity": 2,
            "target_applied_quantity_amount": 4800,
            "target_applied_discount_amount": 2800,
        },
        {
            "source_index": 1,
            "source_applied_quantity": -1,
            "source_applied_quantity_amount": -500,
            "target_index": 2,
            "target_applied_quantity": 1,
            "target_applied_quantity_amount": 2400,
            "target_applied_discount_amount": 1900,
        },
    ]
    assert item_figures(after.items[0], order.items[0])["applied_quantity"] == -2
    # Another request's answer has its own details only.
    assert "application_details" not in item_figures(after.items[2], after.items[2])
    # x is left with 2 of 3 units, and comes down to a bonus of what the dearer ones cost more.
    assert after.total_amount == order.total_amount


def test_a_replaced_line_keeps_no_discount_of_units_that_are_gone() -> None:
    sent = line("a", 2, 1000, discount_amount=1500, discount_quantity=2)
    order = cart(sent)
    after = apply(replace("cheap"), order, product("a", quantity_limit=1))
    assert lines(after)[0] == (1, 1000, 2, 1000, 1)
    printed = item_figures(after.items[0], order.items[0])
    assert printed["applied_discount_amount"] == -500
    assert printed["applied_discount_quantity"] == -1
    gone = apply(replace("cheap"), order, product("a"))
    printed = item_figures(gone.items[0], order.items[0])
    # The sums over the lines need what came off the sum.
    assert (printed["discount_amount"], printed["applied_discount_amount"]) == (0, -1500)
    assert (printed["discount_quantity"], printed["applied_discount_quantity"]) == (0, -2)


def test_a_line_that_costs_less_than_its_units_never_goes_below_zero() -> None:
    order = cart(line("a", 2, 1000, amount=1001), line("u", None, None, amount=300))
    after = apply(replace("cheap"), order, product("a", quantity_limit=1), product("u"))
    assert [item.amount for item in after.items] == [500, 0, 600]
    assert [item.quantity for item in after.items] == [1, 0, 2]
    assert after.amount == 1100


@pytest.mark.parametrize(
    ("definition", "included"),
    [
        pytest.param(replace("b"), [product("z")], id="no line is named"),
        pytest.param(replace("b"), [product("a", quantity_limit=0)], id="no unit is left"),
        pytest.param({**replace("b", 0)}, [A], id="none instead"),
    ],
)
def test_nothing_is_replaced(definition: Any, included: Any) -> None:
    assert apply(definition, TWO, *included) is TWO


def test_a_line_without_units_is_not_replaced() -> None:
    order = cart(line("a", 0, 1000))
    assert apply(replace("b"), order, EVERY_PRODUCT) is order


def test_a_unit_that_replaces_itself_is_told_all_the_same() -> None:
    after = apply(replace("a"), TWO, A)
    assert lines(after) == lines(TWO)
    assert len(item_figures(after.items[0], TWO.items[0])["application_details"]) == 1
