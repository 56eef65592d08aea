"""The golden carts: what was calculated by hand is what the engine says."""

from __future__ import annotations

import pytest

from kupon.testing.carts import GOLDEN_CARTS, GoldenShop


@pytest.fixture
def shop(api, management_api, project):
    return GoldenShop(api, management_api, project.id)


def test_there_are_twelve():
    assert len(GOLDEN_CARTS) == 12


@pytest.mark.parametrize("name", [name for name in GOLDEN_CARTS if name != "empty"])
def test_the_engine_says_the_same(api, shop, name):
    cart = GOLDEN_CARTS[name].prepare(shop)
    body = {"redeemables": cart.redeemables, "order": cart.order}
    body["customer"] = {"source_id": cart.customer}
    order = api.post("/v1/validations", json=body).expect()["order"]
    assert order["total_amount"] == cart.cost
    if cart.lines_cost is not None:
        costs = [item["subtotal_amount"] for item in order["items"]]
        assert costs == list(cart.lines_cost.values())
    if cart.units is not None:
        units = {item["sku"]["source_id"]: item["quantity"] for item in order["items"]}
        assert units == cart.units


def test_without_codes_a_cart_costs_its_amount(shop):
    cart = GOLDEN_CARTS["two-stacked"].prepare(shop)
    assert cart.codes == ("GOLD-1", "GOLD-2")
    plain = cart.without_codes()
    assert (plain.codes, plain.cost, plain.key) == ((), 10_000, cart.key)
