"""commercetools' carts: what the extension answers in odd situations."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tests.adapters import commercetools_carts as carts
from tests.adapters.commercetools_platform import CommercetoolsPlatform
from tests.adapters.commercetools_till import Till, names
from tests.adapters.test_commercetools import CONFIG

from kupon.testing import builders, inbound
from kupon.testing.contract.checks import Case
from kupon_commercetools.adapter import CommercetoolsAdapter
from kupon_commercetools.mapping import codes
from kupon_commercetools.mapping.outbound import actions_of
from kupon_commercetools.mapping.priced import Priced


@pytest.fixture
def platform():
    with CommercetoolsPlatform(CONFIG) as running:
        yield running


@pytest.fixture
def till(platform, api):
    return Till(platform, api)


def test_a_new_cart_takes_our_fields(golden, till):
    cart = golden("single-line").without_codes()
    for key in ("couponCodes", "shop"):
        till.platform.keep("types", {"id": f"type-{key}", "key": key, "version": 1})
    actions = till.ask(cart, lambda raw: raw.pop("custom"), action="Create")
    assert names(actions) == ["setCustomType"]
    assert actions[0]["type"]["key"] == "couponCodes"
    actions = till.ask(cart, lambda raw: raw.pop("custom"), "Create", reuse_type_key="shop")
    assert actions[0]["type"]["key"] == "shop"


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw.update(cartState="Frozen"),
        lambda raw: raw.update(cartState="Ordered"),
        lambda raw: raw.update(lock={"locked": True}),
        lambda raw: raw["custom"]["type"].update(id="another"),
    ],
)
def test_carts_that_are_not_ours_to_change(golden, till, change):
    assert till.ask(golden("single-line"), change, state={"type_id": "type-1"}) == []
    assert till.shop.validated == []


def test_a_cart_without_codes_costs_no_question(golden, till):
    assert till.ask(golden("single-line").without_codes()) == []
    assert till.shop.validated == []
    assert till.platform.calls() == []


def test_an_answer_is_the_same_when_asked_twice(golden, till):
    cart = golden("uneven-cents")
    first = till.ask(cart)
    assert names(first) == ["setDirectDiscounts", *["setCustomField"] * 3]
    second = till.ask(cart)
    assert second == first[:1]


def test_codes_of_the_platform_and_ours_do_not_mix(golden, till):
    """Direct discounts beside a discount code would fail the shopper's request."""
    cart = golden("single-line")
    actions = till.ask(cart, lambda raw: raw.update(discountCodes=[{"state": "MatchesCart"}]))
    assert "setDirectDiscounts" not in names(actions)
    shown = till.shown(cart)["GOLD-1"]
    assert (shown["status"], bool(shown["errMsg"])) == ("NOT_APPLIED", True)
    assert till.ask(cart.without_codes())[-1] == {"action": "setCustomField", "name": codes.FIELD}


def test_other_currencies_are_refused(golden, till):
    cart = golden("zero-decimal")
    till.ask(cart, currencies=["EUR"])
    assert till.shown(cart)["GOLD-1"]["errMsg"] == "currency_not_supported"
    assert till.cart(cart)["totalPrice"]["centAmount"] == cart.amount


def test_a_code_that_fails_takes_no_other_along(golden, till):
    cart = golden("two-stacked")
    cart = replace(cart, codes=("NO-SUCH-CODE", *cart.codes))
    till.ask(cart)
    shown = till.shown(cart)
    assert {code: each["status"] for code, each in shown.items()} == {
        "GOLD-1": "APPLIED",
        "GOLD-2": "APPLIED",
        "NO-SUCH-CODE": "NOT_APPLIED",
    }
    assert [each["value"] for each in shown.values() if "value" in each] == [1000, 500]
    assert list(shown) == ["GOLD-1", "GOLD-2", "NO-SUCH-CODE"]
    assert till.cart(cart)["totalPrice"]["centAmount"] == cart.cost


def test_what_is_taken_out_is_free_again(golden, till, api):
    cart = golden("two-stacked")
    till.ask(cart)
    less = replace(cart, codes=("GOLD-2",))
    till.ask(less)
    assert till.shop.released == ["GOLD-1"]
    assert list(till.shown(cart)) == ["GOLD-2"]
    assert till.cart(cart)["totalPrice"]["centAmount"] == 9500


def test_a_gift_that_the_shopper_removes_stays_away(golden, till):
    cart = golden("free-unit")
    till.ask(cart)
    assert till.shown(cart)["GOLD-PEN"]["gifts"] == ["article-2-x"]

    def remove(raw):
        raw["lineItems"] = [each for each in raw["lineItems"] if each["lineItemMode"] != carts.GIFT]

    till.ask(cart, remove)
    assert "removed" in till.shown(cart)["GOLD-PEN"]["errMsg"]
    assert till.shop.released == ["GOLD-PEN"]
    assert (till.cart(cart)["directDiscounts"], len(till.cart(cart)["lineItems"])) == ([], 1)


def test_a_gift_that_the_shop_does_not_sell(golden, till):
    cart = golden("free-unit")
    till.ask(replace(cart, articles=()))
    assert "not available" in till.shown(cart)["GOLD-PEN"]["errMsg"]
    assert till.shop.released == ["GOLD-PEN"]
    assert till.cart(cart)["totalPrice"]["centAmount"] == 1000


def test_two_gifts_and_a_discount(golden, till, api):
    cart = golden("free-unit")
    pen = api.get("/v1/skus/article-2-x").expect()
    more = builders.free_units(pen["id"], 2, effect="ADD_NEW_ITEMS")
    builders.make_voucher(api, "TWO-PENS", discount=more)
    builders.make_voucher(api, "OFF", discount=builders.percent_off(10))
    cart = replace(cart, codes=("GOLD-PEN", "TWO-PENS", "OFF"))
    for _ in range(2):
        till.ask(cart)
        gifts = [
            each for each in till.cart(cart)["lineItems"] if each["lineItemMode"] == carts.GIFT
        ]
        assert len(gifts) == 3
        assert {each["status"] for each in till.shown(cart).values()} == {"APPLIED"}


def test_free_shipping(golden, till, api):
    cart = golden("single-line")
    product = builders.make_product(api, source_id="5h1pp1ng", name="Free shipping", price=0)
    discount = builders.free_units(product["id"], effect="ADD_NEW_ITEMS")
    builders.make_voucher(api, "SHIP", discount=discount)
    cart = replace(cart, codes=("SHIP",))
    (discounts, *_) = till.ask(cart)
    assert discounts["discounts"] == [
        {"value": {"type": "relative", "permyriad": 10_000}, "target": {"type": "shipping"}}
    ]
    assert till.shown(cart)["SHIP"]["value"] == "FREE SHIPPING"
    fields = till.cart(cart)["custom"]["fields"]
    assert fields["shippingProductSourceIds"] == ["5h1pp1ng"]


def test_promotions_are_shown_or_applied(golden, till, api):
    cart = golden("single-line").without_codes()
    tier = builders.tier(discount=builders.percent_off(10), name="Ten", banner="10 % off")
    campaign = builders.make_promotion(api, tier)
    (made,) = campaign["promotion"]["tiers"]
    till.ask(cart, promotions="SHOW")
    shown = till.shown(cart)[made["id"]]
    assert (shown["status"], shown["type"], shown["banner"]) == (
        "AVAILABLE", "promotion_tier", "10 % off",
    )  # fmt: skip
    assert till.cart(cart)["totalPrice"]["centAmount"] == 1000
    for _ in range(2):
        till.ask(cart, promotions="APPLY")
        assert till.cart(cart)["totalPrice"]["centAmount"] == 900
        assert till.shown(cart)[made["id"]]["status"] == "APPLIED"


def test_odd_calls_change_nothing(till):
    adapter = Case(CommercetoolsAdapter, till.platform).make()
    for body in (b"", b"null", b"[]", b'{"action": "Update", "resource": {"typeId": "cart"}}'):
        answer = adapter.respond(inbound(body, path="extension"), till.shop)
        assert (answer.status, answer.body) == (200, {"actions": []})


def test_discounts_of_many_articles_become_one():
    lines = [carts.line_item(f"l-{n}", "p", f'sku "{n}"', 1, 100, "EUR") for n in range(101)]
    raw = {"lineItems": lines, "totalPrice": carts.money(10_100, "EUR"), "directDiscounts": []}
    items = [
        {"source_id": f'sku "{n}"', "quantity": 1, "price": 100, "amount": 100,
         "subtotal_amount": 90} for n in range(101)
    ]  # fmt: skip
    settings = {
        "free_shipping_product": "5h1pp1ng",
        "discounts_as": "DIRECT_DISCOUNTS",
        "gift_card_product_types": [],
    }
    most = {"items": items[:100], "total_amount": 9000}
    *_, action = actions_of(raw, Priced(order=most), settings, "couponCodes")
    assert len(action["discounts"]) == 100
    assert action["discounts"][7]["target"]["predicate"] == 'sku = "sku \\"7\\""'
    all_of_them = {"items": items, "total_amount": 9090}
    *_, action = actions_of(raw, Priced(order=all_of_them), settings, "couponCodes")
    (one,) = action["discounts"]
    assert (one["target"], one["value"]["money"][0]["centAmount"]) == ({"type": "totalPrice"}, 1010)


def element(code, status):
    return json.dumps({"code": code, "status": status})


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        (["PLAIN"], {"PLAIN": "NEW"}),
        (["12345"], {"12345": "NEW"}),
        (['{"code": "A", "status": "ODD", "type": "odd"}'], {"A": "NEW"}),
        ([element("A", "NOT_APPLIED"), element("B", "AVAILABLE")], {}),
        ([element("A", "APPLIED"), element("A", "NEW")], {"A": "APPLIED"}),
        ([element("A", "APPLIED"), element("A", "DELETED")], {"A": "DELETED"}),
        ([element("A", "DELETED"), '{"code": "A"}'], {"A": "NEW"}),
        (['{"code": 7}', "{}", "", "[]", "null"], {"[]": "NEW", "null": "NEW"}),
        ("no list", {}),
        (None, {}),
    ],
)
def test_elements_of_codes(texts, found):
    raw = {"custom": {"fields": {codes.FIELD: texts}}}
    assert {each.code: each.status for each in codes.codes_of(raw)} == found
