"""commercetools and a Kupon whose workers die again and again: nothing is lost or doubled."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

import pytest
import requests
from tests.adapters.commercetools_platform import CommercetoolsPlatform
from tests.adapters.commercetools_shop import connected, status_of, voucher
from tests.adapters.living import LiveProject, kill_worker, wait_until
from tests.adapters.test_commercetools import CONFIG

from kupon.testing.builders import amount_off

pytestmark = [pytest.mark.chaos, pytest.mark.slow, pytest.mark.xdist_group("adapter_stories")]

ORDERS = 30
MOST_ORDERS = 600
DEATHS = 5


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


def known(segment, name):
    """The ids of the events of a name."""
    return {each["messageId"] for each in segment.calls_of("track") if each["event"] == name}


def forward_surely(shop, message):
    """Send a message until Kupon has taken it, as a queue does."""

    def is_taken():
        try:
            return shop.forward(message)
        except requests.RequestException:
            return False

    wait_until(is_taken, "the message is taken")


@contextmanager
def dying_workers(project, server):
    """Kill the worker again and again while something waits for it; the deaths so far."""
    is_over = Event()
    deaths = []

    def kill():
        while not is_over.wait(0.8):
            if project.waiting()["in"] > 0:
                deaths.append(project.waiting()["in"])
                kill_worker(server)

    with ThreadPoolExecutor(1) as pool:
        killer = pool.submit(kill)
        try:
            yield deaths
        finally:
            is_over.set()
        killer.result()


def place(project, shop, number):
    """An order with a code of its own, not yet paid."""
    voucher(project, f"CODE-{number}", amount_off(100), quantity=1)
    shop.cart(f"cart-{number}", f"shopper-{number}", ("TEA", 1, 1000))
    cart = shop.enter(f"cart-{number}", f"CODE-{number}")
    assert shop.codes(cart) == {f"CODE-{number}": "APPLIED"}
    shop.order(f"order-{number}", f"cart-{number}")


def live(shop, number):
    """An order is paid, every other one cancelled; all is told twice, and late."""
    paid = shop.pay(f"order-{number}")
    told = [paid, paid]
    if number % 2:
        told += [shop.cancel(f"order-{number}"), paid]
    for message in (*told, *reversed(told)):
        forward_surely(shop, message)


def test_killed_workers_lose_and_double_nothing(shop, project, own_server, segment):
    made = 0
    with dying_workers(project, own_server) as deaths, ThreadPoolExecutor(4) as pool:
        while made < ORDERS or len(deaths) < DEATHS:
            assert made < MOST_ORDERS, "the workers would not die"
            numbers = range(made, made + 10)
            for number in numbers:
                place(project, shop, number)
            list(pool.map(lambda number: live(shop, number), numbers))
            made += len(numbers)
    wait_until(lambda: project.waiting()["in"] == 0, "all are read", patience_s=240)
    for number in range(made):
        wanted = ("CANCELED", 0) if number % 2 else ("PAID", 1)
        found = status_of(project, f"order-{number}"), project.redeemed(f"CODE-{number}")
        assert found == wanted, number
    codes = redeemed_codes(project)
    assert len(codes) == len(set(codes))
    assert project.waiting()["parked"] == 0
    # An order that is cancelled before anybody has read that it was paid redeems nothing at all.
    canceled = [code for code in codes if int(code.removeprefix("CODE-")) % 2]
    wait_until_known(segment, "Customer Redemption Succeeded", len(codes))
    wait_until_known(segment, "Customer Redemption Rollback Succeeded", len(canceled))


def wait_until_known(segment, name, count):
    """Wait until as many events of a name are heard; what is told again has the same id."""
    wait_until(lambda: len(known(segment, name)) >= count, f"{name} is heard", patience_s=240)
    assert len(known(segment, name)) == count


def redeemed_codes(project):
    """The code of each redemption that was ever made."""
    found, page = [], 1
    while listed := project.call("GET", f"/v1/redemptions?limit=100&page={page}")["redemptions"]:
        found += [each["voucher"]["code"] for each in listed if each["object"] == "redemption"]
        page += 1
    return found
