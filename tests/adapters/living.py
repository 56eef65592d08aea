"""What the stories of adapters need: projects of a running Kupon, calls over HTTP, and harm."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress

import requests
from tests.chaos.test_kills import named, setting

from kupon.bootstrap import provision
from kupon.runtime import clock
from kupon.runtime.settings import Settings
from kupon.testing.client import key_headers

PATIENCE_S = 120.0


class LiveProject:
    """A project of its own in a running Kupon, and its connections."""

    def __init__(self, server, name):
        self.server = server
        settings = Settings(
            database_url=setting(server, "DATABASE_URL"), redis_url=setting(server, "REDIS_URL")
        )
        self.credentials = provision(settings, name)
        self.id = self.credentials["project_id"]

    def call(self, method, path, surface="server", **options):
        """A call of the API; what it answered."""
        headers = key_headers(surface, self.credentials)
        url = f"{self.server.base_url}{path}"
        answer = requests.request(method, url, headers=headers, timeout=30, **options)
        assert answer.status_code < 300, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def manage(self, method, path, **options):
        """A call of the project's administration."""
        path = f"/management/v1/projects/{self.id}{path}"
        return self.call(method, path, "management", **options)

    def connect(self, adapter, settings, events=None):
        """A connection, whose platform may be told of other events than usual."""
        body = {"adapter": adapter, "name": "Main", "settings": settings}
        connection = self.manage("POST", "/connections", json=body)
        if events is not None:
            self.manage("PUT", "/connections/Main/outbound", json={"events": events})
        return connection

    def make_campaign(self, name):
        """A campaign of 5.00 off that makes codes as they are asked for."""
        discount = {"type": "AMOUNT", "amount_off": 500, "effect": "APPLY_TO_ORDER"}
        body = {
            "name": name,
            "campaign_type": "DISCOUNT_COUPONS",
            "type": "AUTO_UPDATE",
            "voucher": {
                "type": "DISCOUNT_VOUCHER",
                "discount": discount,
                "redemption": {"quantity": 1},
            },
        }
        return self.call("POST", "/v1/campaigns", json=body)

    def redeemed(self, code):
        """How often a code counts as redeemed."""
        return self.call("GET", f"/v1/vouchers/{code}")["redemption"]["redeemed_quantity"]

    def find_customer(self, source_id):
        """A customer, None where unknown."""
        headers = key_headers("server", self.credentials)
        url = f"{self.server.base_url}/v1/customers/{source_id}"
        answer = requests.get(url, headers=headers, timeout=30)
        return answer.json() if answer.status_code == 200 else None

    def waiting(self):
        """How many deliveries and items wait in the connection, or could not be taken."""
        inbox = self.manage("GET", "/connections/Main/statistics")
        outbound = self.manage("GET", "/connections/Main/outbound")["items"]
        return {
            "in": inbox["inbox_waiting"],
            "parked": inbox["inbox_parked"],
            "out": sum(outbound.values()) if isinstance(outbound, dict) else outbound,
        }


def wait_until(
    test: Callable[[], object], what: str, patience_s: float = PATIENCE_S, every_s: float = 0.1
):
    """What the test answers once that is true."""
    ends_at = clock.monotonic_s() + patience_s
    while not (found := test()):
        assert clock.monotonic_s() < ends_at, f"waited in vain until {what}"
        clock.sleep(every_s)
    return found


def kill_worker(server):
    """End the worker in the middle of whatever it does."""
    for pid in named(server, "worker"):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
