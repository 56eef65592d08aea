"""commercetools' odd carts: merged, too long, of buyers by other names, slow to look up."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tests.adapters import commercetools_carts as carts
from tests.adapters.commercetools_platform import CommercetoolsPlatform
from tests.adapters.commercetools_till import Till, names
from tests.adapters.test_commercetools import CONFIG

from kupon.testing import builders
from kupon.testing.clocks import in_time
from kupon_commercetools.mapping import codes


@pytest.fixture
def platform():
    with CommercetoolsPlatform(CONFIG) as running:
        yield running


@pytest.fixture
def till(platform, api):
    return Till(platform, api)


def test_a_cart_that_has_no_type_yet_takes_our_fields(golden, till):
    """As carts of the time before the installation."""
    till.install()
    actions = till.ask(golden("single-line").without_codes(), lambda raw: raw.pop("custom"))
    assert names(actions) == ["setCustomType"]


def test_what_a_lost_cart_holds_is_free(golden, till):
    """Its shopper has logged in, and goes on with another one."""
    cart = golden("single-line")
    till.ask(cart)
    assert till.ask(cart, lambda raw: raw.update(cartState="Merged")) == []
    assert till.shop.released == [None]


def test_units_of_a_product_are_its_first_variant_that_is_sold(golden, till, api):
    cart = golden("free-unit")
    id = "a1b2c3d4-3333-4a4a-9a9a-000000000077"
    product = builders.make_product(api, source_id=id, price=300)
    builders.make_voucher(api, "ANY", discount=builders.free_units(product["id"]))
    article = replace(cart.articles[0], product=id, sku="ANY-1")
    cart = replace(cart, articles=(article,), codes=("ANY",))
    for _ in range(2):
        till.ask(cart)
        assert till.shown(cart)["ANY"]["status"] == "APPLIED"
        assert [each["lineItemMode"] for each in till.cart(cart)["lineItems"]] == [
            "Standard", carts.GIFT,
        ]  # fmt: skip


def test_a_gift_without_a_price_in_the_carts_currency(golden, till):
    """It would fail the shopper's request."""
    cart = replace(golden("free-unit"), currency="JPY")
    till.ask(cart)
    assert "not available" in till.shown(cart)["GOLD-PEN"]["errMsg"]


def test_free_shipping_as_voucherify_has_it(golden, till, api):
    """The product is there in every project, without a price."""
    cart = replace(golden("single-line"), codes=("SHIP",))
    builders.make_voucher(api, "SHIP", discount=builders.free_units("prod_5h1pp1ng"))
    (discounts, *_) = till.ask(cart)
    assert [each["target"] for each in discounts["discounts"]] == [{"type": "shipping"}]
    assert till.shown(cart)["SHIP"]["value"] == "FREE SHIPPING"


def test_lines_whose_total_is_fixed_take_no_discount(golden, till):
    """Direct discounts pass them over, so what comes off them comes off the total."""
    cart = golden("uneven-cents")

    def fix(raw):
        raw["lineItems"][0]["priceMode"] = "ExternalTotal"

    (discounts, *_) = till.ask(cart, fix)
    taken = [each["value"]["money"][0]["centAmount"] for each in discounts["discounts"]]
    assert ([each["target"]["type"] for each in discounts["discounts"]], taken) == (
        ["lineItems", "lineItems", "totalPrice"], [21, 31, 11],
    )  # fmt: skip


def test_gift_cards_that_are_bought_are_not_discounted(golden, till):
    cart = golden("uneven-cents")

    def sell(raw):
        raw["lineItems"][0]["productType"] = {"typeId": "product-type", "id": "pt-gift"}

    till.ask(cart, sell, gift_card_product_types=["pt-gift"])
    (asked,) = till.shop.validated
    assert [each["source_id"] for each in asked["order"]["items"]] == ["article-2-x", "article-3-x"]


def test_a_cart_that_is_too_long_gets_no_discount(golden, till):
    cart = golden("single-line")
    till.ask(cart)

    def fill(raw):
        raw["lineItems"] = [carts.line_item(f"l-{n}", "p", f"s-{n}", 1, 10, "EUR")
                            for n in range(501)]  # fmt: skip

    till.ask(cart, fill)
    assert "500 lines" in till.shown(cart)["GOLD-1"]["errMsg"]
    assert till.cart(cart)["directDiscounts"] == []


@pytest.mark.parametrize(
    ("setting", "members"),
    [
        ("KEY", {"key": "buyer-7"}),
        ("EXTERNAL_ID", {"externalId": "buyer-7"}),
        ("CUSTOMER_NUMBER", {"customerNumber": "buyer-7"}),
    ],
)
def test_customers_by_other_names(golden, till, setting, members):
    cart = golden("single-line")
    till.platform.keep("customers", {"id": cart.customer, "version": 1, **members})
    till.ask(cart, customer_source_id=setting)
    assert till.shop.validated[-1]["customer"] == {"source_id": "buyer-7"}
    till.platform.keep("customers", {"id": cart.customer, "version": 1})
    till.ask(cart, customer_source_id=setting)
    assert "customer" not in till.shop.validated[-1]


def test_a_platform_that_is_slow_holds_nobody_up(golden, till):
    """What is looked up has its part of the time, and then the cart stays as it is."""
    cart = golden("free-unit")
    till.platform.fail("time-out", path="/demo/product-projections")
    assert in_time(lambda: till.ask(cart, extension_timeout_ms=2000), 1.5) == []
    till.platform.mend()
    assert names(till.ask(cart))[0] == "setDirectDiscounts"


def test_a_tier_that_the_shopper_has_chosen_says_why_it_does_not_fit(golden, till):
    cart = golden("single-line").without_codes()
    chosen = {"code": "promo_1", "type": "promotion_tier", "status": "NEW"}

    def choose(raw):
        raw["custom"]["fields"][codes.FIELD] = [json.dumps(chosen)]

    till.ask(cart, choose)
    assert till.shown(cart)["promo_1"]["status"] == "NOT_APPLIED"


def test_codes_that_vanish_are_free_again(golden, till):
    """A storefront should mark them as deleted, but may empty the field."""
    cart = golden("single-line")
    till.ask(cart)
    till.ask(cart.without_codes(), lambda raw: raw["custom"]["fields"].pop(codes.FIELD))
    assert till.shop.released == [None]
    assert till.cart(cart)["totalPrice"]["centAmount"] == cart.amount


def test_a_replicated_cart_has_a_session_of_its_own(golden, till):
    """It has the fields of the cart that it was made of, whose order may wait for its payment."""
    cart = golden("single-line")
    till.ask(cart)
    fields = till.cart(cart)["custom"]["fields"]
    copied = replace(cart, key="cart-2")
    till.ask(copied, lambda raw: raw["custom"].update(fields=dict(fields)))
    keys = [asked["session"]["key"] for asked in till.shop.validated]
    assert keys == ["commercetools:con_1:cart-1", "commercetools:con_1:cart-2"]
    assert till.cart(copied)["custom"]["fields"]["session"] == keys[1]


def write(*elements):
    """Have a storefront write these elements of codes, whatever they are."""

    def change(raw):
        raw["custom"]["fields"][codes.FIELD] = [
            each if isinstance(each, str) else json.dumps(each) for each in elements
        ]

    return change


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param([f"NO-{n}" for n in range(7)], id="many unknown ones"),
        pytest.param([{"code": "A", "gift": {"credits": -5}}], id="an amount that is none"),
        pytest.param([{"code": "A", "reward": {"id": 5}}], id="a reward that is none"),
        pytest.param(["A" * 5000], id="a long one"),
        pytest.param(["A\0B", "A\ud800B"], id="characters that nobody can store"),
        pytest.param(["[" * 100_000], id="depth"),
        pytest.param([{"code": f"C-{n}"} for n in range(40)], id="too many"),
    ],
)
def test_what_can_not_be_a_code_stops_no_other(golden, till, bad):
    """A cart that stayed as it is would keep its discount for whatever else is put in."""
    cart = golden("single-line")
    till.ask(cart, write("GOLD-1", *bad))
    shown = till.shown(cart)
    assert shown.pop("GOLD-1")["status"] == "APPLIED"
    assert till.cart(cart)["totalPrice"]["centAmount"] == cart.cost
    assert {each["status"] for each in shown.values()} == {"NOT_APPLIED"}
    assert all(each["errMsg"] for each in shown.values())


def test_what_has_counted_stays_whatever_is_entered(golden, till):
    cart = golden("single-line")
    till.ask(cart)
    (counted,) = till.cart(cart)["custom"]["fields"][codes.FIELD]
    till.ask(cart, write({"code": "A", "gift": {"credits": -5}}, counted))
    assert [each["status"] for each in till.shown(cart).values()] == ["APPLIED", "NOT_APPLIED"]
    assert till.shop.released == []


def test_a_cart_that_kupon_does_not_take_loses_its_discount(golden, till):
    """Such as one with a line that costs less than nothing."""
    cart = golden("single-line")
    till.ask(cart)

    def spoil(raw):
        raw["lineItems"].append(carts.line_item("line-2", "p", "odd", 1, -100, "EUR"))

    till.ask(cart, spoil)
    assert till.shown(cart)["GOLD-1"]["status"] == "NOT_APPLIED"
    assert till.cart(cart)["directDiscounts"] == []
    assert till.shop.released == ["GOLD-1"]


FOREIGN = {"type": {"typeId": "type", "id": "another"}, "fields": {"session": "the shop's own"}}


@pytest.mark.parametrize("chosen", [{}, {"discounts_as": "CUSTOM_LINE_ITEM"}])
@pytest.mark.parametrize(
    "lose",
    [
        pytest.param(lambda raw: raw["custom"]["fields"].clear(), id="the fields"),
        pytest.param(lambda raw: raw.pop("custom"), id="the type"),
        pytest.param(lambda raw: raw.update(custom=FOREIGN), id="to another type"),
    ],
)
def test_a_cart_that_loses_our_fields_loses_its_discount(golden, till, lose, chosen):
    """Its shopper may do that, and would be left with a discount that no code pays for."""
    cart = golden("single-line")
    state = till.install(**chosen)
    till.platform.places["types"][state["type_id"]]["id"] = state["type_id"]

    def use(raw):
        raw["custom"]["type"]["id"] = state["type_id"]

    till.ask(cart, use, state=state, **chosen)
    raw = till.cart(cart)
    assert raw["totalPrice"]["centAmount"] == cart.cost
    till.ask(cart.without_codes(), lose, state=state, **chosen)
    assert (raw["directDiscounts"], raw["customLineItems"]) == ([], [])
    assert raw["totalPrice"]["centAmount"] == cart.amount
    assert till.shop.released[-1] is None


def test_discounts_of_the_shop_itself_stay(golden, till):
    """Its own carts have a type of their own, whose fields may be called as ours are."""
    cart = golden("single-line").without_codes()
    state = till.install()
    discount = {"value": {"type": "relative", "permyriad": 1000}, "target": {"type": "shipping"}}

    def own(raw):
        raw.update(custom=FOREIGN, directDiscounts=[discount])

    for _ in range(2):
        assert till.ask(cart, own, state=state) == []
