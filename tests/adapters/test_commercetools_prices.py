"""commercetools' prices with tiers and with parts of a cent."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.adapters import commercetools_carts as carts
from tests.adapters.commercetools_platform import CommercetoolsPlatform
from tests.adapters.commercetools_till import Till
from tests.adapters.test_commercetools import CONFIG
from tests.adapters.test_commercetools_lines import LINES, discounts, free_lines

from kupon.testing import builders
from kupon_commercetools.mapping.prices import cost

BASE = {"value": carts.money(1000, "EUR")}
TIERS = [
    {"minimumQuantity": 20, "value": carts.money(700, "EUR")},
    {"minimumQuantity": 10, "value": carts.money(800, "EUR")},
]
SETTINGS = {"use_discounted_price": True}


def precise(amount, digits):
    """A price with parts of a cent."""
    return {"type": "highPrecision", "preciseAmount": amount, "fractionDigits": digits}


@pytest.fixture
def platform():
    with CommercetoolsPlatform(CONFIG) as running:
        yield running


@pytest.fixture
def till(platform, api):
    made = Till(platform, api)
    made.install(**LINES)
    return made


@pytest.mark.parametrize(
    ("price", "quantity", "of", "expected"),
    [
        pytest.param(BASE | {"tiers": TIERS}, 9, 9, 9000, id="below the first tier"),
        pytest.param(BASE | {"tiers": TIERS}, 10, 10, 8000, id="a tier counts for all units"),
        pytest.param(BASE | {"tiers": TIERS}, 25, 25, 17_500, id="the highest tier"),
        pytest.param(BASE | {"tiers": TIERS}, 9, 10, 7200, id="units of a line with free ones"),
        pytest.param(
            BASE | {"tiers": TIERS, "discounted": {"value": carts.money(900, "EUR")}},
            10, 10, 9000, id="what is discounted has no tiers",
        ),
    ],
)  # fmt: skip
def test_tiers(price, quantity, of, expected):
    cart = {"totalPrice": carts.money(0, "EUR")}
    assert cost(price, quantity, of, cart, SETTINGS) == expected


@pytest.mark.parametrize(
    ("mode", "currency", "amount", "digits", "expected"),
    [
        (None, "EUR", 12_345, 5, 62),
        ("HalfEven", "EUR", 125, 4, 6),
        ("HalfUp", "EUR", 125, 4, 6),
        ("HalfEven", "EUR", 25, 3, 12),
        ("HalfUp", "EUR", 25, 3, 13),
        ("HalfDown", "EUR", 35, 3, 17),
        ("HalfUp", "JPY", 5, 1, 3),
        ("HalfEven", "KWD", 5, 4, 2),
    ],
)
def test_totals_are_rounded_as_the_cart_has_it(mode, currency, amount, digits, expected):
    """Five units of a price with parts of a cent."""
    cart = {"totalPrice": carts.money(0, currency), "priceRoundingMode": mode}
    assert cost({"value": precise(amount, digits)}, 5, 5, cart, SETTINGS) == expected


def test_a_cart_is_discounted_from_its_tiers(golden, till):
    """Ten at 8.00 instead of 10.00 each."""
    cart = golden("single-line")
    ten = replace(cart.lines[0], quantity=10)

    def tier(raw):
        raw["lineItems"][0]["price"]["tiers"] = TIERS
        carts.calculate(raw, {})

    for settings in (LINES, {}):
        till.ask(replace(cart, lines=(ten,)), tier, **settings)
        (item,) = till.shop.validated[-1]["order"]["items"]
        assert (item["price"], item["amount"]) == (800, 8000)
        (shown,) = till.shown(cart).values()
        assert till.cart(cart)["totalPrice"]["centAmount"] == 8000 - shown["value"]


def test_free_units_cost_what_their_tier_says(golden, till, api):
    """What the line costs comes off again, and no cent more."""
    cart = golden("free-unit")
    pen = api.get("/v1/skus/article-2-x").expect()
    builders.make_voucher(
        api, "PENS", discount=builders.free_units(pen["id"], 10, effect="ADD_NEW_ITEMS")
    )
    cart = replace(cart, codes=("PENS",))

    def tier(raw):
        products = till.platform.places["product-projections"].values()
        (product,) = [each for each in products if each["masterVariant"]["sku"] == "article-2-x"]
        cheaper = {"minimumQuantity": 10, "value": carts.money(200, "EUR")}
        product["masterVariant"]["price"]["tiers"] = [cheaper]

    for _ in range(2):
        till.ask(cart, tier, **LINES)
        raw = till.cart(cart)
        assert (free_lines(raw), discounts(raw)) == ({"article-2-x": 10}, [-2000])
        assert raw["totalPrice"]["centAmount"] == 1000
