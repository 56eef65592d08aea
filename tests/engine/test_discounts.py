"""Definitions of discounts: what is read, what is refused and in which words."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from kupon.engine.discounts import STANDARD_KINDS, DefinitionError, Discount, parse_discount
from kupon.engine.discounts.amount import AmountDiscount
from kupon.engine.discounts.fixed import FixedDiscount
from kupon.engine.discounts.percent import PercentDiscount
from kupon.engine.discounts.replacing import ReplaceDiscount
from kupon.engine.discounts.unit import SHIPPING, Grant, UnitDiscount
from kupon.engine.formulas import parse_formula
from kupon.engine.order import Order
from kupon.engine.registry import DuplicateEntry, Registry
from kupon.engine.situation import PLAIN, Applied, Situation
from kupon.engine.values import Value


@pytest.mark.parametrize(
    ("definition", "discount"),
    [
        pytest.param(
            {"type": "AMOUNT", "amount_off": 1000},
            AmountDiscount(effect=None, amount_off=Value(1000)),
            id="a missing effect is left to the product lists",
        ),
        pytest.param(
            {"type": "AMOUNT", "amount_off": "1000.0", "effect": None, "is_dynamic": False},
            AmountDiscount(effect=None, amount_off=Value(1000)),
            id="numbers as text, null as absent, unknown members ignored",
        ),
        pytest.param(
            {
                "type": "AMOUNT",
                "amount_off": 10.0,
                "effect": "APPLY_TO_ITEMS",
                "aggregated_amount_limit": "70",
                "amount_off_formula": None,
            },
            AmountDiscount(
                effect="APPLY_TO_ITEMS", amount_off=Value(10), aggregated_amount_limit=Value(70)
            ),
            id="amount off items",
        ),
        pytest.param(
            {"type": "PERCENT", "percent_off": 2.5},
            PercentDiscount(effect=None, percent_off=Value(Decimal("2.5"))),
            id="percent through its decimal text",
        ),
        pytest.param(
            {
                "type": "PERCENT",
                "percent_off": "100",
                "amount_limit": 1,
                "aggregated_amount_limit": 0,
                "effect": "APPLY_TO_ITEMS",
            },
            PercentDiscount(
                effect="APPLY_TO_ITEMS",
                percent_off=Value(Decimal(100)),
                amount_limit=Value(1),
                aggregated_amount_limit=Value(0),
            ),
            id="percent with limits",
        ),
        pytest.param(
            {"type": "PERCENT", "percent_off": Decimal("0.10")},
            PercentDiscount(effect=None, percent_off=Value(Decimal("0.10"))),
            id="percent as a decimal",
        ),
        pytest.param(
            {"type": "FIXED", "fixed_amount": 2**53 - 1},
            FixedDiscount(effect=None, fixed_amount=Value(2**53 - 1)),
            id="the largest number",
        ),
        pytest.param(
            {"type": "FIXED", "fixed_amount": 0, "effect": "APPLY_TO_ITEMS"},
            FixedDiscount(effect="APPLY_TO_ITEMS", fixed_amount=Value(0)),
            id="new price of nothing",
        ),
        pytest.param(
            {"type": "FIXED", "effect": "APPLY_TO_ITEMS"},
            FixedDiscount(effect="APPLY_TO_ITEMS"),
            id="new prices in the product lists",
        ),
        pytest.param(
            {"type": "UNIT", "unit_off": 1.0, "unit_type": "p"},
            UnitDiscount(
                effect="ADD_NEW_ITEMS",
                grants=(Grant(effect="ADD_NEW_ITEMS", unit_off=Value(1), unit_type="p"),),
            ),
            id="units are new ones",
            marks=pytest.mark.uncertain,
        ),
        pytest.param(
            {"type": "UNIT", "unit_off": 1, "unit_type": SHIPPING},
            UnitDiscount(
                effect="ADD_MISSING_ITEMS",
                grants=(Grant(effect="ADD_MISSING_ITEMS", unit_off=Value(1), unit_type=SHIPPING),),
            ),
            id="shipping is added where it is missing",
            marks=pytest.mark.uncertain,
        ),
        pytest.param(
            {
                "type": "UNIT",
                "effect": "ADD_MANY_ITEMS",
                "units": [
                    {"unit_off": 2, "unit_type": "p", "effect": "ADD_MISSING_ITEMS"},
                    {"unit_off": 3, "unit_type": "q"},
                ],
            },
            UnitDiscount(
                effect="ADD_MANY_ITEMS",
                grants=(
                    Grant(effect="ADD_MISSING_ITEMS", unit_off=Value(2), unit_type="p"),
                    Grant(effect="ADD_NEW_ITEMS", unit_off=Value(3), unit_type="q"),
                ),
            ),
            id="many units",
        ),
        pytest.param(
            {"type": "UNIT", "effect": "REPLACE_ITEMS", "unit_off": 1, "unit_type": "p"},
            ReplaceDiscount(unit_off=Value(1), unit_type="p"),
            id="other units",
            marks=pytest.mark.uncertain,
        ),
    ],
)
def test_read(definition: dict[str, Any], discount: Discount) -> None:
    parsed = parse_discount(definition)
    assert parsed == discount
    assert parsed.type == definition["type"]
    for name in ("amount_off", "percent_off", "fixed_amount", "unit_off", "unit_type", "units"):
        assert (name in parsed.members) or name not in definition


@pytest.mark.parametrize(
    ("definition", "articles"),
    [
        pytest.param({"unit_off": 1, "unit_type": "p"}, ("p",), id="one"),
        pytest.param(
            {"effect": "REPLACE_ITEMS", "unit_off": 1, "unit_type": "p"}, ("p",), id="another"
        ),
        pytest.param(
            {
                "effect": "ADD_MANY_ITEMS",
                "units": [{"unit_off": 1, "unit_type": name} for name in ("q", "p")],
            },
            ("q", "p"),
            id="many",
        ),
    ],
)
def test_units_name_the_articles_that_they_bring(definition: Any, articles: Any) -> None:
    parsed = parse_discount({"type": "UNIT", **definition})
    assert isinstance(parsed, UnitDiscount | ReplaceDiscount)
    assert parsed.unit_types == articles


def test_formulas_are_read_once_and_replace_what_is_required() -> None:
    parsed = parse_discount({"type": "AMOUNT", "amount_off_formula": "ORDER_AMOUNT / 10"})
    assert isinstance(parsed, AmountDiscount)
    assert parsed.amount_off.static is None
    assert parsed.amount_off.formula is parse_formula("ORDER_AMOUNT / 10", "")


@pytest.mark.parametrize(
    ("definition", "path", "text"),
    [
        pytest.param([], "", "must be object", id="no object"),
        pytest.param({}, "", "should have required property 'type'", id="no type"),
        pytest.param(
            {"type": "AMOUNT"}, "", "should have required property 'amount_off'", id="no amount"
        ),
        pytest.param(
            {"type": "PERCENT", "percent_off": None},
            "",
            "should have required property 'percent_off'",
            id="null percent",
        ),
        pytest.param(
            {"type": "FIXED"}, "", "should have required property 'fixed_amount'", id="no target"
        ),
        pytest.param(
            {"type": "GIFT"},
            ".type",
            "must be equal to one of the allowed values: AMOUNT, PERCENT, FIXED, UNIT",
            id="unknown type",
        ),
        pytest.param(
            {"type": ["AMOUNT"]},
            ".type",
            "must be equal to one of the allowed values: AMOUNT, PERCENT, FIXED, UNIT",
            id="type of another type",
        ),
        pytest.param(
            {"type": "UNIT", "unit_off": 1},
            "",
            "should have required property 'unit_type'",
            id="units of nothing",
        ),
        pytest.param(
            {"type": "UNIT", "unit_type": "p"},
            "",
            "should have required property 'unit_off'",
            id="no units",
        ),
        pytest.param(
            {"type": "UNIT", "effect": "REPLACE_ITEMS", "unit_off": 1},
            "",
            "should have required property 'unit_type'",
            id="other units of nothing",
        ),
        pytest.param(
            {"type": "UNIT", "effect": "REPLACE_ITEMS", "unit_type": "p"},
            "",
            "should have required property 'unit_off'",
            id="no other units",
        ),
        pytest.param(
            {"type": "UNIT", "unit_off": 1, "unit_type": ["p"]},
            ".unit_type",
            "must be string",
            id="article of another type",
        ),
        pytest.param(
            {"type": "UNIT", "unit_off": 1, "unit_type": "p", "effect": "APPLY_TO_ORDER"},
            ".effect",
            "must be equal to one of the allowed values: ADD_MISSING_ITEMS, ADD_NEW_ITEMS,"
            " ADD_SAME_ITEMS, ADD_MANY_ITEMS, REPLACE_ITEMS",
            id="effect of money on units",
        ),
        pytest.param(
            {"type": "UNIT", "effect": "ADD_MANY_ITEMS"},
            "",
            "should have required property 'units'",
            id="no list of units",
        ),
        *(
            pytest.param(
                {"type": "UNIT", "effect": "ADD_MANY_ITEMS", "units": listed},
                ".units",
                "must be a non-empty array",
                id=f"units are {listed!r}",
            )
            for listed in ([], "p", {})
        ),
        pytest.param(
            {"type": "UNIT", "effect": "ADD_MANY_ITEMS", "units": [7]},
            ".units[0]",
            "must be object",
            id="unit of another type",
        ),
        pytest.param(
            {
                "type": "UNIT",
                "effect": "ADD_MANY_ITEMS",
                "units": [{"unit_off": 1, "unit_type": "p", "effect": "ADD_MANY_ITEMS"}],
            },
            ".units[0].effect",
            "must be equal to one of the allowed values: ADD_MISSING_ITEMS, ADD_NEW_ITEMS,"
            " ADD_SAME_ITEMS",
            id="many in many",
        ),
        pytest.param(
            {"type": "PERCENT", "percent_off": 1, "effect": "APPLY_TO_ITEMS_BY_QUANTITY"},
            ".effect",
            "must be equal to one of the allowed values: APPLY_TO_ORDER, APPLY_TO_ITEMS",
            id="effect of another kind",
        ),
        pytest.param(
            {"type": "AMOUNT", "amount_off": 1, "effect": {}},
            ".effect",
            "must be equal to one of the allowed values: APPLY_TO_ORDER, APPLY_TO_ITEMS,"
            " APPLY_TO_ITEMS_PROPORTIONALLY, APPLY_TO_ITEMS_PROPORTIONALLY_BY_QUANTITY,"
            " APPLY_TO_ITEMS_BY_QUANTITY",
            id="effect of another type",
        ),
        pytest.param(
            {"type": "AMOUNT", "amount_off": 1, "amount_off_formula": "1 +"},
            ".amount_off_formula",
            "is not a valid formula: unexpected end at character 4",
            id="formula",
        ),
        pytest.param(
            {"type": "AMOUNT", "amount_off": -1}, ".amount_off", "must be >= 0", id="negative"
        ),
        pytest.param(
            {"type": "AMOUNT", "amount_off": 2**53},
            ".amount_off",
            "must be <= 9007199254740991",
            id="too large",
        ),
        pytest.param(
            {"type": "AMOUNT", "amount_off": 1.5}, ".amount_off", "must be integer", id="half"
        ),
        pytest.param(
            {"type": "AMOUNT", "amount_off": float("inf")},
            ".amount_off",
            "must be integer",
            id="endless",
        ),
        pytest.param(
            {"type": "AMOUNT", "amount_off": True}, ".amount_off", "must be number", id="true"
        ),
        pytest.param(
            {"type": "AMOUNT", "amount_off": "1_000"}, ".amount_off", "must be number", id="text"
        ),
        pytest.param(
            {"type": "AMOUNT", "amount_off": "9" * 5000},
            ".amount_off",
            "must be number",
            id="text beyond all bounds",
        ),
        pytest.param(
            {"type": "FIXED", "fixed_amount": 1, "fixed_amount_formula": 1},
            ".fixed_amount_formula",
            "must be string",
            id="formula of a target",
        ),
        pytest.param(
            {"type": "PERCENT", "percent_off": 1, "percent_off_formula": "PRICE"},
            ".percent_off_formula",
            "is not a valid formula: unknown name 'PRICE' at character 1",
            id="formula of a percentage",
        ),
        pytest.param(
            {"type": "PERCENT", "percent_off": 1, "amount_limit": []},
            ".amount_limit",
            "must be number",
            id="limit of another type",
        ),
        pytest.param(
            {"type": "PERCENT", "percent_off": "ten"},
            ".percent_off",
            "must be number",
            id="percent in words",
        ),
        pytest.param(
            {"type": "PERCENT", "percent_off": False}, ".percent_off", "must be number", id="false"
        ),
        pytest.param(
            {"type": "PERCENT", "percent_off": float("nan")},
            ".percent_off",
            "must be number",
            id="not a number",
        ),
        pytest.param(
            {"type": "PERCENT", "percent_off": -0.5}, ".percent_off", "must be >= 0", id="below 0"
        ),
        pytest.param(
            {"type": "PERCENT", "percent_off": 100.01},
            ".percent_off",
            "must be <= 100",
            id="above 100",
        ),
    ],
)
def test_refused(definition: Any, path: str, text: str) -> None:
    # The engine's own kinds; plugins of this process may have put others beside them.
    own = {name: STANDARD_KINDS.find(name) for name in ("AMOUNT", "PERCENT", "FIXED", "UNIT")}
    with pytest.raises(DefinitionError) as caught:
        parse_discount(definition, ".voucher.discount", Registry("discount type", own))
    error = caught.value
    assert (error.path, error.text) == (f".voucher.discount{path}", text)
    assert error.details == f"Property .voucher.discount{path} {text}"
    assert error.key == "invalid_payload"


def test_refused_where_the_definition_is_the_whole_payload() -> None:
    with pytest.raises(DefinitionError) as caught:
        parse_discount({"type": "AMOUNT"}, "")
    assert caught.value.details == "Payload should have required property 'amount_off'"


class Nothing:
    """What a plugin's kind may look like."""

    type = "NOTHING"
    effect = "APPLY_TO_ORDER"
    members = ()

    def apply(self, order: Order, situation: Situation = PLAIN) -> Applied:
        return Applied(order=order)


def test_a_plugin_adds_a_kind_to_a_table_of_its_own() -> None:
    nothing = Nothing()
    # Whatever plugins this process has put there before.
    before = list(STANDARD_KINDS)
    assert before[:4] == ["AMOUNT", "PERCENT", "FIXED", "UNIT"]
    kinds = STANDARD_KINDS.extended("NOTHING", lambda _definition, _path: nothing)
    assert parse_discount({"type": "NOTHING"}, kinds=kinds) is nothing
    assert list(kinds) == [*before, "NOTHING"]
    assert list(STANDARD_KINDS) == before


def test_a_kind_cannot_be_replaced() -> None:
    with pytest.raises(DuplicateEntry, match="discount type AMOUNT is registered twice"):
        STANDARD_KINDS.extended("AMOUNT", lambda _definition, _path: Nothing())
