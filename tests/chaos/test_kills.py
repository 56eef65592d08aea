"""Processes killed in the middle of their work: nothing is lost, nothing counts twice."""

from __future__ import annotations

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
import redis
import requests

from kupon.runtime import clock
from kupon.testing.builders import amount_off, redeemable
from kupon.testing.client import key_headers
from kupon.testing.live import run_live_server

pytestmark = [pytest.mark.race, pytest.mark.slow]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server of its own: what these tests do to it is not for others to live with."""
    with run_live_server(tmp_path_factory.mktemp("chaos")) as started:
        yield started


@pytest.fixture(scope="module")
def session(server):
    with requests.Session() as opened:
        opened.headers.update(key_headers("server", server.credentials))
        yield opened


def descendants(root):
    """The processes below one, with their command lines."""
    children = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except (OSError, ValueError):
                continue
            children.setdefault(parent, []).append((int(entry.name), line))
    found, todo = [], [root]
    while todo:
        for pid, line in children.get(todo.pop(), []):
            found.append((pid, line))
            todo.append(pid)
    return found


def named(server, word):
    """The process of one `kupon <word>`, without those that it started itself."""
    below = descendants(server.process_id)
    ends = {pid: line for pid, line in below if line.rstrip().endswith(f"kupon.cli.main {word}")}
    return [pid for pid in ends if parent_of(pid) not in ends]


def parent_of(pid):
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def web_workers(server):
    """The web processes that answer requests: children of the one that listens."""
    return [
        pid
        for master in named(server, "web")
        for pid, line in descendants(master)
        if "resource_tracker" not in line
    ]


def setting(server, name):
    """What a running process was given for a setting of ours."""
    (pid,) = named(server, "relay")
    environment = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
    return dict(pair.split("=", 1) for pair in environment if "=" in pair)[f"KUPON_{name}"]


def make_voucher(session, server, code, **members):
    body = {"type": "DISCOUNT_VOUCHER", "discount": amount_off(100), **members}
    session.post(f"{server.base_url}/v1/vouchers/{code}", json=body).raise_for_status()


def redeemed(session, server, code):
    voucher = session.get(f"{server.base_url}/v1/vouchers/{code}").json()
    return voucher["redemption"]["redeemed_quantity"]


def test_killed_web_processes_neither_lose_nor_double(server, session):
    """Clients repeat each request under its idempotency key until it is answered."""
    redeem_under_fire(server, session, "KILL", kills=4)


@pytest.mark.chaos
def test_a_long_time_under_fire(server, session):
    redeem_under_fire(server, session, "KILL-LONG", kills=50)


def redeem_under_fire(server, session, code, kills):
    """Have clients redeem while web processes are killed; every answer must have counted once."""
    make_voucher(session, server, code)
    body = {"redeemables": [redeemable(code)], "order": {"amount": 1000}}
    clients = 8
    is_over = threading.Event()

    def kill():
        for _ in range(kills):
            # Long enough for the killed process's successor to come up.
            clock.sleep(2.0)
            os.kill(web_workers(server)[0], signal.SIGKILL)
        is_over.set()

    def client(number):
        ids = []
        while not is_over.is_set():
            headers = dict(session.headers) | {"Idempotency-Key": f"{code}-{number}-{len(ids)}"}
            ids.append(redeem_until_answered(server, body, headers))
        return ids

    with ThreadPoolExecutor(clients + 1) as pool:
        killer = pool.submit(kill)
        ids = [done for found in pool.map(client, range(clients)) for done in found]
        killer.result()
    assert len(ids) > 100
    assert len(set(ids)) == len(ids) == redeemed(session, server, code)
    with psycopg.connect(setting(server, "DATABASE_URL")) as database:
        stored = database.execute(
            "SELECT count(*) FROM redemptions WHERE voucher_code = %s AND result = 'SUCCESS'",
            (code,),
        ).fetchone()
        orders = database.execute(
            "SELECT count(DISTINCT order_id) FROM redemptions WHERE voucher_code = %s", (code,)
        ).fetchone()
    assert stored == orders == (len(ids),)


# A web server of which two processes died at once is started anew, on a busy machine slowly.
LONGEST_ABSENCE = 60


def redeem_until_answered(server, body, headers):
    since = clock.monotonic_s()
    while clock.monotonic_s() - since < LONGEST_ABSENCE:
        try:
            answer = requests.post(
                f"{server.base_url}/v1/redemptions", json=body, headers=headers, timeout=20
            )
        except requests.RequestException:
            clock.sleep(0.05)
            continue
        if answer.status_code == 200:
            return answer.json()["redemptions"][0]["id"]
        # A database connection or a process that went away in the middle.
        assert answer.status_code in (500, 502, 503), answer.text
    raise AssertionError("never answered")


def feed(session, server, customer, count, patience_s=120.0):
    """The redemptions in a customer's activity feed, once there are so many."""
    ends_at = clock.monotonic_s() + patience_s
    while True:
        found, query = [], {"limit": 100, "order": "created_at"}
        while True:
            page = session.get(
                f"{server.base_url}/v1/customers/{customer}/activity", params=query
            ).json()
            found += [e for e in page["data"] if e["type"] == "customer.redemption.succeeded"]
            if not page["has_more"]:
                break
            query["starting_after_id"] = page["more_starting_after"]
        if len(found) >= count or clock.monotonic_s() > ends_at:
            return [entry["data"]["data"]["redemption"]["id"] for entry in found]
        clock.sleep(0.2)


@pytest.mark.parametrize("harm", ["flush redis", "kill worker", "kill relay"])
def test_events_arrive_once_and_in_order(server, session, harm):
    code, customer = "EVENT-" + harm.replace(" ", "-"), f"customer-{harm.replace(' ', '-')}"
    make_voucher(session, server, code)
    body = {
        "redeemables": [redeemable(code)],
        "customer": {"source_id": customer},
        "order": {"amount": 1000},
    }
    ids = []
    for turn in range(60):
        answer = session.post(f"{server.base_url}/v1/redemptions", json=body)
        ids.append(answer.json()["redemptions"][0]["id"])
        if turn % 10 == 5:
            do_harm(server, harm)
    assert feed(session, server, customer, len(ids)) == ids


def do_harm(server, harm):
    if harm == "flush redis":
        redis.Redis.from_url(setting(server, "REDIS_URL")).flushall()
        return
    for pid in named(server, harm.removeprefix("kill ")):
        os.kill(pid, signal.SIGKILL)
