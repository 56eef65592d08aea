"""A worker killed in the middle of a platform's orders: none is lost, none counts twice."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import os
import random
import signal
from pathlib import Path

import psycopg
import pytest
import requests
from tests.chaos.test_kills import named, setting

from kupon.runtime import clock
from kupon.testing.builders import amount_off
from kupon.testing.client import key_headers
from kupon.testing.live import run_live_server

pytestmark = [pytest.mark.race, pytest.mark.slow]

FOREIGN = Path(__file__).parents[1] / "features" / "integrations" / "foreign"
SECRET = "canary-shoplet"
ORDERS = 60
PATIENCE_S = 240.0


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server that has the adapter of an imaginary shop installed."""
    folder = tmp_path_factory.mktemp("killed")
    site = folder / "site"
    about = site / "kupon_shoplet-0.1.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: kupon-shoplet\nVersion: 0.1\n")
    (about / "entry_points.txt").write_text("[kupon]\nshoplet = kupon_shoplet\n")
    (site / "kupon_shoplet").symlink_to(FOREIGN / "kupon_shoplet")
    with run_live_server(folder, PYTHONPATH=str(site)) as started:
        yield started


def events_of(number):
    """What the shop tells of one order, in its order; every third one is canceled in the end."""
    states = ["CREATED", "PAID", "FULFILLED", *(["CANCELED"] if number % 3 == 0 else [])]
    for version, status in enumerate(states, 1):
        yield {
            "id": f"order-{number}-{version}",
            "topic": "order",
            "key": f"order-{number}",
            "version": version,
            "fields": {
                "status": status,
                "amount": 1000,
                "items": [{"source_id": "mug", "quantity": 1, "price": 1000, "amount": 1000}],
                "customer": {"source_id": f"customer-{number % 7}"},
            },
            "redeemables": [{"object": "voucher", "id": "KILLED"}],
        }


def test_a_killed_worker_loses_and_doubles_nothing(server):
    server_keys = key_headers("server", server.credentials)
    management = key_headers("management", server.credentials)
    project = server.credentials["project_id"]
    root = f"{server.base_url}/management/v1/projects/{project}/connections"
    voucher = {"type": "DISCOUNT_VOUCHER", "discount": amount_off(100)}
    requests.post(
        f"{server.base_url}/v1/vouchers/KILLED", json=voucher, headers=server_keys, timeout=20
    ).raise_for_status()
    body = {"adapter": "shoplet", "name": "Shop", "settings": {"secret": SECRET}}
    connection = requests.post(root, json=body, headers=management, timeout=20).json()
    told = [*itertools.chain.from_iterable(map(events_of, range(ORDERS)))] * 3
    random.Random(7).shuffle(told)
    half = len(told) // 2
    for place, event in enumerate(told[:half]):
        tell(connection, event)
        if place % 100 == 50:
            kill_worker(server)
    path = f"{root}/{connection['id']}"
    requests.post(f"{path}/pause", headers=management, timeout=20).raise_for_status()
    for event in told[half:]:
        tell(connection, event)
    requests.post(f"{path}/resume", headers=management, timeout=20).raise_for_status()
    for _ in range(4):
        # All is waiting now: whatever the worker does, it is in the middle of it.
        clock.sleep(0.4)
        kill_worker(server)
    wait_until_done(path, management)
    paid = sum(1 for number in range(ORDERS) if number % 3)
    answer = requests.get(
        f"{server.base_url}/v1/vouchers/KILLED", headers=server_keys, timeout=20
    ).json()
    assert answer["redemption"]["redeemed_quantity"] == paid
    with psycopg.connect(setting(server, "DATABASE_URL")) as database:
        [counted] = database.execute(
            "SELECT count(*) FROM redemptions WHERE voucher_code = 'KILLED'"
            " AND object = 'redemption' AND result = 'SUCCESS' AND status = 'SUCCEEDED'"
        ).fetchall()
        statuses = dict(
            database.execute("SELECT status, count(*) FROM orders GROUP BY status").fetchall()
        )
        [entries] = database.execute("SELECT count(*), count(DISTINCT state) FROM inbox").fetchall()
    assert counted == (paid,)
    assert statuses == {"FULFILLED": paid, "CANCELED": ORDERS - paid}
    assert entries == (len(told) // 3, 1)


def tell(connection, event):
    raw = json.dumps(event).encode()
    signature = hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()
    requests.post(
        connection["address"],
        data=raw,
        headers={"X-Shoplet-Signature": signature},
        timeout=20,
    ).raise_for_status()


def kill_worker(server):
    for pid in named(server, "worker"):
        os.kill(pid, signal.SIGKILL)


def wait_until_done(path, management):
    ends_at = clock.monotonic_s() + PATIENCE_S
    while clock.monotonic_s() < ends_at:
        found = requests.get(f"{path}/statistics", headers=management, timeout=20).json()
        if found["inbox_waiting"] == 0:
            return
        clock.sleep(0.5)
    raise AssertionError("deliveries were left waiting")
