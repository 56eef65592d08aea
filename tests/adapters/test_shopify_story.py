"""Shopify and a running Kupon: from the first code to the cancelled order, each thing once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

import pytest
import requests
from tests.adapters.living import LiveProject, kill_worker, wait_until
from tests.adapters.segment_platform import SegmentPlatform
from tests.adapters.shopify_platform import OTHERS, ShopifyPlatform
from tests.adapters.shopify_shop import Shop
from tests.adapters.test_segment import CONFIG as SEGMENT
from tests.adapters.test_shopify import CONFIG

from kupon.kit.timestamps import parse_moment
from kupon.testing.builders import amount_off

pytestmark = [pytest.mark.race, pytest.mark.slow, pytest.mark.xdist_group("adapter_stories")]

ORDERS = 24
CUSTOMERS = 150


@pytest.fixture
def platform():
    with ShopifyPlatform(CONFIG) as running:
        yield running


@pytest.fixture
def project(own_server):
    return LiveProject(own_server, "Shopify")


@pytest.fixture
def shop(platform, project):
    """The shop once Kupon has subscribed to its topics."""
    connection = project.connect("shopify", platform.settings)
    assert project.manage("POST", "/connections/Main/check")["health"] == "OK"
    project.manage("POST", "/connections/Main/provision")
    return Shop(platform, connection["address"])


@pytest.fixture
def segment(project):
    """The platform that hears of redemptions."""
    with SegmentPlatform(SEGMENT) as running:
        body = {"adapter": "segment", "name": "Segment", "settings": running.settings}
        project.manage("POST", "/connections", json=body)
        yield running


def voucher(project, code, discount, **members):
    body = {"type": "DISCOUNT_VOUCHER", "discount": discount, "redemption": {"quantity": 1}}
    return project.call("POST", f"/v1/vouchers/{code}", json=body | members)


def is_offered(platform, code):
    """Whether the shop's checkout takes a code."""
    node = platform.discounts.get(code.lower())
    return node is not None and node["codeDiscount"]["status"] == "ACTIVE"


def status_of(project, order):
    return project.call("GET", f"/v1/orders/{order}")["status"]


def heard(segment, name):
    """The events of a name, by Kupon's ids: a repetition is the same."""
    return [each for each in segment.calls_of("track") if each["event"] == name]


def pull(project, resource, mode="FULL"):
    """Begin to pull a resource; a question for its run once that is over."""
    body = {"resource": resource, "mode": mode}
    run = project.manage("POST", "/connections/Main/syncs", json=body)
    path = f"/connections/Main/syncs/{run['id']}"

    def is_over():
        seen = project.manage("GET", path)
        return seen if seen["state"] in ("DONE", "FAILED", "CANCELED") else None

    return is_over


def test_from_the_first_code_to_the_cancelled_order(shop, platform, project, segment):
    created = shop.register(7001, firstName="Ada", lastName="Nowak")
    stocked = shop.stock(301, 401, "10.00", title="Tea")
    for event in (created, stocked, created, stocked, created):
        assert shop.tell(event)
    wait_until(lambda: project.find_customer("7001"), "the customer is there")
    assert project.find_customer("7001")["name"] == "Ada Nowak"
    wait_until(lambda: project.waiting()["in"] == 0, "the product is there")
    assert project.call("GET", "/v1/skus/401")["price"] == 1000

    voucher(project, "MUG10", amount_off(500))
    voucher(project, "WEEKEND", amount_off(900), validity_day_of_week=[0, 6])
    wait_until(lambda: is_offered(platform, "MUG10"), "the shop has the code")
    path = "/connections/Main/outbound/items"
    (refused,) = wait_until(lambda: project.manage("GET", path)["data"], "one is refused")
    assert "hours and days" in refused["reason"]

    total, placed = shop.check_out(820001, 7001, 3, "MUG10", "WEEKEND")
    assert total == 2500
    assert shop.tell(placed)
    wait_until(lambda: project.waiting()["in"] == 0, "the order is there")
    assert (status_of(project, 820001), project.redeemed("MUG10")) == ("CREATED", 0)
    paid = shop.pay(820001)
    for event in (paid, paid, placed, paid, shop.event("orders/updated", 820001)):
        assert shop.tell(event)
    wait_until(lambda: project.redeemed("MUG10") == 1, "the code is redeemed")
    wait_until(lambda: project.waiting()["in"] == 0, "all webhooks are read")
    assert (status_of(project, 820001), project.redeemed("MUG10")) == ("PAID", 1)
    (checkout,) = project.manage("GET", "/connections/Main/checkouts")["data"]
    assert (checkout["state"], checkout.get("error")) == ("REDEEMED", None)
    wait_until(lambda: heard(segment, "Customer Redemption Succeeded"), "it is heard")
    wait_until(lambda: not is_offered(platform, "MUG10"), "the shop takes it no more")
    assert shop.check_out(820002, 7001, 1, "MUG10")[0] == 1000

    canceled = shop.cancel(820001)
    refunded = shop.event("refunds/create", 92001, order_id=820001)
    for event in (canceled, paid, refunded, canceled, placed):
        assert shop.tell(event)
    wait_until(lambda: project.redeemed("MUG10") == 0, "the code is given back")
    wait_until(lambda: project.waiting()["in"] == 0, "all webhooks are read")
    assert status_of(project, 820001) == "CANCELED"
    wait_until(lambda: heard(segment, "Customer Redemption Rollback Succeeded"), "it is heard")
    wait_until(lambda: is_offered(platform, "MUG10"), "the shop takes it again")
    assert len(heard(segment, "Customer Redemption Succeeded")) == 1
    assert len(heard(segment, "Customer Redemption Rollback Succeeded")) == 1

    redacted = shop.event("customers/redact", 0, customer={"id": 7001}, orders_to_redact=[820001])
    assert shop.tell(redacted)
    wait_until(lambda: project.find_customer("7001") is None, "the customer is forgotten")
    assert project.waiting()["parked"] == 0
    project.manage("DELETE", "/connections/Main")
    assert set(platform.installed()) == set(OTHERS)


@contextmanager
def killing(server):
    """Workers die every other second."""
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


def tell(shop, event):
    """Deliver an event as the shop does, which repeats it until it is taken."""

    def is_taken():
        try:
            return shop.tell(event)
        except requests.RequestException:
            return False

    wait_until(is_taken, "the webhook is taken")


def live(shop, number):
    """The life of an order, told in disorder and more than once; every other one ends early."""
    id = 820100 + number
    _, placed = shop.check_out(id, 7100 + number, 1, f"CODE-{number}")
    paid = shop.pay(id)
    told = [paid, placed, paid]
    if number % 2:
        told += [shop.cancel(id), paid]
    for event in (*told, *reversed(told)):
        tell(shop, event)


@pytest.mark.chaos
def test_killed_workers_lose_and_double_nothing(shop, platform, project, own_server):
    for number in range(ORDERS):
        voucher(project, f"CODE-{number}", amount_off(100))
    wait_until(
        lambda: all(is_offered(platform, f"CODE-{n}") for n in range(ORDERS)), "codes are there"
    )
    with killing(own_server), ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: live(shop, number), range(ORDERS)))
    wait_until(
        lambda: (waiting := project.waiting())["in"] == waiting["out"] == 0,
        "all is read and told",
        patience_s=240,
    )
    for number in range(ORDERS):
        id, code = 820100 + number, f"CODE-{number}"
        wanted = ("CANCELED", 0) if number % 2 else ("PAID", 1)
        assert (status_of(project, id), project.redeemed(code)) == wanted, code
        wait_until(
            lambda code=code, number=number: is_offered(platform, code) == bool(number % 2),
            f"the shop knows of {code}",
        )
    listed = project.call("GET", "/v1/redemptions?limit=100")["redemptions"]
    made = [each["voucher"]["code"] for each in listed if each["object"] == "redemption"]
    assert len(made) == len(set(made))
    assert project.waiting()["parked"] == 0


def test_a_shop_is_pulled_whoever_dies_meanwhile(shop, platform, project, own_server):
    """Fifty pages of customers and some orders, of which one is older than the connection."""
    platform.put("customers", CUSTOMERS, changed_at=shop.now())
    is_over = pull(project, "customers")
    wait_until(lambda: len(platform.calls()) > CUSTOMERS // 12, "some pages were asked for")
    kill_worker(own_server)
    run = wait_until(is_over, "the customers are pulled", patience_s=240)
    assert (run["state"], run["done"], run["total"]) == ("DONE", CUSTOMERS, CUSTOMERS)
    assert project.call("GET", "/v1/customers?limit=1")["total"] == CUSTOMERS

    for code in ("OLD", "NEW"):
        voucher(project, code, amount_off(500))
        wait_until(lambda code=code: is_offered(platform, code), "the shop has the code")
        shop.check_out(1 if code == "OLD" else 2, 7001, 2, code)
    shop.pay(1)
    shop.pay(2)
    platform.records["orders"]["1"] |= {"processedAt": "2020-01-01T00:00:00Z"}
    assert wait_until(pull(project, "orders"), "the orders are pulled")["state"] == "DONE"
    assert (project.redeemed("OLD"), project.redeemed("NEW")) == (0, 1)
    assert (status_of(project, 1), status_of(project, 2)) == ("PAID", "PAID")
    shop.cancel(2)
    run = wait_until(pull(project, "orders", "INCREMENTAL"), "the changes are pulled")
    assert run["state"] == "DONE"
    assert (status_of(project, 2), project.redeemed("NEW")) == ("CANCELED", 0)
    since = parse_moment(run["since"])
    assert any(f"updated_at:>='{since:%Y-%m-%d}" in each.body.decode() for each in platform.calls())
