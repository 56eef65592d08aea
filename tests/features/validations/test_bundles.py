"""Discounts for sets of articles: once for each set that the cart holds."""

from __future__ import annotations

import pytest

from kupon.testing.builders import (
    amount_off,
    bundle_of,
    entry,
    fixed_amount,
    free_units,
    included,
    line,
    make_product,
    make_rule,
    make_sku,
    make_voucher,
    percent_off,
)


@pytest.fixture
def balm(api):
    return make_product(api, name="Balm", price=1000)


@pytest.fixture
def cream(api):
    return make_product(api, name="Cream", price=1000)


@pytest.fixture
def pairs(api, balm, cream):
    """The rule of up to four pairs of balm and cream."""
    return make_rule(api, bundle_rules=bundle_of((balm, 1), (cream, 1), limit=4))


def bundle(answer, kind="redeemables"):
    return answer[kind][0]["result"]["bundle"]


@pytest.mark.parametrize(
    ("discount", "off"),
    [
        pytest.param(amount_off(100), 300, id="amount"),
        pytest.param(percent_off(5), 900, id="percent"),
        pytest.param(percent_off(40), 6000, id="not more than all"),
        pytest.param(percent_off(5, amount_limit=500), 500, id="limits stay"),
        pytest.param(fixed_amount(5000), 1000, id="a new total stays"),
    ],
)
def test_the_order_gets_it_for_each_bundle(api, validate, pairs, balm, cream, discount, off):
    make_voucher(api, "PAIR", discount=discount, validation_rules=[pairs["id"]])
    answer = validate("PAIR", order={"items": [line(balm, 3), line(cream, 3)]})
    assert answer["order"]["discount_amount"] == off
    assert bundle(answer) == {
        "quantity": 3,
        "limit": 4,
        "identified": [
            {"id": balm["id"], "object": "product", "item_index": 0, "item_quantity": 3},
            {"id": cream["id"], "object": "product", "item_index": 1, "item_quantity": 3},
        ],
    }


@pytest.mark.parametrize(
    ("discount", "limits", "off"),
    [
        pytest.param(amount_off(100, effect="APPLY_TO_ITEMS"), {}, 200, id="amount"),
        pytest.param(
            amount_off(100, effect="APPLY_TO_ITEMS_BY_QUANTITY"), {}, 300, id="each unit once"
        ),
        pytest.param(
            amount_off(100, effect="APPLY_TO_ITEMS_BY_QUANTITY"),
            {"quantity_limit": 1},
            200,
            id="limits of units grow",
        ),
        pytest.param(percent_off(10, effect="APPLY_TO_ITEMS"), {}, 240, id="percent"),
        pytest.param(
            fixed_amount(300, effect="APPLY_TO_ITEMS"), {"quantity_limit": 1}, 200, id="new price"
        ),
    ],
)
def test_other_articles_get_it(api, validate, balm, cream, discount, limits, off):
    mouse = make_product(api, name="Mouse", price=400)
    rule = make_rule(
        api,
        bundle_rules=bundle_of((balm, 1), (cream, 1), limit=9),
        applicable_to=included(entry(mouse, **limits)),
    )
    make_voucher(api, "PAIR", discount=discount, validation_rules=[rule["id"]])
    answer = validate("PAIR", order={"items": [line(balm, 2), line(cream, 2), line(mouse, 3)]})
    assert answer["order"]["items"][2]["discount_amount"] == off
    assert answer["order"]["items_discount_amount"] == off


def test_free_units_come_for_each_bundle(api, validate, pairs, balm, cream):
    pen = make_product(api, name="Pen", price=300)
    discount = free_units(pen["id"], 2, effect="ADD_NEW_ITEMS")
    make_voucher(api, "PENS", discount=discount, validation_rules=[pairs["id"]])
    answer = validate("PENS", order={"items": [line(balm, 2), line(cream, 5)]})
    added = answer["order"]["items"][2]
    assert (added["quantity"], added["discount_quantity"]) == (4, 4)
    assert bundle(answer)["identified"][1]["item_quantity"] == 2


def test_more_than_the_limit_do_not_count(api, validate, pairs, balm, cream):
    make_voucher(api, "PAIR", discount=amount_off(100), validation_rules=[pairs["id"]])
    answer = validate("PAIR", order={"items": [line(balm, 9), line(cream, 8)]})
    assert bundle(answer)["quantity"] == 4
    assert answer["order"]["discount_amount"] == 400


def test_skus_serve_for_their_product(api, validate, pairs, balm, cream):
    small = make_sku(api, balm["id"], sku="Small balm", price=800)
    make_voucher(api, "PAIR", discount=amount_off(100), validation_rules=[pairs["id"]])
    answer = validate("PAIR", order={"items": [line(small, 2), line(cream, 2)]})
    first, second = bundle(answer)["identified"]
    assert (first["object"], first["id"], first["item_quantity"]) == ("sku", small["id"], 2)
    assert (second["object"], second["id"]) == ("product", cream["id"])


def test_what_a_collection_lacks_is_told(api, validate, redeem, balm, cream):
    products = [{"object": "product", "id": cream["id"]}]
    body = {"name": "Creams", "type": "STATIC", "products": products}
    creams = api.post("/v1/product-collections", json=body).expect()
    rule = make_rule(
        api,
        bundle_rules=bundle_of((balm, 2), ({**creams, "object": "products_collection"}, 5)),
        error={"message": "Take more cream"},
    )
    make_voucher(api, "SET", discount=amount_off(100), validation_rules=[rule["id"]])
    order = {"items": [line(balm), line(cream), line(cream, 2)]}
    answer = validate("SET", order=order)
    assert answer["valid"] is False
    result = answer["inapplicable_redeemables"][0]["result"]
    assert result["error"]["key"] == result["details"]["key"] == "order_rules_violated"
    assert result["details"]["message"] == result["error"]["error"]["message"] == "Take more cream"
    assert result["bundle"] == {
        "quantity": 0,
        "limit": 1,
        "identified": [
            {"id": balm["id"], "object": "product", "item_index": 0, "item_quantity": 1},
            {"id": cream["id"], "object": "product", "item_index": 1, "item_quantity": 1},
            {"id": cream["id"], "object": "product", "item_index": 2, "item_quantity": 2},
        ],
        "missing": [
            {"id": balm["id"], "object": "product", "item_quantity": 1},
            {"id": creams["id"], "object": "products_collection", "item_quantity": 2},
        ],
    }
    body = {"redeemables": [{"object": "voucher", "id": "SET"}], "order": order}
    api.post("/v1/redemptions", json=body).refused(400, "order_rules_violated")
    complete = redeem("SET", order={"items": [line(balm, 2), line(cream, 5)]})
    assert complete["order"]["discount_amount"] == 100
