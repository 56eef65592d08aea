"""Discounts that are worked out by a formula: what it may look at, and what answers print."""

from __future__ import annotations

import pytest

from kupon.testing.builders import (
    amount_off,
    cart,
    entry,
    fixed_amount,
    free_units,
    included,
    line,
    make_customer,
    make_product,
    make_rule,
    make_voucher,
    percent_off,
)


def dynamic(answer):
    return answer["redeemables"][0]["result"]["discount"]


@pytest.mark.parametrize(
    ("discount", "computed", "off"),
    [
        pytest.param(
            amount_off(0, amount_off_formula="ORDER_AMOUNT / 3"),
            {"amount_off": 1185},
            1185,
            id="amount",
        ),
        pytest.param(
            percent_off(0, percent_off_formula="IF(ORDER_UNITS_QUANTITY > 2;12.5;0)"),
            {"percent_off": 12.5},
            444,
            id="percent",
        ),
        pytest.param(
            percent_off(0, percent_off_formula="ORDER_ITEMS_QUANTITY * 100"),
            {"percent_off": 100},
            3555,
            id="not more than all",
        ),
        pytest.param(
            fixed_amount(0, fixed_amount_formula="MAX(ORDER_AMOUNT - 5;20)"),
            {"fixed_amount": 3055},
            500,
            id="fixed",
        ),
        pytest.param(
            amount_off(0, amount_off_formula='ORDER_METADATA("off") * 2'),
            {"amount_off": 250},
            250,
            id="metadata of the order",
        ),
        pytest.param(
            amount_off(0, amount_off_formula='REDEMPTION_METADATA("till") + 1'),
            {"amount_off": 800},
            800,
            id="metadata of the redemption",
        ),
        pytest.param(
            amount_off(0, amount_off_formula='CUSTOMER_METADATA("level") * 1.5'),
            {"amount_off": 450},
            450,
            id="metadata of the customer",
        ),
        pytest.param(
            amount_off(0, amount_off_formula='REDEEMABLE_METADATA("own")'),
            {"amount_off": 90},
            90,
            id="metadata of the code",
        ),
        pytest.param(
            amount_off(0, amount_off_formula="VOUCHER_REDEMPTION_QUANTITY"),
            {"amount_off": 700},
            700,
            id="quantity of the code",
        ),
        pytest.param(
            amount_off(0, amount_off_formula="0 - 5"), {"amount_off": 0}, 0, id="never negative"
        ),
        pytest.param(
            amount_off(0, amount_off_formula="ROUND(1 / 3;3)"),
            {"amount_off": 33},
            33,
            id="rounded to minor units",
        ),
    ],
)
def test_a_formula_is_worked_out(api, validate, discount, computed, off):
    customer = make_customer(api, metadata={"level": 3})
    make_voucher(api, "CODE", discount=discount, metadata={"own": 0.9}, redemption={"quantity": 7})
    order = cart((2, 1000), (1, 1555), metadata={"off": 1.25})
    members = {"metadata": {"till": 7}, "customer": {"id": customer["id"]}}
    answer = validate("CODE", order=order, **members)
    assert answer["order"]["discount_amount"] == off
    assert dynamic(answer) == {**discount, **computed, "is_dynamic": True}


@pytest.mark.parametrize(
    "formula",
    [
        pytest.param('ORDER_METADATA("none") + 1', id="missing metadata"),
        pytest.param('CUSTOMER_METADATA("level")', id="missing customer"),
        pytest.param("ORDER_AMOUNT / 0", id="division by zero"),
        pytest.param('ORDER_METADATA("text") * 2', id="text"),
        pytest.param("DAYS_SINCE(CUSTOMER_BIRTHDATE)", id="missing birthdate"),
    ],
)
def test_what_cannot_be_worked_out_falls_back(api, validate, formula):
    make_voucher(api, "CODE", discount=amount_off(125, amount_off_formula=formula))
    answer = validate("CODE", order={"amount": 1000, "metadata": {"text": "no number"}})
    assert (dynamic(answer)["amount_off"], dynamic(answer)["is_dynamic"]) == (125, True)
    assert answer["order"]["discount_amount"] == 125


def test_a_line_is_asked_by_itself(api, validate):
    formula = "ORDER_ITEM_PRICE * 0.01 + 1"
    discount = amount_off(0, effect="APPLY_TO_ITEMS", amount_off_formula=formula)
    make_voucher(api, "CODE", discount=discount)
    answer = validate("CODE", order=cart((1, 600), (1, 1000)))
    assert [item["discount_amount"] for item in answer["order"]["items"]] == [106, 110]
    assert dynamic(answer)["is_dynamic"] is True


def test_limits_and_prices_of_lists_are_worked_out(api, validate):
    mug = make_product(api, price=1000)
    listed = entry(
        mug, price=900, price_formula="ORDER_ITEM_PRICE * 0.8", quantity_limit_formula="1 + 1"
    )
    rule = make_rule(api, applicable_to=included(listed))
    discount = fixed_amount(1000, effect="APPLY_TO_ITEMS")
    make_voucher(api, "CODE", discount=discount, validation_rules=[rule["id"]])
    answer = validate("CODE", order={"items": [line(mug, 5)]})
    assert answer["order"]["items_discount_amount"] == 400


def test_units_are_worked_out_and_cut_to_whole_ones(api, validate):
    pen = make_product(api, name="Pen", price=100)
    formula = "ORDER_AMOUNT / 4"
    make_voucher(api, "PENS", discount=free_units(pen["id"], 9, unit_off_formula=formula))
    answer = validate("PENS", order={"amount": 1100})
    assert answer["order"]["items"][0]["quantity"] == 2
    assert (dynamic(answer)["unit_off"], dynamic(answer)["is_dynamic"]) == (2, True)


def test_a_stored_definition_tells_that_it_is_dynamic(api):
    discount = amount_off(125, amount_off_formula="ORDER_AMOUNT / 2")
    made = make_voucher(api, "CODE", discount=discount)
    assert made["discount"] == {**discount, "is_dynamic": True}
    assert api.get("/v1/vouchers/CODE").expect()["discount"] == made["discount"]
    changed = api.put("/v1/vouchers/CODE", json={"discount": amount_off(5)}).expect()
    assert changed["discount"] == {**amount_off(5), "is_dynamic": False}


def test_a_formula_alone_is_enough(api, validate):
    discount = {"type": "AMOUNT", "amount_off_formula": "ORDER_AMOUNT / 2"}
    make_voucher(api, "CODE", discount=discount)
    assert validate("CODE", order={"amount": 1000})["order"]["discount_amount"] == 500
    answer = validate("CODE")
    assert answer["valid"] is True
    assert dynamic(answer)["amount_off"] == 0


def test_the_uses_of_a_code_can_be_asked_for(api, validate, redeem):
    formula = "IF(VOUCHER_REDEEMED_QUANTITY > 0;1;2)"
    make_voucher(api, "FIRST", discount=amount_off(0, amount_off_formula=formula))
    order = {"amount": 1000}
    assert validate("FIRST", order=order)["order"]["discount_amount"] == 200
    assert redeem("FIRST", order=order)["order"]["discount_amount"] == 200
    assert redeem("FIRST", order=order)["order"]["discount_amount"] == 100


def test_metadata_of_the_publication(api, validate):
    discount = amount_off(100, amount_off_formula='PUBLICATION_METADATA("bonus")')
    for code in ("GIVEN", "LEFT"):
        make_voucher(api, code, discount=discount)
    customer = make_customer(api)
    body = {"voucher": "GIVEN", "customer": {"id": customer["id"]}, "metadata": {"bonus": 7}}
    api.post("/v1/publications", json=body).expect()
    order = {"amount": 10000}
    given = validate("GIVEN", order=order)
    assert given["order"]["total_discount_amount"] == 700
    # What is not known makes the plain amount count.
    assert validate("LEFT", order=order)["order"]["total_discount_amount"] == 100
    body = {"customer": {"id": customer["id"]}, "order": order, "scenario": "CUSTOMER_WALLET"}
    [found] = api.post("/v1/qualifications", json=body).expect()["redeemables"]["data"]
    assert found["order"]["total_discount_amount"] == 700
