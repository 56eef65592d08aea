"""A worker killed while it sends: every event arrives, and whatever comes twice is the same."""

from __future__ import annotations

import os
import signal

import pytest
import requests
from tests.chaos.test_kills import named

from kupon.hooks.signatures import sign
from kupon.runtime import clock
from kupon.testing.client import key_headers
from kupon.testing.live import run_live_server
from kupon.testing.platform import FakePlatform, Received, Reply, route

pytestmark = [pytest.mark.race, pytest.mark.slow]

CUSTOMERS = 150
PATIENCE_S = 240.0


class Receiver(FakePlatform):
    """A project's server, which takes its time."""

    @route("POST", "/hook")
    def hook(self, _: Received) -> Reply:
        clock.sleep(0.01)
        return Reply({})


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with run_live_server(tmp_path_factory.mktemp("sending")) as started:
        yield started


def test_a_killed_worker_loses_no_event(server):
    keys = key_headers("server", server.credentials)
    management = key_headers("management", server.credentials)
    project = f"{server.base_url}/management/v1/projects/{server.credentials['project_id']}"
    with Receiver() as receiver:
        body = {"target_url": f"{receiver.url}/hook", "events": ["customer.created"]}
        made = post(f"{project}/webhooks", management, body)
        key = post(f"{project}/signing-key", management, None)["key"]
        ids = set()
        for number in range(CUSTOMERS):
            body = {"source_id": f"c{number}"}
            ids.add(post(f"{server.base_url}/v1/customers", keys, body)["id"])
            if number % 50 == 25:
                kill_worker(server)
        wait_for(receiver, 20)
        kill_worker(server)
        wait_for(receiver, CUSTOMERS)
        calls = receiver.calls()
    assert {call.json["event"]["entity_id"] for call in calls} == ids
    # One body for each event, however often it came.
    assert len({call.body for call in calls}) == CUSTOMERS
    assert all(call.headers["x-voucherify-signature"] == sign(key, call.body) for call in calls)
    log = f"{server.base_url}/v1/webhooks/{made['id']}/deliveries"
    ends_at = clock.monotonic_s() + PATIENCE_S
    while count(log, keys, "SUCCEEDED") < CUSTOMERS and clock.monotonic_s() < ends_at:
        clock.sleep(0.5)
    assert count(log, keys, "SUCCEEDED") == CUSTOMERS


def post(url, headers, body):
    answer = requests.post(url, json=body, headers=headers, timeout=20)
    answer.raise_for_status()
    return answer.json()


def count(log, headers, state):
    query = {"limit": 1, "filters[state][conditions][$is][0]": state}
    return requests.get(log, params=query, headers=headers, timeout=20).json()["total"]


def wait_for(receiver, number):
    ends_at = clock.monotonic_s() + PATIENCE_S
    while len({call.body for call in receiver.calls()}) < number:
        assert clock.monotonic_s() < ends_at, "events did not arrive"
        clock.sleep(0.05)


def kill_worker(server):
    for pid in named(server, "worker"):
        os.kill(pid, signal.SIGKILL)
