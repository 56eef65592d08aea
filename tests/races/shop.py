"""A shop whose clients all come at the same moment."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import requests

from kupon.testing.builders import amount_off
from kupon.testing.client import key_headers

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

    def make(self, path, body):
        """POST something that must succeed; what was made."""
        answer = self.call("POST", path, body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def make_voucher(self, code, **members):
        body = {"type": "DISCOUNT_VOUCHER", "discount": amount_off(100), **members}
        return self.make(f"/v1/vouchers/{code}", body)

    def redeem(self, *redeemables, **members):
        """Redeem them together; the response, whatever it is."""
        body = {"redeemables": list(redeemables), "order": {"amount": 1000}, **members}
        return self.call("POST", "/v1/redemptions", body)

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


def outcomes(answers):
    """How many answers there are of each kind: `ok`, or the key of an error."""
    return Counter(
        "ok" if answer.status_code == 200 else answer.json()["key"] for answer in answers
    )
