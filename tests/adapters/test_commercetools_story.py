"""commercetools and a running Kupon: from the customer to the cancelled order, each thing once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from tests.adapters.commercetools_platform import CommercetoolsPlatform
from tests.adapters.commercetools_shop import connected, pull, status_of, voucher
from tests.adapters.living import LiveProject, wait_until
from tests.adapters.test_commercetools import CONFIG

from kupon.testing.builders import amount_off, free_units

pytestmark = [pytest.mark.race, pytest.mark.slow, pytest.mark.xdist_group("adapter_stories")]


@pytest.fixture
def platform():
    with CommercetoolsPlatform(CONFIG) as running:
        yield running


@pytest.fixture
def project(own_server):
    return LiveProject(own_server, "commercetools")


@pytest.fixture
def shop(platform, project):
    return connected(platform, project)


def heard(segment, name):
    """The events of a name, none of which came twice."""
    calls = [each for each in segment.calls_of("track") if each["event"] == name]
    assert len({each["messageId"] for each in calls}) == len(calls)
    return calls


def test_from_the_first_visit_to_the_cancelled_order(shop, platform, project, segment):
    shop.register("ada", firstName="Ada", lastName="Nowak")
    shop.stock("TEA", 1000)
    shop.stock("CUP", 300)
    for resource in ("customers", "catalog"):
        pull(project, resource)
    assert project.find_customer("ada")["name"] == "Ada Nowak"
    shop.register("ben", firstName="Ben", lastName="Kowal")
    assert shop.forward(platform.tell("CustomerCreated", "customer", "ben"))
    ben = wait_until(lambda: project.find_customer("ben"), "the message brings a customer")
    assert ben["name"] == "Ben Kowal"
    cup = project.call("GET", "/v1/skus/CUP")
    assert cup["price"] == 300
    voucher(project, "MUG10", amount_off(500), quantity=1)
    voucher(project, "CUP", free_units(cup["id"], effect="ADD_NEW_ITEMS"))

    cart = shop.cart("cart-1", "ada", ("TEA", 3, 1000))
    assert (shop.total(cart), cart["custom"]["fields"]) == (3000, {})
    cart = shop.enter("cart-1", "MUG10", "CUP", "NO-SUCH-CODE")
    assert shop.codes(cart) == {"MUG10": "APPLIED", "CUP": "APPLIED", "NO-SUCH-CODE": "NOT_APPLIED"}
    assert shop.total(cart) == 2500
    assert [each["variant"]["sku"] for each in cart["lineItems"]] == ["TEA", "CUP"]

    shop.cart("cart-2", "ada", ("TEA", 1, 1000))
    rival = shop.enter("cart-2", "MUG10")
    assert (shop.codes(rival), shop.total(rival)) == ({"MUG10": "NOT_APPLIED"}, 1000)
    cart = shop.change("cart-1", lambda raw: raw["lineItems"][0].update(quantity=2))
    assert (shop.total(cart), len(shop.codes(cart))) == (1500, 2)

    placed = shop.order("order-1", "cart-1")
    assert project.redeemed("MUG10") == 0
    paid = shop.pay("order-1")
    with ThreadPoolExecutor(5) as pool:
        assert all(pool.map(shop.forward, [paid] * 5))
    for message in (placed, paid, placed):
        assert shop.forward(message)
    wait_until(lambda: project.redeemed("MUG10") == 1, "the code is redeemed")
    wait_until(lambda: project.waiting()["in"] == 0, "all messages are read")
    assert (project.redeemed("MUG10"), project.redeemed("CUP")) == (1, 1)
    assert status_of(project, "order-1") == "PAID"
    (checkout,) = project.manage("GET", "/connections/Main/checkouts")["data"]
    assert (checkout["state"], checkout.get("error")) == ("REDEEMED", None)
    wait_until(lambda: len(heard(segment, "Customer Redemption Succeeded")) >= 2, "it is heard")
    wait_until(lambda: platform.held("orders"), "the order tells of it")
    told = platform.held("orders")["order-1"]
    assert (told["used_codes"], len(told["kupon_redemptions"])) == (["CUP", "MUG10"], 1)

    canceled = shop.cancel("order-1")
    for message in (canceled, paid, canceled):
        assert shop.forward(message)
    wait_until(lambda: project.redeemed("MUG10") == 0, "the code is given back")
    wait_until(lambda: project.waiting()["in"] == 0, "all messages are read")
    assert (project.redeemed("CUP"), status_of(project, "order-1")) == (0, "CANCELED")
    wait_until(lambda: not platform.held("orders"), "the order tells of it no more")
    rolled_back = "Customer Redemption Rollback Succeeded"
    wait_until(lambda: len(heard(segment, rolled_back)) >= 2, "it is heard")
    assert len(heard(segment, "Customer Redemption Succeeded")) == len(heard(segment, rolled_back))
    assert shop.codes(shop.enter("cart-2", "MUG10")) == {"MUG10": "APPLIED"}
    cart = shop.enter("cart-2")
    assert (cart["directDiscounts"], cart["custom"]["fields"].get("session")) == ([], None)
    assert project.waiting()["parked"] == 0

    project.manage("DELETE", "/connections/Main")
    assert set(platform.installed()) == {
        "types/couponCodes",
        "types/lineItemCodesType",
        "extensions/shop",
    }


def test_an_order_that_is_never_paid_gives_its_code_back(shop, project):
    voucher(project, "MUG10", amount_off(500), quantity=1)
    shop.cart("cart-1", "ada", ("TEA", 1, 1000))
    shop.enter("cart-1", "MUG10")
    shop.cart("cart-2", "ben", ("TEA", 1, 1000))
    assert shop.forward(shop.order("order-1", "cart-1"))
    wait_until(lambda: project.waiting()["in"] == 0, "the message is read")
    assert shop.codes(shop.enter("cart-2", "MUG10")) == {"MUG10": "NOT_APPLIED"}
    assert shop.forward(shop.cancel("order-1"))
    wait_until(lambda: project.waiting()["in"] == 0, "the message is read")
    assert (status_of(project, "order-1"), project.redeemed("MUG10")) == ("CANCELED", 0)
    assert shop.codes(shop.enter("cart-2", "MUG10")) == {"MUG10": "APPLIED"}


def test_two_carts_want_the_last_use_of_a_code(shop, project):
    voucher(project, "LAST", amount_off(500), quantity=1)
    for number in range(4):
        shop.cart(f"cart-{number}", f"shopper-{number}", ("TEA", 1, 1000))
    with ThreadPoolExecutor(4) as pool:
        carts = pool.map(lambda number: shop.enter(f"cart-{number}", "LAST"), range(4))
        found = sorted(shop.codes(cart)["LAST"] for cart in carts)
    assert found == ["APPLIED", "NOT_APPLIED", "NOT_APPLIED", "NOT_APPLIED"]


def test_a_cart_that_could_not_be_priced_holds_nothing(shop, platform, project):
    shop.stock("CUP", 300)
    pull(project, "catalog")
    cup = project.call("GET", "/v1/skus/CUP")
    voucher(project, "MUG10", amount_off(500), quantity=1)
    voucher(project, "CUP", free_units(cup["id"], effect="ADD_NEW_ITEMS"))
    for number in (1, 2):
        shop.cart(f"cart-{number}", f"shopper-{number}", ("TEA", 1, 1000))
    platform.fail("500", path="/demo/product-projections")
    tries, shop.tries = shop.tries, 1
    cart = shop.enter("cart-1", "MUG10", "CUP")
    assert (shop.codes(cart), shop.total(cart)) == ({"MUG10": "NEW", "CUP": "NEW"}, 1000)
    shop.tries = tries
    assert shop.codes(shop.enter("cart-2", "MUG10")) == {"MUG10": "APPLIED"}
    platform.mend()
    cart = shop.enter("cart-1", "MUG10", "CUP")
    assert shop.codes(cart) == {"MUG10": "NOT_APPLIED", "CUP": "APPLIED"}


def test_a_cart_that_could_not_be_priced_is_priced_soon_after(shop, platform, project):
    shop.stock("CUP", 300)
    pull(project, "catalog")
    cup = project.call("GET", "/v1/skus/CUP")
    voucher(project, "CUP", free_units(cup["id"], effect="ADD_NEW_ITEMS"))
    shop.cart("cart-1", "ada", ("TEA", 1, 1000))
    platform.fail("500", path="/demo/product-projections")
    shop.tries = 1
    assert shop.codes(shop.enter("cart-1", "CUP")) == {"CUP": "NEW"}
    platform.mend()
    stored = platform.places["carts"]["cart-1"]
    wait_until(lambda: shop.codes(stored) == {"CUP": "APPLIED"}, "the cart is calculated anew")
    assert [each["variant"]["sku"] for each in stored["lineItems"]] == ["TEA", "CUP"]
    wait_until(lambda: project.waiting()["in"] == 0, "nothing is left to be done")


def test_a_shop_without_a_queue_is_pulled(shop, platform, project):
    """Orders, their payment and their end are found by what has changed since."""
    voucher(project, "MUG10", amount_off(500), quantity=1)
    pull(project, "orders")
    shop.cart("cart-1", "ada", ("TEA", 1, 1000))
    shop.enter("cart-1", "MUG10")
    shop.order("order-1", "cart-1")
    shop.cart("cart-2", "ada", ("TEA", 1, 1000))
    shop.order("order-2", "cart-2")
    shop.pay("order-1")
    for _ in range(2):
        pull(project, "orders", "INCREMENTAL")
        assert (status_of(project, "order-1"), project.redeemed("MUG10")) == ("PAID", 1)
    shop.cancel("order-1")
    del platform.places["orders"]["order-2"]
    platform.tell("OrderDeleted", "order", "order-2")
    for _ in range(2):
        pull(project, "orders", "INCREMENTAL")
        assert (status_of(project, "order-1"), project.redeemed("MUG10")) == ("CANCELED", 0)
    assert status_of(project, "order-2") == "CANCELED"


def test_an_order_whose_code_is_gone_is_refused_if_the_shop_wants_that(platform, project):
    shop = connected(platform, project, block_on_invalid=True)
    voucher(project, "MUG10", amount_off(500))
    shop.cart("cart-1", "ada", ("TEA", 1, 1000))
    shop.enter("cart-1", "MUG10")
    project.call("POST", "/v1/vouchers/MUG10/disable")
    with pytest.raises(requests.HTTPError, match="400"):
        shop.order("order-1", "cart-1")
    assert shop.codes(shop.enter("cart-1", "MUG10")) == {"MUG10": "NOT_APPLIED"}
    shop.order("order-1", "cart-1")
