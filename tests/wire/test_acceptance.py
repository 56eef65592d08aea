"""The acceptance vectors that say what is stored and what is not.

Source: spec api-conventions, section 20.
"""

from __future__ import annotations

import pytest

from kupon.testing.builders import amount_off, make_voucher, redeemable


def test_a_second_customer_with_one_source_id_is_the_first_one_updated(api):
    first = api.post("/v1/customers", json={"source_id": "ada", "name": "Ada"}).expect()
    assert "updated_at" not in first
    second = api.post("/v1/customers", json={"source_id": "ada", "name": "Ada E."}).expect()
    assert (second["id"], second["name"]) == (first["id"], "Ada E.")
    assert second["updated_at"] >= first["created_at"]
    assert api.get("/v1/customers").expect()["total"] == 1


@pytest.fixture
def cart_request(api):
    """A request with a customer, an order and a product that nobody has seen before."""
    voucher = make_voucher(api, discount=amount_off(500))
    line = {
        "source_id": "new-mug",
        "related_object": "product",
        "quantity": 2,
        "price": 1000,
        "product": {"source_id": "new-mug", "name": "Mug", "price": 1000},
    }
    return {
        "redeemables": [redeemable(voucher["code"])],
        "customer": {"source_id": "new-customer", "name": "New"},
        "order": {"source_id": "new-order", "items": [line]},
    }


def _stored(api) -> dict[str, int]:
    kinds = ("customers", "orders", "products", "redemptions")
    return {kind: api.get(f"/v1/{kind}").expect()["total"] for kind in kinds}


def test_a_validation_stores_nothing(api, cart_request):
    answer = api.post("/v1/validations", json=cart_request).expect()
    assert answer["valid"] is True
    assert answer["order"]["total_amount"] == 1500
    assert _stored(api) == {"customers": 0, "orders": 0, "products": 0, "redemptions": 0}


def test_a_redemption_stores_customer_and_order_but_no_product(api, cart_request):
    answer = api.post("/v1/redemptions", json=cart_request).expect()
    assert answer["order"]["total_amount"] == 1500
    assert _stored(api) == {"customers": 1, "orders": 1, "products": 0, "redemptions": 1}
    assert api.get("/v1/customers/new-customer").expect()["name"] == "New"
    order = api.get("/v1/orders/new-order").expect()
    assert (order["status"], order["total_amount"]) == ("PAID", 1500)


def test_a_redemption_stores_a_product_that_overrides(api, cart_request):
    cart_request["order"]["items"][0]["product"]["override"] = True
    api.post("/v1/redemptions", json=cart_request).expect()
    product = api.get("/v1/products/new-mug").expect()
    assert (product["name"], product["price"]) == ("Mug", 1000)


def test_a_refused_redemption_stores_its_failure_and_nothing_else(api, cart_request):
    cart_request["redeemables"] = [redeemable("NOTHING")]
    api.post("/v1/redemptions", json=cart_request).refused(404, "not_found")
    assert {**_stored(api), "redemptions": 0} == {
        "customers": 0,
        "orders": 0,
        "products": 0,
        "redemptions": 0,
    }


def test_the_code_of_a_binned_voucher_stays_taken(api):
    voucher = make_voucher(api, "MINE")
    body = {"type": voucher["type"], "discount": voucher["discount"]}
    api.delete("/v1/vouchers/MINE").expect(204)
    api.get("/v1/vouchers/MINE").refused(404, "not_found")
    api.post("/v1/vouchers/MINE", json=body).refused(409, "duplicate_found")


def test_the_code_of_a_voucher_deleted_by_force_is_free(api):
    voucher = make_voucher(api, "MINE")
    body = {"type": voucher["type"], "discount": voucher["discount"]}
    api.delete("/v1/vouchers/MINE", query={"force": True}).expect(204)
    assert api.post("/v1/vouchers/MINE", json=body).expect()["id"] != voucher["id"]
