"""Many clients at once against two web processes: each use counts exactly once."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from kupon.testing.builders import amount_off, redeemable
from kupon.testing.client import key_headers

pytestmark = pytest.mark.race

CLIENTS = 64


class Shop:
    """A client of the running server, one connection per thread."""

    def __init__(self, server):
        self._base_url = server.base_url
        self._headers = key_headers("server", server.credentials)
        self._local = threading.local()

    def call(self, method, path, body=None, **headers):
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
        return self._local.session.request(
            method, self._base_url + path, json=body, headers=self._headers | headers, timeout=60
        )

    def make_voucher(self, code, **members):
        body = {"type": "DISCOUNT_VOUCHER", "discount": amount_off(100), **members}
        answer = self.call("POST", f"/v1/vouchers/{code}", body)
        assert answer.status_code == 200, answer.text

    def redeemed(self, code):
        voucher = self.call("GET", f"/v1/vouchers/{code}").json()
        return voucher["redemption"]["redeemed_quantity"]

    def at_once(self, work, count=CLIENTS):
        """Call work(number) from as many threads, all released together."""
        barrier = threading.Barrier(count)

        def one(number):
            barrier.wait()
            return work(number)

        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(one, range(count)))


@pytest.fixture
def shop(live_server):
    return Shop(live_server)


def outcomes(answers):
    return Counter(
        "ok" if answer.status_code == 200 else answer.json()["key"] for answer in answers
    )


def test_a_code_of_ten_uses_gives_ten(shop):
    shop.make_voucher("RACE-TEN", redemption={"quantity": 10})
    body = {"redeemables": [redeemable("RACE-TEN")], "order": {"amount": 1000}}
    answers = shop.at_once(lambda _: shop.call("POST", "/v1/redemptions", body))
    assert outcomes(answers) == {"ok": 10, "quantity_exceeded": 54}
    assert shop.redeemed("RACE-TEN") == 10
    entries = shop.call("GET", "/v1/vouchers/RACE-TEN/redemption").json()["redemption_entries"]
    assert Counter(entry["result"] for entry in entries) == {"SUCCESS": 10, "FAILURE": 54}


def test_stacks_in_any_order_neither_deadlock_nor_half_redeem(shop):
    shop.make_voucher("RACE-A", redemption={"quantity": 20})
    shop.make_voucher("RACE-B", redemption={"quantity": 15})

    def redeem(number):
        codes = ("RACE-A", "RACE-B") if number % 2 else ("RACE-B", "RACE-A")
        body = {"redeemables": [redeemable(code) for code in codes], "order": {"amount": 1000}}
        return shop.call("POST", "/v1/redemptions", body)

    assert outcomes(shop.at_once(redeem, 32)) == {"ok": 15, "quantity_exceeded": 17}
    assert (shop.redeemed("RACE-A"), shop.redeemed("RACE-B")) == (15, 15)


def test_locks_and_redemptions_share_one_quantity(shop):
    shop.make_voucher("RACE-LOCK", redemption={"quantity": 8})
    body = {"redeemables": [redeemable("RACE-LOCK")], "order": {"amount": 1000}}

    def lock_or_redeem(number):
        if number % 2:
            session = {"type": "LOCK", "key": f"cart-{number}"}
            answer = shop.call("POST", "/v1/validations", {**body, "session": session})
            return answer.status_code == 200 and answer.json()["valid"]
        return shop.call("POST", "/v1/redemptions", body).status_code == 200

    assert sum(shop.at_once(lock_or_redeem, 32)) == 8


def test_one_rollback_wins(shop):
    shop.make_voucher("RACE-BACK")
    body = {"redeemables": [redeemable("RACE-BACK")], "order": {"amount": 1000}}
    redemption = shop.call("POST", "/v1/redemptions", body).json()["redemptions"][0]
    path = f"/v1/redemptions/{redemption['id']}/rollbacks"
    answers = shop.at_once(lambda _: shop.call("POST", path, {}), 16)
    assert outcomes(answers) == {"ok": 1, "already_rolled_back": 15}
    assert shop.redeemed("RACE-BACK") == 0


def test_one_key_redeems_once(shop):
    shop.make_voucher("RACE-KEY")
    body = {"redeemables": [redeemable("RACE-KEY")], "order": {"amount": 1000}}
    headers = {"Idempotency-Key": "race-key-1"}
    answers = shop.at_once(lambda _: shop.call("POST", "/v1/redemptions", body, **headers), 24)
    assert len({answer.content for answer in answers}) == 1
    assert shop.redeemed("RACE-KEY") == 1


def test_a_new_customer_and_order_come_once(shop):
    shop.make_voucher("RACE-NEW")
    body = {
        "redeemables": [redeemable("RACE-NEW")],
        "customer": {"source_id": "race-customer"},
        "order": {"source_id": "race-order", "amount": 5000},
    }
    answers = shop.at_once(lambda _: shop.call("POST", "/v1/redemptions", body), 12)
    counted = outcomes(answers)
    assert set(counted) <= {"ok", "multiple_requests"}
    done = [answer.json() for answer in answers if answer.status_code == 200]
    assert len({answer["order"]["id"] for answer in done}) == 1
    assert len({answer["redemptions"][0]["customer_id"] for answer in done}) == 1
    order = shop.call("GET", "/v1/orders/race-order").json()
    assert order["discount_amount"] == 100 * len(done)
    assert len(order["redemptions"]) == len(done) == shop.redeemed("RACE-NEW")
