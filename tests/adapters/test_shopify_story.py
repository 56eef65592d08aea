"""Shopify and a running Kupon: from the first code to the cancelled order, each thing once."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

import pytest
import requests
from tests.adapters import shopify_records as records
from tests.adapters.living import LiveProject, kill_worker, wait_until
from tests.adapters.shopify_cases import CONFIG
from tests.adapters.shopify_platform import OTHERS, ShopifyPlatform
from tests.adapters.shopify_shop import Shop

from kupon.testing.builders import amount_off

pytestmark = [pytest.mark.race, pytest.mark.slow, pytest.mark.xdist_group("adapter_stories")]

ORDERS = 10
# After so many further calls of the shop's each.
KILLED_AFTER = (3, 9, 27)
SHARED = 120


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


def voucher(project, code, discount, **members):
    body = {"type": "DISCOUNT_VOUCHER", "discount": discount, "redemption": {"quantity": 1}}
    return project.call("POST", f"/v1/vouchers/{code}", json=body | members)


def is_offered(platform, code):
    """Whether the shop's checkout takes a code."""
    node = platform.discounts.by_code().get(code.lower())
    return node is not None and node["codeDiscount"]["status"] == "ACTIVE"


def status_of(project, order):
    return project.call("GET", f"/v1/orders/{order}")["status"]


def heard(segment, name):
    """The events of a name, by Kupon's ids: a repetition is the same."""
    return [each for each in segment.calls_of("track") if each["event"] == name]


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
    wait_until(lambda: platform.metafields.values, "the order tells of it")
    assert platform.metafields.values["820001"]["codes"] == ["MUG10"]
    wait_until(lambda: not is_offered(platform, "MUG10"), "the shop takes it no more")
    assert shop.check_out(820002, 7001, 1, "MUG10")[0] == 1000

    canceled = shop.cancel(820001)
    refunded = shop.event("refunds/create", 92001, order_id=820001)
    for event in (canceled, paid, refunded, canceled, placed):
        assert shop.tell(event)
    wait_until(lambda: project.redeemed("MUG10") == 0, "the code is given back")
    wait_until(lambda: project.waiting()["in"] == 0, "all webhooks are read")
    assert status_of(project, 820001) == "CANCELED"
    wait_until(
        lambda: platform.metafields.values["820001"]["state"] == "ROLLED_BACK", "the order tells it"
    )
    wait_until(lambda: heard(segment, "Customer Redemption Rollback Succeeded"), "it is heard")
    wait_until(lambda: is_offered(platform, "MUG10"), "the shop takes it again")
    assert shop.check_out(820003, 7001, 1, "mug10")[0] == 500
    assert len(heard(segment, "Customer Redemption Succeeded")) == 1
    assert len(heard(segment, "Customer Redemption Rollback Succeeded")) == 1

    redacted = shop.event("customers/redact", 0, customer={"id": 7001}, orders_to_redact=[820001])
    assert shop.tell(redacted)
    wait_until(lambda: project.find_customer("7001") is None, "the customer is forgotten")
    assert project.waiting()["parked"] == 0
    project.manage("DELETE", "/connections/Main")
    assert set(platform.installed()) == set(OTHERS)


def test_a_part_of_a_refund_keeps_the_codes_and_all_of_it_gives_them_back(shop, platform, project):
    """Also of an order that an agent has made, with the discount that Kupon has calculated."""
    for code in ("MUG10", "AGENT5"):
        voucher(project, code, amount_off(500))
        wait_until(lambda code=code: is_offered(platform, code), "the shop has the code")
    shop.check_out(820201, 7001, 3, "MUG10")
    noted = [{"key": "_kupon_codes", "value": "AGENT5"}]
    shop.check_out(820202, 7001, 3)
    drafted = platform.records["orders"]["820202"]
    drafted |= {"sourceName": "shopify_draft_order", "customAttributes": noted}
    drafted["lineItems"][0]["discountAllocations"] = [records.by_hand("5.00", "EUR")]
    for id, code in ((820201, "MUG10"), (820202, "AGENT5")):
        assert shop.tell(shop.pay(id))
        wait_until(lambda code=code: project.redeemed(code) == 1, "the code is redeemed")
        for told in (shop.refund(id, left=1), shop.refund(id, left=1)):
            assert shop.tell(told)
        wait_until(lambda: project.waiting()["in"] == 0, "all webhooks are read")
        assert (status_of(project, id), project.redeemed(code)) == ("PAID", 1)
        for told in (shop.refund(id, left=0), shop.cancel(id)):
            assert shop.tell(told)
        wait_until(lambda: project.waiting()["in"] == 0, "all webhooks are read")
        assert (status_of(project, id), project.redeemed(code)) == ("CANCELED", 0)
    listed = project.call("GET", "/v1/redemptions?limit=100")["redemptions"]
    assert sorted(each["object"] for each in listed) == [
        "redemption",
        "redemption",
        "redemption_rollback",
        "redemption_rollback",
    ]


@contextmanager
def killing(server, platform):
    """Workers die while they ask the shop for something; each time they get further."""
    is_over = Event()

    def kill():
        for calls in KILLED_AFTER:
            goal = len(platform.calls()) + calls
            while len(platform.calls()) < goal:
                if is_over.wait(0.02):
                    return
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


def live(shop, project, number):
    """The life of an order, told in disorder and more than once; every other one is cancelled."""
    id, code = 820100 + number, f"CODE-{number}"
    _, placed = shop.check_out(id, 7100 + number, 1, code)
    paid = shop.pay(id)
    told = [paid, placed, paid]
    for event in (*told, *reversed(told)):
        tell(shop, event)
    wait_until(lambda: project.redeemed(code) == 1, f"{code} is redeemed")
    if number % 2:
        canceled = shop.cancel(id)
        for event in (canceled, paid, canceled, placed):
            tell(shop, event)


@pytest.mark.chaos
def test_killed_workers_lose_and_double_nothing(shop, platform, project, own_server, segment):
    for number in range(ORDERS):
        voucher(project, f"CODE-{number}", amount_off(100))
    wait_until(
        lambda: all(is_offered(platform, f"CODE-{n}") for n in range(ORDERS)), "codes are there"
    )
    with killing(own_server, platform), ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: live(shop, project, number), range(ORDERS)))
    wait_until(
        lambda: (waiting := project.waiting())["in"] == waiting["out"] == 0, "all is read and told"
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
    made = Counter((each["object"], each["voucher"]["code"]) for each in listed)
    assert made == Counter(
        [("redemption", f"CODE-{n}") for n in range(ORDERS)]
        + [("redemption_rollback", f"CODE-{n}") for n in range(1, ORDERS, 2)]
    )
    wait_until(
        lambda: len(heard(segment, "Customer Redemption Rollback Succeeded")) == ORDERS // 2,
        "all is heard",
    )
    assert len(heard(segment, "Customer Redemption Succeeded")) == ORDERS
    assert project.waiting()["parked"] == 0


def test_codes_of_a_campaign_share_a_discount(platform, project):
    """They are added many at once; one of them is used, goes, and comes back."""
    settings = platform.settings | {"share_discounts": True}
    shop = Shop(platform, project.connect("shopify", settings)["address"])
    project.manage("POST", "/connections/Main/provision")
    body = {"name": "Autumn", "campaign_type": "DISCOUNT_COUPONS", "type": "AUTO_UPDATE"}
    code = {"type": "DISCOUNT_VOUCHER", "discount": amount_off(500), "redemption": {"quantity": 1}}
    project.call("POST", "/v1/campaigns", json=body | {"vouchers_count": SHARED, "voucher": code})
    wait_until(lambda: len(platform.held("codes")) == SHARED, "the shop has all codes")
    (node,) = platform.discounts.nodes.values()
    assert len(platform.batches) < SHARED / 4

    code = node["redeem"][SHARED // 2]["code"]
    total, placed = shop.check_out(820301, 7001, 1, code.lower())
    assert total == 500
    for told in (placed, shop.pay(820301), placed):
        assert shop.tell(told)
    wait_until(lambda: project.redeemed(code) == 1, "the code is redeemed")
    wait_until(lambda: not is_offered(platform, code), "the shop has it no more")
    assert len(platform.held("codes")) == SHARED - 1
    assert shop.tell(shop.cancel(820301))
    wait_until(lambda: is_offered(platform, code), "the shop has it again")
    assert project.redeemed(code) == 0
    assert shop.check_out(820302, 7001, 1, code)[0] == 500
