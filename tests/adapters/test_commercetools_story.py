"""commercetools and a running Kupon: from the customer to the cancelled order, each thing once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

import pytest
import requests
from tests.adapters.commercetools_platform import CommercetoolsPlatform
from tests.adapters.commercetools_shop import Shop
from tests.adapters.living import LiveProject, kill_worker, wait_until
from tests.adapters.segment_platform import SegmentPlatform
from tests.adapters.test_commercetools import CONFIG
from tests.adapters.test_segment import CONFIG as SEGMENT

from kupon.testing.builders import amount_off, free_units

pytestmark = [pytest.mark.race, pytest.mark.slow, pytest.mark.xdist_group("adapter_stories")]

ORDERS = 30


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


@pytest.fixture
def segment(project):
    """The platform that hears of redemptions."""
    with SegmentPlatform(SEGMENT) as running:
        body = {"adapter": "segment", "name": "Segment", "settings": running.settings}
        project.manage("POST", "/connections", json=body)
        yield running


def connected(platform, project, **settings):
    """The shop once Kupon is installed in it."""
    connection = project.connect("commercetools", platform.settings | settings)
    project.manage("POST", "/connections/Main/provision")
    assert project.manage("POST", "/connections/Main/check")["health"] == "OK"
    return Shop(platform, connection["address"])


def pull(project, resource, mode="FULL"):
    """Pull a resource to its end; the run."""
    body = {"resource": resource, "mode": mode}
    run = project.manage("POST", "/connections/Main/syncs", json=body)
    path = f"/connections/Main/syncs/{run['id']}"

    def is_over():
        seen = project.manage("GET", path)
        return seen if seen["state"] in ("DONE", "FAILED", "CANCELED") else None

    over = wait_until(is_over, f"{resource} are pulled")
    assert (over["state"], over["skipped"]) == ("DONE", 0), over
    return over


def voucher(project, code, discount, quantity=None):
    body = {"type": "DISCOUNT_VOUCHER", "discount": discount, "redemption": {"quantity": quantity}}
    return project.call("POST", f"/v1/vouchers/{code}", json=body)


def status_of(project, order):
    return project.call("GET", f"/v1/orders/{order}")["status"]


def heard(segment, name):
    """The events of a name, by Kupon's ids: a repetition is the same."""
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
    for message in (paid, paid, placed, paid, placed):
        assert shop.forward(message)
    wait_until(lambda: project.redeemed("MUG10") == 1, "the code is redeemed")
    wait_until(lambda: project.waiting()["in"] == 0, "all messages are read")
    assert (project.redeemed("MUG10"), project.redeemed("CUP")) == (1, 1)
    assert status_of(project, "order-1") == "PAID"
    (checkout,) = project.manage("GET", "/connections/Main/checkouts")["data"]
    assert (checkout["state"], checkout.get("error")) == ("REDEEMED", None)
    wait_until(lambda: len(heard(segment, "Customer Redemption Succeeded")) >= 2, "it is heard")

    canceled = shop.cancel("order-1")
    for message in (canceled, paid, canceled):
        assert shop.forward(message)
    wait_until(lambda: project.redeemed("MUG10") == 0, "the code is given back")
    wait_until(lambda: project.waiting()["in"] == 0, "all messages are read")
    assert (project.redeemed("CUP"), status_of(project, "order-1")) == (0, "CANCELED")
    rolled_back = "Customer Redemption Rollback Succeeded"
    wait_until(lambda: len(heard(segment, rolled_back)) >= 2, "it is heard")
    assert len(heard(segment, "Customer Redemption Succeeded")) == len(heard(segment, rolled_back))
    assert shop.codes(shop.enter("cart-2", "MUG10")) == {"MUG10": "APPLIED"}
    cart = shop.enter("cart-2")
    assert (cart["directDiscounts"], cart["custom"]["fields"].get("session")) == ([], None)
    assert project.waiting()["parked"] == 0

    project.manage("DELETE", "/connections/Main")
    assert set(platform.installed()) == {"types/couponCodes", "extensions/shop"}


def forward_surely(shop, message):
    """Send a message until Kupon has taken it, as a queue does."""

    def is_taken():
        try:
            return shop.forward(message)
        except requests.RequestException:
            return False

    wait_until(is_taken, "the message is taken")


@contextmanager
def dying_workers(server):
    """Kill the worker again and again meanwhile."""
    is_over = Event()

    def kill():
        while not is_over.wait(1.5):
            kill_worker(server)

    with ThreadPoolExecutor(1) as pool:
        killer = pool.submit(kill)
        try:
            yield
        finally:
            is_over.set()
        killer.result()
    kill_worker(server)


@pytest.mark.chaos
def test_killed_workers_lose_and_double_nothing(shop, project, own_server):
    for number in range(ORDERS):
        code = f"CODE-{number}"
        voucher(project, code, amount_off(100), quantity=1)
        shop.cart(f"cart-{number}", f"shopper-{number}", ("TEA", 1, 1000))
        assert shop.codes(shop.enter(f"cart-{number}", code)) == {code: "APPLIED"}
        shop.order(f"order-{number}", f"cart-{number}")

    def live(number):
        paid = shop.pay(f"order-{number}")
        told = [paid, paid]
        if number % 2:
            told += [shop.cancel(f"order-{number}"), paid]
        for message in (*told, *reversed(told)):
            forward_surely(shop, message)

    with dying_workers(own_server), ThreadPoolExecutor(4) as pool:
        list(pool.map(live, range(ORDERS)))
    wait_until(lambda: project.waiting()["in"] == 0, "all are read", patience_s=240)
    for number in range(ORDERS):
        wanted = ("CANCELED", 0) if number % 2 else ("PAID", 1)
        found = status_of(project, f"order-{number}"), project.redeemed(f"CODE-{number}")
        assert found == wanted, number
    listed = project.call("GET", "/v1/redemptions?limit=100")["redemptions"]
    made = [each["voucher"]["code"] for each in listed if each["object"] == "redemption"]
    assert len(made) == len(set(made))
    assert project.waiting()["parked"] == 0


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
