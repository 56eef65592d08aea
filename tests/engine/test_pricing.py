"""What comes off an order and off its lines, by every kind and effect of money."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from tests.engine.asking import EVERY_PRODUCT, cart, line, listed, product

from kupon.engine.discounts import parse_discount
from kupon.engine.formulas import Operands
from kupon.engine.order import Order
from kupon.engine.situation import Applied, Situation

# Two for 10.00 each, three for 15.00 each; 35.00 in all, of which 3.00 are off the first line.
CART = cart(line("a", 2, 1000, discount_amount=300), line("b", 3, 1500), line("n", 1, None))


def off(definition: dict[str, Any], *included: Any, order: Order = CART, **facts: Any) -> list[int]:
    """What a discount takes off the order, and off each of its lines."""
    lists = listed(*included).applicable_to
    situation = Situation(applicability=lists, **facts)
    applied = parse_discount(definition).apply(order, situation)
    assert isinstance(applied, Applied)
    after = applied.order
    pairs = zip(after.items, order.items, strict=True)
    return [
        after.discount_amount - order.discount_amount,
        *(item.discount_amount - since.discount_amount for item, since in pairs),
    ]


EVERY = dict(EVERY_PRODUCT)
UNIT_2 = {**EVERY, "target": "UNIT", "skip_initially": 1, "repeat": 2}
ITEMS = {"effect": "APPLY_TO_ITEMS"}


def amount(effect: str, amount_off: int = 1000, **more: Any) -> dict[str, Any]:
    return {"type": "AMOUNT", "effect": effect, "amount_off": amount_off, **more}


def percent(percent_off: float = 10, **more: Any) -> dict[str, Any]:
    return {"type": "PERCENT", "percent_off": percent_off, **more}


def fixed(fixed_amount: int | None, **more: Any) -> dict[str, Any]:
    return {"type": "FIXED", "fixed_amount": fixed_amount, **more}


@pytest.mark.parametrize(
    ("definition", "facts", "taken"),
    [
        pytest.param(amount("APPLY_TO_ORDER"), {}, 1000, id="amount"),
        pytest.param(amount("APPLY_TO_ORDER"), {"multiplier": 3}, 3000, id="amount per bundle"),
        pytest.param(amount("APPLY_TO_ORDER", 9999), {}, 6200, id="amount, all that is left"),
        pytest.param(percent(), {}, 620, id="percent of what is left"),
        pytest.param(percent(), {"is_initial": True}, 650, id="percent of the initial amount"),
        pytest.param(percent(), {"multiplier": 3}, 1860, id="percent per bundle"),
        pytest.param(percent(40), {"multiplier": 3}, 6200, id="percent per bundle, at most all"),
        pytest.param(percent(amount_limit=600), {}, 600, id="percent, limited"),
        pytest.param(percent(amount_limit=9, aggregated_amount_limit=7), {}, 7, id="both limits"),
        pytest.param(percent(aggregated_amount_limit=0), {}, 0, id="percent, limited to nothing"),
        pytest.param(fixed(5000), {}, 1200, id="target"),
        pytest.param(fixed(5000), {"is_initial": True}, 1500, id="target of the initial amount"),
        pytest.param(fixed(5000), {"multiplier": 3}, 1200, id="target whatever the bundles"),
        pytest.param(fixed(7000), {}, 0, id="target above"),
        pytest.param(
            {"type": "FIXED", "fixed_amount_formula": 'ORDER_METADATA("x")'}, {}, 0, id="no target"
        ),
    ],
)
def test_off_the_order(definition: dict[str, Any], facts: Any, taken: int) -> None:
    assert off(definition, **facts) == [taken, 0, 0, 0]
    # The lists of a rule are only echoed where the effect says order.
    ordered = {"effect": "APPLY_TO_ORDER", **definition}
    assert off(ordered, product("a"), **facts) == [taken, 0, 0, 0]


@pytest.mark.parametrize(
    ("definition", "included", "facts", "taken"),
    [
        pytest.param(amount("APPLY_TO_ITEMS"), [], {}, [1000, 1000], id="once per line"),
        pytest.param(
            amount("APPLY_TO_ITEMS"), [], {"multiplier": 2}, [1700, 2000], id="once per bundle"
        ),
        pytest.param(
            amount("APPLY_TO_ITEMS", 9999), [], {}, [1700, 4500], id="no more than the line"
        ),
        pytest.param(
            amount("APPLY_TO_ITEMS", 1200),
            [{**EVERY, "target": "UNIT", "effect": "APPLY_TO_CHEAPEST"}],
            {},
            [1000, 0],
            id="no more than the covered units",
            marks=pytest.mark.uncertain,
        ),
        pytest.param(
            amount("APPLY_TO_ITEMS"),
            [{**EVERY, "quantity_limit": 0}],
            {},
            [1000, 1000],
            id="K14, quantity limits do not count",
        ),
        pytest.param(
            amount("APPLY_TO_ITEMS", aggregated_amount_limit=1500),
            [],
            {},
            [1000, 500],
            id="limited over all lines",
        ),
        pytest.param(
            amount("APPLY_TO_ITEMS"),
            [{**EVERY, "amount_limit": 800, "aggregated_amount_limit": 1500}],
            {},
            [800, 700],
            id="limited by the list",
        ),
        pytest.param(
            amount("APPLY_TO_ITEMS"),
            [
                {
                    **EVERY,
                    "amount_limit_formula": "ORDER_ITEM_PRICE / 2",
                    "aggregated_amount_limit_formula": "ORDER_AMOUNT / 5.2",
                }
            ],
            {},
            [500, 750],
            id="limited by formulas of the list",
        ),
        pytest.param(
            amount("APPLY_TO_ITEMS"),
            [
                {
                    **EVERY,
                    "amount_limit_formula": 'ORDER_METADATA("x")',
                    "aggregated_amount_limit_formula": 'ORDER_METADATA("x")',
                }
            ],
            {},
            [1000, 1000],
            id="limits that cannot be worked out",
        ),
        pytest.param(
            {**amount("APPLY_TO_ITEMS"), "amount_off_formula": "ORDER_ITEM_PRICE * 0.3"},
            [],
            {},
            [300, 450],
            id="a formula for each line",
        ),
        pytest.param(amount("APPLY_TO_ITEMS_BY_QUANTITY", 400), [], {}, [800, 1200], id="per unit"),
        pytest.param(
            amount("APPLY_TO_ITEMS_BY_QUANTITY", 1200), [], {}, [1700, 3600], id="at most the unit"
        ),
        pytest.param(
            amount("APPLY_TO_ITEMS_BY_QUANTITY", 400),
            [{**EVERY, "quantity_limit": 1}],
            {"multiplier": 2},
            [800, 800],
            id="per unit: bundles multiply the limits",
        ),
        pytest.param(
            amount("APPLY_TO_ITEMS_BY_QUANTITY", 400), [UNIT_2], {}, [400, 400], id="units 2, 4"
        ),
        pytest.param(
            {
                "type": "AMOUNT",
                "effect": "APPLY_TO_ITEMS_BY_QUANTITY",
                "amount_off_formula": 'ORDER_ITEM_METADATA("x")',
            },
            [],
            {},
            [0, 0],
            id="a formula without value for any line",
        ),
        pytest.param(
            amount("APPLY_TO_ITEMS_PROPORTIONALLY"), [], {}, [274, 726], id="split by subtotals"
        ),
        pytest.param(
            amount("APPLY_TO_ITEMS_PROPORTIONALLY"),
            [],
            {"is_initial": True},
            [308, 692],
            id="split by amounts",
        ),
        pytest.param(
            amount("APPLY_TO_ITEMS_PROPORTIONALLY"),
            [],
            {"multiplier": 2},
            [548, 1452],
            id="split per bundle",
        ),
        pytest.param(
            amount("APPLY_TO_ITEMS_PROPORTIONALLY"),
            [{**UNIT_2, "quantity_limit": 1}],
            {},
            [362, 638],
            id="split by the covered units' subtotals",
        ),
        pytest.param(
            amount("APPLY_TO_ITEMS_PROPORTIONALLY", 9999), [], {}, [1700, 4500], id="split of all"
        ),
        pytest.param(
            {
                **amount("APPLY_TO_ITEMS_PROPORTIONALLY"),
                "amount_off_formula": "ORDER_ITEM_PRICE / 2",
            },
            [],
            {},
            [274, 726],
            id="what is split is no line's: the fallback",
        ),
        pytest.param(
            amount("APPLY_TO_ITEMS_PROPORTIONALLY_BY_QUANTITY"),
            [],
            {},
            [400, 600],
            id="split by units",
        ),
        pytest.param(
            amount("APPLY_TO_ITEMS_PROPORTIONALLY_BY_QUANTITY", 5000),
            [],
            {},
            [1700, 3000],
            id="split by units, what is cut stays",
            marks=pytest.mark.uncertain,
        ),
        pytest.param(percent(**ITEMS), [], {}, [170, 450], id="percent of subtotals"),
        pytest.param(
            percent(**ITEMS), [], {"is_initial": True}, [200, 450], id="percent of amounts"
        ),
        pytest.param(percent(**ITEMS), [], {"multiplier": 2}, [340, 900], id="percent per bundle"),
        pytest.param(
            percent(**ITEMS, amount_limit=200, aggregated_amount_limit=300),
            [],
            {},
            [170, 130],
            id="percent, limited",
        ),
        pytest.param(
            percent(**ITEMS, amount_limit_formula="ORDER_ITEM_PRICE / 10"),
            [],
            {},
            [100, 150],
            id="percent, limited by a formula for each line",
        ),
        pytest.param(
            percent(**ITEMS),
            [{**EVERY, "quantity_limit": 1}],
            {"multiplier": 2},
            [170, 300],
            id="percent: bundles don't multiply the limits",
        ),
        pytest.param(percent(), [UNIT_2], {}, [85, 150], id="percent of units 2, 4"),
        pytest.param(
            {**percent(**ITEMS), "percent_off_formula": "ORDER_ITEM_UNITS_QUANTITY * 10"},
            [],
            {"multiplier": 2},
            [680, 2700],
            id="percent by a formula for each line",
        ),
        pytest.param(fixed(700, **ITEMS), [], {}, [300, 2400], id="new price"),
        pytest.param(
            fixed(700, **ITEMS), [], {"is_initial": True}, [600, 2400], id="new price for amounts"
        ),
        pytest.param(fixed(1200, **ITEMS), [], {}, [0, 900], id="new price above"),
        pytest.param(
            fixed(None, **ITEMS),
            [product("a", price=500), product("b", price_formula="ORDER_ITEM_PRICE / 3")],
            {},
            [700, 3000],
            id="new prices of the lists",
        ),
        pytest.param(
            fixed(700, **ITEMS), [product("a"), product("b", price=1400)], {}, [300, 300], id="both"
        ),
        pytest.param(fixed(None, **ITEMS), [], {}, [0, 0], id="no new price at all"),
        pytest.param(
            fixed(700),
            [{**EVERY, "quantity_limit": 1}],
            {"multiplier": 2},
            [300, 1600],
            id="new price: bundles multiply the limits",
        ),
        pytest.param(
            {**fixed(None, **ITEMS), "fixed_amount_formula": "ORDER_ITEM_PRICE / 2"},
            [],
            {},
            [700, 2250],
            id="new price by a formula for each line",
        ),
    ],
)
def test_off_the_lines(definition: Any, included: Any, facts: Any, taken: list[int]) -> None:
    if "effect" not in definition:
        assert included, "only lists make a discount without effect one of lines"
    assert off(definition, *included, **facts) == [0, *taken, 0]


@pytest.mark.parametrize(
    "definition",
    [amount("APPLY_TO_ITEMS"), percent(**ITEMS), fixed(1, **ITEMS)],
    ids=["amount", "percent", "target"],
)
def test_no_line_no_discount(definition: Any) -> None:
    situation = Situation(applicability=listed(product("z")).applicable_to)
    applied = parse_discount(definition).apply(CART, situation)
    assert isinstance(applied, Applied)
    assert applied.order is CART


def test_a_line_without_units_has_no_price_to_cut() -> None:
    empty = cart(line("a", 0, None, amount=900))
    assert off(amount("APPLY_TO_ITEMS_BY_QUANTITY"), order=empty) == [0, 0]
    assert off(fixed(1, **ITEMS), order=empty) == [0, 0]
    # It can only come out of a cart where somebody has set the amount.
    assert off(amount("APPLY_TO_ITEMS", 500), order=empty) == [0, 500]


def test_a_split_by_units_of_no_units_gives_nothing() -> None:
    empty = cart(line("a", 0, None, amount=900), line("b", 0, None, amount=900))
    assert off(amount("APPLY_TO_ITEMS_PROPORTIONALLY_BY_QUANTITY"), order=empty) == [0, 0, 0]


@pytest.mark.parametrize(
    ("definition", "values"),
    [
        pytest.param(amount("APPLY_TO_ORDER"), {"amount_off": 1000}, id="static"),
        pytest.param(
            {"type": "AMOUNT", "amount_off": 1, "amount_off_formula": "ORDER_AMOUNT / 4"},
            {"amount_off": 1625},
            id="amount",
        ),
        pytest.param(
            {"type": "AMOUNT", "amount_off": 7, "amount_off_formula": "ORDER_ITEM_PRICE"},
            {"amount_off": 7},
            id="amount of each line: the fallback",
        ),
        pytest.param(
            {"type": "PERCENT", "percent_off_formula": "ORDER_ITEMS_QUANTITY * 2.5"},
            {"percent_off": Decimal("7.5")},
            id="percent",
        ),
        pytest.param(
            {"type": "PERCENT", "percent_off_formula": 'ORDER_METADATA("x")'},
            {"percent_off": Decimal(0)},
            id="percent without fallback",
        ),
        pytest.param(
            {"type": "FIXED", "fixed_amount_formula": "ORDER_AMOUNT - 50"},
            {"fixed_amount": 1500},
            id="target",
        ),
        pytest.param(fixed(None, **ITEMS), {}, id="targets of lists"),
    ],
)
def test_what_formulas_came_to(definition: Any, values: Any) -> None:
    situation = Situation(operands=lambda: Operands(order=CART), multiplier=2)
    applied = parse_discount(definition).apply(CART, situation)
    assert isinstance(applied, Applied)
    assert applied.values == values
