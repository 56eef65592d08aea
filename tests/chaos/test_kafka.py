"""Processes killed between Kafka and Kupon: all arrives, in order, and counts once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import psycopg
import pytest
import requests
from tests.chaos.test_kills import named, setting
from tests.plugins.kafka_cluster import Cluster

from kupon.runtime import clock
from kupon.testing.client import key_headers
from kupon.testing.live import run_live_server

pytestmark = [pytest.mark.race, pytest.mark.slow]

PATIENCE_S = 240.0
CUSTOMERS = 20
CHANGES = 12
COMMANDS = 600
SPOILED = 5


@pytest.fixture(scope="module")
def cluster():
    return Cluster()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with run_live_server(tmp_path_factory.mktemp("bus")) as started:
        yield started


@pytest.fixture
def manage(server):
    """Posts to the administration of the project."""

    def post(path, body):
        headers = key_headers("management", server.credentials)
        root = f"{server.base_url}/management/v1/projects/{server.credentials['project_id']}"
        answer = requests.post(f"{root}/{path}", json=body, headers=headers, timeout=30)
        answer.raise_for_status()
        return answer.json()

    return post


def test_a_killed_worker_loses_no_event_and_keeps_the_order_of_each_customer(
    server, cluster, manage
):
    topics = {"topic": "events", "customers_topic": "customers"}
    body = {"sink": "kafka", "events": ["*"], "settings": {**cluster.settings, **topics}}
    manage("event-sinks", body)
    for change in range(CHANGES):
        for number in range(CUSTOMERS):
            body = {"source_id": f"told-{number}", "name": f"{change:02d}"}
            call(server, "POST", "/v1/customers", body)
        if change % 3 == 1:
            kill_worker(server)
    wait_for(lambda: len(first_names(cluster, "events")) == CUSTOMERS * CHANGES)
    for number in range(CUSTOMERS):
        wanted = [f"{change:02d}" for change in range(CHANGES)]
        told = [name for who, name in first_names(cluster, "events") if who == f"told-{number}"]
        assert told == wanted
    newest = {f"told-{number}": f"{CHANGES - 1:02d}" for number in range(CUSTOMERS)}
    wait_for(lambda: last_names(cluster, "customers") == newest)


def last_names(cluster, topic):
    """By customer the name that a compacted topic has; others than this test's are left out."""
    told = [json.loads(each.value()) for each in cluster.read(topic)]
    return {
        customer["source_id"]: customer["name"]
        for customer in told
        if customer["source_id"].startswith("told-")
    }


def first_names(cluster, topic):
    """Whose names were told, in the order of the topic, without repetitions.

    Shapes:  customers of other tests may be told of too.
    """
    found = {}
    for each in cluster.read(topic):
        customer = json.loads(each.value())["data"]["customer"]
        if customer["source_id"].startswith("told-"):
            id = dict(each.headers())["ce_id"]
            found.setdefault(id, (customer["source_id"], customer["name"]))
    return list(found.values())


def test_killed_subscribers_and_workers_lose_and_double_nothing(server, cluster, manage):
    settings = {**cluster.settings, "topic": "commands", "dead_letter_topic": "dead"}
    connection = manage("connections", {"adapter": "kafka", "name": "Bus", "settings": settings})
    properties = {"number": {"type": "number", "optional": False}}
    manage("custom-event-schemas", {"name": "review_left", "schema": {"properties": properties}})
    told = [event_of(number) for number in range(COMMANDS)]
    spoiled = [(b"k", b"no command", [("trace", b"x")]) for _ in range(SPOILED)]
    # A fifth comes twice; something that is no command lies in between.
    cluster.write(
        "commands", *told[:300], *spoiled, *told[240:360], *told[300:], (b"c-1", None, [])
    )
    group = f"kupon-{server.credentials['project_id']}-{connection['id']}"

    first = consume(server, "--batch", "10")
    wait_for(lambda: stored(server) > 50)
    first.kill()
    first.wait()
    assert 0 < stored(server) < COMMANDS
    kill_worker(server)

    second = consume(server)
    wait_for(lambda: stored(server) == COMMANDS)
    kill_worker(server)
    wait_for(lambda: cluster.committed(group, "commands") == COMMANDS + 120 + SPOILED + 1)
    second.terminate()
    assert second.wait(30) == 0

    wait_for(lambda: len(query(server, TRACKED)) >= COMMANDS)
    assert sorted(int(number) for (number,) in query(server, TRACKED)) == list(range(COMMANDS))
    for customer in range(50):
        arrived = [int(number) for (number,) in query(server, ARRIVED, f"customer:c-{customer}")]
        assert arrived == sorted(arrived)
    buried = cluster.read("dead")
    assert len({dict(each.headers())["x-dlq-offset"] for each in buried}) == SPOILED
    for each in buried:
        headers = dict(each.headers())
        assert (each.key(), each.value()) == (b"k", b"no command")
        assert headers["trace"] == b"x"
        assert headers["x-dlq-error-key"] == b"invalid_json"
        assert headers["x-dlq-topic"] == b"commands"
        assert headers["x-dlq-consumer"] == group.encode()


TRACKED = "SELECT metadata ->> 'number' FROM custom_events"
ARRIVED = "SELECT payload #>> '{data,metadata,number}' FROM inbox WHERE subject = %s ORDER BY seq"


def event_of(number):
    """A command with headers, so that its repetitions can be told."""
    customer = f"c-{number % 50}"
    data = {
        "customer": {"source_id": customer},
        "event": "review_left",
        "metadata": {"number": number},
    }
    headers = [("ce_id", str(number).encode()), ("ce_source", b"/shop")]
    return customer.encode(), json.dumps({"type": "event.track", "data": data}).encode(), headers


def consume(server, *options):
    """A subscriber of the connection "Bus"."""
    names = ("DATABASE_URL", "REDIS_URL", "SECRET_KEYS", "ALLOWED_NETWORKS")
    variables = {f"KUPON_{name}": setting(server, name) for name in names}
    argv = [sys.executable, "-m", "kupon.cli.main", "kafka", "consume"]
    project = server.credentials["project_id"]
    return subprocess.Popen([*argv, project, "Bus", *options], env=os.environ | variables)


def stored(server):
    [(found,)] = query(server, "SELECT count(*) FROM inbox")
    return found


def query(server, statement, *parameters):
    with psycopg.connect(setting(server, "DATABASE_URL")) as database:
        return database.execute(statement, parameters).fetchall()


def call(server, method, path, body):
    headers = key_headers("server", server.credentials)
    url = f"{server.base_url}{path}"
    requests.request(method, url, json=body, headers=headers, timeout=30).raise_for_status()


def kill_worker(server):
    for pid in named(server, "worker"):
        os.kill(pid, signal.SIGKILL)


def wait_for(is_reached):
    ends_at = clock.monotonic_s() + PATIENCE_S
    while not is_reached():
        assert clock.monotonic_s() < ends_at
        clock.sleep(0.2)
