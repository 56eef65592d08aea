"""Definitions of discounts: what is read, what is refused and in which words."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from kupon.engine.discounts import STANDARD_KINDS, DefinitionError, Discount, parse_discount
from kupon.engine.discounts.amount import AmountDiscount
from kupon.engine.discounts.fixed import FixedDiscount
from kupon.engine.discounts.percent import PercentDiscount
from kupon.engine.order import Order
from kupon.engine.registry import DuplicateEntry


@pytest.mark.parametrize(
    ("definition", "discount"),
    [
        pytest.param(
            {"type": "AMOUNT", "amount_off": 1000},
            AmountDiscount(effect="APPLY_TO_ORDER", amount_off=1000),
            id="effect is the order where none is named",
        ),
        pytest.param(
            {"type": "AMOUNT", "amount_off": "1000.0", "effect": None, "is_dynamic": False},
            AmountDiscount(effect="APPLY_TO_ORDER", amount_off=1000),
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
            AmountDiscount(effect="APPLY_TO_ITEMS", amount_off=10, aggregated_amount_limit=70),
            id="amount off items",
        ),
        pytest.param(
            {"type": "PERCENT", "percent_off": 2.5},
            PercentDiscount(effect="APPLY_TO_ORDER", percent_off=Decimal("2.5")),
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
                percent_off=Decimal(100),
                amount_limit=1,
                aggregated_amount_limit=0,
            ),
            id="percent with limits",
        ),
        pytest.param(
            {"type": "PERCENT", "percent_off": Decimal("0.10")},
            PercentDiscount(effect="APPLY_TO_ORDER", percent_off=Decimal("0.10")),
            id="percent as a decimal",
        ),
        pytest.param(
            {"type": "FIXED", "fixed_amount": 2**53 - 1},
            FixedDiscount(effect="APPLY_TO_ORDER", fixed_amount=2**53 - 1),
            id="the largest number",
        ),
        pytest.param(
            {"type": "FIXED", "fixed_amount": 0, "effect": "APPLY_TO_ITEMS"},
            FixedDiscount(effect="APPLY_TO_ITEMS", fixed_amount=0),
            id="new price of nothing",
        ),
    ],
)
def test_read(definition: dict[str, Any], discount: Discount) -> None:
    parsed = parse_discount(definition)
    assert parsed == discount
    assert parsed.type == definition["type"]


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
        pytest.param({"type": "UNIT"}, ".type", "UNIT is not supported yet", id="units"),
        pytest.param(
            {"type": "AMOUNT", "amount_off": 1, "effect": "APPLY_TO_ITEMS_BY_QUANTITY"},
            ".effect",
            "APPLY_TO_ITEMS_BY_QUANTITY is not supported yet",
            id="later effect",
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
            {"type": "AMOUNT", "amount_off": 1, "amount_off_formula": "1"},
            ".amount_off_formula",
            "is not supported yet",
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
            {"type": "FIXED", "fixed_amount": 1, "fixed_amount_formula": "1"},
            ".fixed_amount_formula",
            "is not supported yet",
            id="formula of a target",
        ),
        pytest.param(
            {"type": "PERCENT", "percent_off": 1, "percent_off_formula": "1"},
            ".percent_off_formula",
            "is not supported yet",
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
    with pytest.raises(DefinitionError) as caught:
        parse_discount(definition, ".voucher.discount")
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

    def apply(self, order: Order) -> Order:
        return order


def test_a_plugin_adds_a_kind_to_a_table_of_its_own() -> None:
    nothing = Nothing()
    kinds = STANDARD_KINDS.extended("NOTHING", lambda _definition, _path: nothing)
    assert parse_discount({"type": "NOTHING"}, kinds=kinds) is nothing
    assert list(kinds) == ["AMOUNT", "PERCENT", "FIXED", "NOTHING"]
    assert list(STANDARD_KINDS) == ["AMOUNT", "PERCENT", "FIXED"]


def test_a_plugin_may_bring_what_kupon_lacks() -> None:
    nothing = Nothing()
    kinds = STANDARD_KINDS.extended("UNIT", lambda _definition, _path: nothing)
    assert parse_discount({"type": "UNIT"}, kinds=kinds) is nothing


def test_a_kind_cannot_be_replaced() -> None:
    with pytest.raises(DuplicateEntry, match="discount type AMOUNT is registered twice"):
        STANDARD_KINDS.extended("AMOUNT", lambda _definition, _path: Nothing())
