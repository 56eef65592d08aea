"""Gift cards that qualify: one's own, those for everybody, and campaigns of them."""

from __future__ import annotations

import pytest

from kupon.testing.builders import (
    cart,
    make_customer,
    make_gift_campaign,
    make_gift_card,
    make_product,
    make_rule,
)


@pytest.fixture
def gifts(ask):
    """Asks, as `ask` does; what each card comes to, by the id of what qualifies."""

    def read(scenario=None, **words):
        return {row["id"]: row["result"]["gift"] for row in ask(scenario, **words)["data"]}

    return read


def test_e38_a_card_covers_part_of_an_order(api, ask):
    make_gift_card(api, "CARD", 2500)
    (row,) = ask(order={"amount": 11_500})["data"]
    assert row["object"] == "voucher"
    assert row["result"] == {"gift": {"balance": 2500, "credits": 2500}}
    assert (row["order"]["discount_amount"], row["order"]["total_amount"]) == (2500, 9000)


def test_a_card_of_a_campaign_qualifies_for_its_holder(api, gifts, give):
    ada, bob = make_customer(api, source_id="ada"), make_customer(api, source_id="bob")
    campaign = make_gift_campaign(api, 2500, name="Gifts")
    api.post("/v1/campaigns/Gifts/vouchers/CARD").expect()
    order = {"amount": 1000}
    assert gifts("CUSTOMER_WALLET", customer={"id": ada["id"]}, order=order) == {}
    give("CARD", ada)
    paid = {"balance": 2500, "credits": 1000}
    for scenario in ("ALL", "CUSTOMER_WALLET"):
        found = gifts(scenario, customer={"source_id": "ada"}, order=order)
        assert found == {"CARD": paid}
    assert gifts(customer={"id": bob["id"]}, order=order) == {}
    api.post("/v1/campaigns/Gifts/vouchers/MORE").expect()
    assert gifts(order=order) == {campaign["id"]: paid}


def test_cards_that_cannot_pay_do_not_qualify(api, gifts):
    make_gift_card(api, "EMPTY", 0)
    make_gift_card(api, "OLD", voucher={"expiration_date": "2020-01-01T00:00:00Z"})
    make_gift_card(api, "OFF", voucher={"active": False})
    make_gift_campaign(api, 0, name="Gifts")
    api.post("/v1/campaigns/Gifts/vouchers").expect()
    assert gifts(order={"amount": 1000}) == {}
    make_gift_card(api, "CARD", 5)
    assert gifts(order={"amount": 1000}) == {"CARD": {"balance": 5, "credits": 5}}
    assert gifts() == {}


def test_what_sessions_hold_is_told_when_asked(api, gifts, validate):
    make_gift_card(api, "CARD", 1000)
    order, session = {"amount": 5000}, {"type": "LOCK"}
    assert gifts(order=order, session=session) == {
        "CARD": {"balance": 1000, "credits": 1000, "locked_credits": 0}
    }
    validate("CARD", order={"amount": 400}, session={"type": "LOCK", "key": "cart"})
    assert gifts(order=order, session=session) == {
        "CARD": {"balance": 1000, "credits": 600, "locked_credits": 400}
    }
    assert gifts(order=order) == {"CARD": {"balance": 1000, "credits": 600}}
    validate("CARD", order={"amount": 600}, session={"type": "LOCK", "key": "other"})
    assert gifts(order=order, session=session) == {}


def test_a_card_for_some_products(api, gifts):
    product = make_product(api, price=1000)
    entry = {"object": "product", "id": product["id"]}
    lists = {"included": [entry], "excluded": [], "included_all": False}
    rule = make_rule(api, applicable_to=lists)
    make_gift_card(
        api, "CARD", 5000, effect="APPLY_TO_ITEMS", voucher={"validation_rules": [rule["id"]]}
    )
    order = cart((1, 700))
    assert gifts(order=order) == {}
    order["items"].append({"product_id": product["id"], "quantity": 2})
    assert gifts(order=order) == {"CARD": {"balance": 5000, "credits": 2000}}
    assert gifts("PRODUCTS_DISCOUNT", order=order) == {"CARD": {"balance": 5000, "credits": 2000}}


def test_cards_are_found_by_type(api, gifts):
    make_gift_card(api, "CARD", 5)
    order = {"amount": 5}
    for kind, found in (("GIFT_VOUCHER", ["CARD"]), ("DISCOUNT_VOUCHER", [])):
        filters = {"voucher_type": {"conditions": {"$is": [kind]}}}
        assert list(gifts(order=order, filters=filters)) == found
