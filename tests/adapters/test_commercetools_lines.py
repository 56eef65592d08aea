"""commercetools' carts whose discounts are lines: a custom line, and free units at their price."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tests.adapters import commercetools_carts as carts
from tests.adapters.commercetools_platform import CommercetoolsPlatform
from tests.adapters.commercetools_records import order_of
from tests.adapters.commercetools_till import Till
from tests.adapters.test_commercetools import CONFIG

from kupon.runtime import clock
from kupon.testing import builders
from kupon.testing.carts import GOLDEN_CARTS
from kupon.testing.contract.checks import Case
from kupon_commercetools.adapter import CommercetoolsAdapter
from kupon_commercetools.mapping.lines import SLUG
from kupon_commercetools.mapping.orders import order_command

LINES = {
    "discounts_as": "CUSTOM_LINE_ITEM",
    "coupon_line_names": {"en": "Coupon", "de": "Gutschein"},
}


@pytest.fixture
def platform():
    with CommercetoolsPlatform(CONFIG) as running:
        yield running


@pytest.fixture
def till(platform, api):
    made = Till(platform, api)
    made.install(**LINES)
    return made


def discounts(raw):
    """The custom lines of discounts, by what they cost."""
    return [each["totalPrice"]["centAmount"] for each in raw["customLineItems"]]


def free_lines(raw):
    """The lines with free units: how many units each has."""
    return {each["variant"]["sku"]: each["quantity"] for each in raw["lineItems"]
            if carts.is_given(each)}  # fmt: skip


@pytest.mark.parametrize("name", list(GOLDEN_CARTS))
def test_golden_carts_cost_the_same(golden, till, name):
    cart = golden(name)
    till.ask(cart, **LINES)
    raw = till.cart(cart)
    assert raw["totalPrice"]["centAmount"] == cart.cost
    assert raw["directDiscounts"] == []
    assert {each["action"] for each in till.ask(cart, **LINES)} <= {"setCustomField"}
    till.ask(cart.without_codes(), **LINES)
    assert (raw["totalPrice"]["centAmount"], raw["customLineItems"]) == (cart.amount, [])
    assert free_lines(raw) == {}


def test_the_line_as_the_platform_wants_it(golden, till):
    cart = golden("single-line")
    till.ask(cart, **LINES)
    (line,) = till.cart(cart)["customLineItems"]
    assert (line["slug"], line["name"]) == (SLUG, LINES["coupon_line_names"])
    assert line["taxCategory"] == {"typeId": "tax-category", "key": "kupon-discounts"}
    category = till.platform.installed()["tax-categories/kupon-discounts"]
    assert [(each["country"], each["amount"]) for each in category["rates"]] == [
        ("DE", 0), ("PL", 0),
    ]  # fmt: skip
    till.platform.project["countries"].append("FR")
    till.install(**LINES)
    rates = till.platform.installed()["tax-categories/kupon-discounts"]["rates"]
    assert [each["country"] for each in rates] == ["DE", "PL", "FR"]


def test_codes_of_the_shop_go_along(golden, till):
    cart = golden("single-line")
    till.ask(cart, lambda raw: raw.update(discountCodes=[{"state": "MatchesCart"}]), **LINES)
    assert till.shown(cart)["GOLD-1"]["status"] == "APPLIED"
    assert till.cart(cart)["totalPrice"]["centAmount"] == cart.cost


def test_free_units_are_a_line_of_their_own(golden, till, api):
    """Two codes give units of one article; each is subtracted once, whatever the shopper has."""
    cart = golden("free-unit")
    pen = api.get("/v1/skus/article-2-x").expect()
    for code, effect in (("TWO", "ADD_NEW_ITEMS"), ("MISSING", "ADD_MISSING_ITEMS")):
        discount = builders.free_units(pen["id"], 2, effect=effect)
        builders.make_voucher(api, code, discount=discount)
    bought = replace(cart.articles[0], id="line-2", quantity=1)
    cart = replace(cart, lines=(*cart.lines, bought), codes=("GOLD-PEN", "TWO"))
    for _ in range(2):
        till.ask(cart, **LINES)
        raw = till.cart(cart)
        assert (free_lines(raw), discounts(raw)) == ({"article-2-x": 3}, [-900])
        assert raw["totalPrice"]["centAmount"] == 1300
    (line,) = [each for each in raw["lineItems"] if carts.is_given(each)]
    grants = [json.loads(each) for each in line["custom"]["fields"]["applied_codes"]]
    assert [(each["code"], each["quantity"]) for each in grants] == [("GOLD-PEN", 1), ("TWO", 2)]

    till.ask(replace(cart, codes=("MISSING",)), **LINES)
    # One of two is there, and is free now; the other one is added.
    assert (free_lines(raw), discounts(raw)) == ({"article-2-x": 1}, [-600])
    assert till.ask(replace(cart, codes=("MISSING",)), **LINES) == []


def test_units_that_the_shopper_adds_to_a_free_line_are_paid(golden, till):
    cart = golden("free-unit")
    till.ask(cart, **LINES)

    def add(raw):
        (line,) = [each for each in raw["lineItems"] if carts.is_given(each)]
        line["quantity"] = 3
        carts.calculate(raw, {})

    till.ask(cart, add, **LINES)
    raw = till.cart(cart)
    assert (raw["totalPrice"]["centAmount"], discounts(raw)) == (1600, [-300])
    till.ask(cart.without_codes(), **LINES)
    assert (raw["totalPrice"]["centAmount"], discounts(raw)) == (1600, [])
    assert free_lines(raw) == {"article-2-x": 2}


def test_a_free_unit_that_the_shopper_removes_stays_away(golden, till):
    cart = golden("free-unit")
    till.ask(cart, **LINES)

    def remove(raw):
        raw["lineItems"] = [each for each in raw["lineItems"] if not carts.is_given(each)]

    till.ask(cart, remove, **LINES)
    assert "removed" in till.shown(cart)["GOLD-PEN"]["errMsg"]
    assert (free_lines(till.cart(cart)), discounts(till.cart(cart))) == ({}, [])


def test_the_platforms_price_of_a_free_unit_counts(golden, till):
    """Kupon's catalogue may be behind: what the line costs is what comes off."""
    cart = golden("free-unit")
    dearer = replace(cart.articles[0], price=350)
    till.ask(replace(cart, articles=(dearer,)), **LINES)
    raw = till.cart(cart)
    assert (raw["totalPrice"]["centAmount"], discounts(raw)) == (1000, [-350])


def test_another_setting_leaves_no_lines(golden, till):
    cart = golden("free-unit")
    till.ask(cart, **LINES)
    till.ask(cart)
    raw = till.cart(cart)
    assert (raw["totalPrice"]["centAmount"], discounts(raw)) == (1000, [])
    assert [each["lineItemMode"] for each in raw["lineItems"]] == ["Standard", carts.GIFT]


@pytest.mark.parametrize("chosen", [LINES, {}])
def test_a_line_of_voucherifys_connector_is_replaced(golden, till, chosen):
    cart = golden("single-line")

    def carry(raw):
        left = carts.money(-200, "EUR")
        raw["customLineItems"] = [
            {"id": "left", "slug": "Voucher, ", "money": left, "totalPrice": left}
        ]

    till.ask(cart, carry, **chosen)
    raw = till.cart(cart)
    assert raw["totalPrice"]["centAmount"] == cart.cost
    assert "left" not in {each["id"] for each in raw["customLineItems"]}


def test_an_order_of_such_a_cart(golden, till):
    cart = golden("free-unit")
    till.ask(cart, **LINES)
    raw = order_of(till.cart(cart), "order-1", clock.now())
    settings = Case(CommercetoolsAdapter, till.platform).make(settings=LINES).config
    command = order_command(raw, settings, "con_1", {})
    found = [(each["source_id"], each["quantity"]) for each in command.fields["items"]]
    assert found == [("article-1-x", 1)]
    assert command.fields["metadata"]["platform_discount"] == 300
