"""What every kind of discount with every effect takes off, and how answers tell of it."""

from __future__ import annotations

import pytest

from kupon.testing.builders import (
    amount_off,
    cart,
    entry,
    fixed_amount,
    included,
    line,
    make_product,
    make_rule,
    make_sku,
    make_voucher,
    percent_off,
)

# 2 x 10.00 and 1 x 15.55: 35.55
LINES = ((2, 1000), (1, 1555))

ORDER_FIGURES = {"discount_amount", "applied_discount_amount"}
ITEM_FIGURES = {"items_discount_amount", "items_applied_discount_amount"}


@pytest.mark.parametrize(
    ("discount", "off"),
    [
        pytest.param(amount_off(500, effect="APPLY_TO_ORDER"), 500, id="amount"),
        pytest.param(amount_off(9000), 3555, id="more than the order"),
        pytest.param(percent_off(10, effect="APPLY_TO_ORDER"), 356, id="percent"),
        pytest.param(percent_off(10, amount_limit=300), 300, id="percent with a limit"),
        pytest.param(
            percent_off(10, aggregated_amount_limit=200), 200, id="percent with a limit of all"
        ),
        pytest.param(percent_off(12.5), 444, id="percent with decimals"),
        pytest.param(percent_off(0), 0, id="nothing"),
        pytest.param(fixed_amount(3000, effect="APPLY_TO_ORDER"), 555, id="fixed"),
        pytest.param(fixed_amount(5000), 0, id="fixed above the amount"),
    ],
)
def test_off_the_order(api, validate, discount, off):
    make_voucher(api, "CODE", discount=discount)
    answer = validate("CODE", order=cart(*LINES))
    (step,) = answer["redeemables"]
    for order in (step["order"], answer["order"]):
        assert {name: order[name] for name in ("amount", "discount_amount", "total_amount")} == {
            "amount": 3555,
            "discount_amount": off,
            "total_amount": 3555 - off,
        }
        assert order["applied_discount_amount"] == off
        assert order["total_discount_amount"] == order["total_applied_discount_amount"] == off
        assert not ITEM_FIGURES & set(order)
        assert [item["subtotal_amount"] for item in order["items"]] == [2000, 1555]
    assert step["result"] == {"discount": {**discount, "is_dynamic": False}}


@pytest.mark.parametrize(
    ("discount", "off"),
    [
        pytest.param(amount_off(500, effect="APPLY_TO_ITEMS"), [500, 500], id="amount"),
        pytest.param(
            amount_off(2000, effect="APPLY_TO_ITEMS"), [2000, 1555], id="more than a line"
        ),
        pytest.param(
            amount_off(500, effect="APPLY_TO_ITEMS", aggregated_amount_limit=700),
            [500, 200],
            id="amount with a limit of all",
        ),
        pytest.param(
            amount_off(500, effect="APPLY_TO_ITEMS_BY_QUANTITY"), [1000, 500], id="by quantity"
        ),
        pytest.param(
            amount_off(1000, effect="APPLY_TO_ITEMS_PROPORTIONALLY"),
            [563, 437],
            id="proportionally",
        ),
        pytest.param(
            amount_off(1000, effect="APPLY_TO_ITEMS_PROPORTIONALLY_BY_QUANTITY"),
            [667, 333],
            id="proportionally by quantity",
        ),
        pytest.param(percent_off(10, effect="APPLY_TO_ITEMS"), [200, 156], id="percent"),
        pytest.param(
            percent_off(10, effect="APPLY_TO_ITEMS", amount_limit=180),
            [180, 156],
            id="percent with a limit",
        ),
        pytest.param(
            percent_off(10, effect="APPLY_TO_ITEMS", aggregated_amount_limit=250),
            [200, 50],
            id="percent with a limit of all",
        ),
        pytest.param(fixed_amount(900, effect="APPLY_TO_ITEMS"), [200, 655], id="fixed"),
    ],
)
def test_off_the_items(api, validate, discount, off):
    make_voucher(api, "CODE", discount=discount)
    answer = validate("CODE", order=cart(*LINES))
    (step,) = answer["redeemables"]
    for order in (step["order"], answer["order"]):
        assert [item["discount_amount"] for item in order["items"]] == off
        assert [item["applied_discount_amount"] for item in order["items"]] == off
        assert [item["subtotal_amount"] for item in order["items"]] == [
            2000 - off[0],
            1555 - off[1],
        ]
        assert order["items_discount_amount"] == order["items_applied_discount_amount"] == sum(off)
        assert order["total_discount_amount"] == sum(off)
        assert order["total_amount"] == 3555 - sum(off)
        assert not ORDER_FIGURES & set(order)
    assert step["result"] == {"discount": {**discount, "is_dynamic": False}}


@pytest.mark.parametrize(
    "discount", [amount_off(100), percent_off(10), fixed_amount(900)], ids=lambda each: each["type"]
)
def test_without_an_effect_the_rules_lists_decide(api, validate, discount):
    mug, lamp = make_product(api), make_product(api)
    rule = make_rule(api, applicable_to=included(entry(mug)))
    make_voucher(api, "LISTED", discount=discount, validation_rules=[rule["id"]])
    make_voucher(api, "PLAIN", discount=discount)
    order = {"items": [line(mug), line(lamp)]}
    listed = validate("LISTED", order=order)["order"]
    assert (listed["items_discount_amount"], listed["total_amount"]) == (100, 1900)
    assert "discount_amount" not in listed
    plain = validate("PLAIN", order=order)["order"]
    assert (
        plain["discount_amount"] == {"AMOUNT": 100, "PERCENT": 200, "FIXED": 1100}[discount["type"]]
    )
    assert "items_discount_amount" not in plain


def test_each_step_tells_what_it_took_off_and_what_there_was(api, validate):
    make_voucher(api, "A", discount=percent_off(10, effect="APPLY_TO_ITEMS"))
    make_voucher(api, "B", discount=percent_off(10))
    make_voucher(api, "C", discount=amount_off(100, effect="APPLY_TO_ITEMS"))
    answer = validate("A", "B", "C", order=cart(*LINES))
    names = (
        "discount_amount",
        "applied_discount_amount",
        "items_discount_amount",
        "items_applied_discount_amount",
        "total_discount_amount",
        "total_applied_discount_amount",
        "total_amount",
    )
    orders = [step["order"] for step in answer["redeemables"]] + [answer["order"]]
    assert [tuple(order.get(name) for name in names) for order in orders] == [
        (None, None, 356, 356, 356, 356, 3199),
        (320, 320, 356, 0, 676, 320, 2879),
        (320, 0, 556, 200, 876, 200, 2679),
        (320, 320, 556, 556, 876, 876, 2679),
    ]
    items = [[item["applied_discount_amount"] for item in order["items"]] for order in orders]
    assert items == [[200, 156], [0, 0], [100, 100], [300, 256]]


class TestPrices:
    def test_come_from_the_sku_then_from_the_product(self, api, validate):
        make_voucher(api, "TEN")
        product = make_product(api, price=2100)
        sku, plain = make_sku(api, product["id"], price=1700), make_sku(api, product["id"])
        api.put(f"/v1/products/{product['id']}/skus/{plain['id']}", json={"price": None}).expect()
        items = [line(sku), line(plain), line(product), line(product, price=50)]
        order = validate("TEN", order={"items": items})["order"]
        assert [item["price"] for item in order["items"]] == [1700, 2100, 2100, 50]
        assert order["amount"] == 5950
        first = order["items"][0]
        assert (first["sku_id"], first["product_id"]) == (sku["id"], product["id"])
        assert (first["sku"]["sku"], first["product"]["name"]) == ("Large mug", "Mug")

    def test_of_the_payload_count_more_than_stored_ones(self, api, validate):
        make_voucher(api, "TEN")
        product = make_product(api, price=2100)
        sent = line(product) | {"product": {"price": 1999, "name": "Sale mug"}}
        (item,) = validate("TEN", order={"items": [sent]})["order"]["items"]
        assert (item["price"], item["product"]["name"]) == (1999, "Sale mug")
        assert api.get(f"/v1/products/{product['id']}").expect()["price"] == 2100

    def test_a_line_without_any_stays_and_is_never_discounted(self, api, validate):
        make_voucher(api, "ITEMS", discount=percent_off(10, effect="APPLY_TO_ITEMS"))
        items = [{"product_id": "unknown", "quantity": 3}, *cart((1, 1000))["items"]]
        order = validate("ITEMS", order={"items": items})["order"]
        unknown, known = order["items"]
        assert (order["amount"], known["discount_amount"]) == (1000, 100)
        assert unknown["quantity"] == 3
        assert not {"price", "amount", "discount_amount", "subtotal_amount"} & set(unknown)

    def test_amounts_are_taken_as_they_are_sent(self, api, validate):
        make_voucher(api, "TEN")
        order = cart((2, 1000), amount=1800)
        order["items"][0]["amount"] = 1900
        order = validate("TEN", order=order)["order"]
        assert (order["amount"], order["discount_amount"]) == (1800, 180)
        assert order["items"][0]["amount"] == 1900


def test_discounts_that_the_cart_brings_count_as_earlier_ones(api, validate):
    make_voucher(api, "TEN")
    make_voucher(api, "ITEMS", discount=percent_off(10, effect="APPLY_TO_ITEMS"))
    order = cart((2, 1000), discount_amount=400)
    order["items"][0] |= {"discount_amount": 500}
    order = validate("TEN", "ITEMS", order=order)["order"]
    # 10 % of 20.00 - 4.00 - 5.00, then 10 % of the line's 15.00.
    assert (order["discount_amount"], order["applied_discount_amount"]) == (510, 110)
    assert (order["items_discount_amount"], order["items_applied_discount_amount"]) == (650, 150)
    assert order["total_amount"] == 840
    (item,) = order["items"]
    assert (item["discount_amount"], item["applied_discount_amount"]) == (650, 150)
    assert item["subtotal_amount"] == 1350


@pytest.mark.parametrize(
    "payment", [{"gift": {"credits": 500}}, {"reward": {"id": "rew_1", "points": 5}}], ids=list
)
def test_a_payment_with_an_unknown_card_is_refused(api, validate, payment):
    card = {"object": "voucher", "id": "CARD", **payment}
    (refused,) = validate(card, order={"amount": 1000})["inapplicable_redeemables"]
    assert refused["result"]["error"]["key"] == "not_found"
    body = {"redeemables": [card], "order": {"amount": 1000}}
    api.post("/v1/redemptions", json=body).refused(404, "not_found")
