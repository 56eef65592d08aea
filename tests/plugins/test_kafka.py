"""Kafka and a whole Kupon: events go out in order, commands come in once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from threading import Event, Thread

import psycopg
import pytest
from tests.plugins.kafka_cluster import Cluster

from kupon.cli.gateway import InboxGateway
from kupon.features.webhooks.jobs import wake_senders
from kupon.hooks.addresses import AddressGuard
from kupon.hooks.errors import Misconfigured, Unavailable
from kupon.runtime import clock
from kupon.storage.uow import UnitOfWork
from kupon.testing.builders import make_customer
from kupon_kafka.consumer import Subscriber
from kupon_kafka.producers import open_producer

pytestmark = pytest.mark.slow

PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def cluster():
    return Cluster()


@pytest.fixture
def topic(project):
    return f"events.{project.id}"


@pytest.fixture
def sink(management_api, project, cluster, topic):
    """Makes a receiver of events: `sink(bootstrap_servers=...)`; changes it when there is one."""
    path = f"/management/v1/projects/{project.id}/event-sinks"
    made = []

    def make(**changed):
        settings = {**cluster.settings, "topic": topic, **changed}
        if made:
            return management_api.put(f"{path}/{made[0]}", json={"settings": settings}).expect()
        body = {"sink": "kafka", "events": ["*"], "settings": settings}
        answer = management_api.post(path, json=body).expect()
        made.append(answer["id"])
        return answer

    return make


@pytest.fixture
def look(engine, jobs):
    """Does what the scheduler does, then what is due."""

    def run():
        with UnitOfWork(engine, project_id="", now=clock.now()) as uow:
            wake_senders(uow)
            uow.commit()
        return jobs()

    return run


def told(cluster, topic):
    return [json.loads(each.value()) for each in cluster.read(topic)]


def test_events_go_to_the_topic_in_order(sink, cluster, topic, api, jobs, project):
    sink()
    ana = make_customer(api, source_id="ana")
    for number in range(30):
        api.put("/v1/customers/ana", json={"name": f"Ana {number}"}).expect()
    make_customer(api, source_id="ben")
    jobs()
    records = cluster.read(topic)
    mine = [each for each in records if each.key().decode() == f"{project.id}:{ana['id']}"]
    assert len({each.partition() for each in mine}) == 1
    values = [json.loads(each.value()) for each in mine]
    assert [each["type"] for each in values if each["type"] == "customer.created"] != []
    names = [
        each["data"]["customer"]["name"] for each in values if each["type"] == "customer.updated"
    ]
    assert names == [f"Ana {number}" for number in range(30)]
    assert dict(mine[0].headers())["ce_type"].startswith(b"io.kupon.customer.")
    assert all(dict(each.headers())["ce_subject"] in (b"ana", b"ben") for each in records)


def test_a_cluster_that_is_away_gets_everything_later_in_order(
    sink, cluster, topic, api, jobs, look, move_time, monkeypatch
):
    # Nobody listens there; what is asked first is not waited for long.
    monkeypatch.setattr("kupon_kafka.cluster.LOOK_S", 0.5)
    made = sink(bootstrap_servers="127.0.0.1:9")
    make_customer(api, source_id="ana")
    jobs()
    path = f"/v1/webhooks/{made['id']}/deliveries"
    query = {"order": "created_at", "limit": 100}
    first, *others = api.get(path, query=query).expect()["deliveries"]
    assert (first["state"], first["attempts"]) == ("RETRYING", 1)
    assert {each["attempts"] for each in others} <= {0}
    api.put("/v1/customers/ana", json={"name": "Ana 1"}).expect()
    jobs()
    monkeypatch.undo()
    move_time(minutes=10)
    sink()
    api.put("/v1/customers/ana", json={"name": "Ana 2"}).expect()
    look()
    named = [
        each["data"]["customer"]["name"]
        for each in told(cluster, topic)
        if each["type"] == "customer.updated"
    ]
    assert named == ["Ana 1", "Ana 2"]
    states = {each["state"] for each in api.get(path, query=query).expect()["deliveries"]}
    assert states == {"SUCCEEDED"}


def test_a_cluster_that_is_away_for_a_day_is_given_up(
    sink, api, jobs, look, move_time, monkeypatch, management_api, project
):
    monkeypatch.setattr("kupon_kafka.cluster.LOOK_S", 0.5)
    made = sink(bootstrap_servers="127.0.0.1:9")
    make_customer(api, source_id="ana")
    jobs()
    make_customer(api, source_id="ben")
    move_time(hours=23)
    look()
    move_time(hours=2)
    look()
    path = f"/management/v1/projects/{project.id}/event-sinks/{made['id']}"
    assert management_api.get(path).expect()["active"] is False
    query = {"order": "created_at", "limit": 100}
    path = f"/v1/webhooks/{made['id']}/deliveries"
    first, *others = api.get(path, query=query).expect()["deliveries"]
    assert first["state"] == "FAILED"
    assert {each["state"] for each in others} == {"SUSPENDED"}


def test_nothing_is_sent_to_brokers_that_may_not_be_called(cluster):
    with pytest.raises(Misconfigured, match="public"):
        open_producer(cluster.settings, "any", AddressGuard())


def test_passwords_are_not_shown(sink):
    login = {"security_protocol": "SASL_SSL", "username": "kupon", "password": "canary"}
    made = sink(**login)
    assert made["settings"]["password"] == "********"


@pytest.fixture
def connect(management_api, project, cluster):
    """Makes the connection "Bus": `connect(topic=...)`."""

    def make(**changed):
        body = {"adapter": "kafka", "name": "Bus", "settings": {**cluster.settings, **changed}}
        path = f"/management/v1/projects/{project.id}/connections"
        return management_api.post(path, json=body).expect()

    return make


@pytest.fixture
def consume(settings, project):
    """Starts a subscriber: `consume(connection)`; it is ended after the test."""
    variables = {
        "KUPON_DATABASE_URL": settings.database_url,
        "KUPON_REDIS_URL": settings.redis_url,
        "KUPON_SECRET_KEYS": ",".join(settings.secret_keys),
        "KUPON_ALLOWED_NETWORKS": ",".join(settings.allowed_networks),
    }
    started = []

    def start(connection, *options):
        argv = [sys.executable, "-m", "kupon.cli.main", "kafka", "consume"]
        process = subprocess.Popen(
            [*argv, project.id, connection, *options], env=os.environ | variables
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
            process.wait()


def event_of(number):
    """A command with headers, so that its repetitions can be told."""
    customer = f"c-{number % 50}"
    value = {
        "type": "event.track",
        "data": {
            "customer": {"source_id": customer},
            "event": "review_left",
            "metadata": {"number": number},
        },
    }
    headers = [("ce_id", str(number).encode()), ("ce_source", b"/shop")]
    return customer.encode(), json.dumps(value).encode(), headers


COMMANDS = 600
SPOILED = 5


def test_a_killed_subscriber_loses_and_doubles_nothing(
    cluster, connect, consume, management_api, api, project, settings, jobs
):
    topic, dead = f"commands.{project.id}", f"dead.{project.id}"
    connection = connect(topic=topic, dead_letter_topic=dead)
    properties = {"number": {"type": "number", "optional": False}}
    schema = {"name": "review_left", "schema": {"properties": properties}}
    root = f"/management/v1/projects/{project.id}/custom-event-schemas"
    management_api.post(root, json=schema).expect()
    told = [event_of(number) for number in range(COMMANDS)]
    spoiled = [(b"k", b"no command", [("trace", b"x")]) for _ in range(SPOILED)]
    # A fifth comes twice; something that is no command lies in between.
    cluster.write(topic, *told[:300], *spoiled, *told[240:360], *told[300:], (b"c-1", None, []))
    group = f"kupon-{project.id}-{connection['id']}"

    first = consume(connection["id"], "--batch", "10")
    wait_for(lambda: count(settings, connection) > 50, first)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    stored = count(settings, connection)
    assert 0 < stored < COMMANDS

    second = consume("Bus")
    wait_for(lambda: count(settings, connection) == COMMANDS, second)
    wait_for(lambda: cluster.committed(group, topic) == COMMANDS + 120 + SPOILED + 1, second)
    second.terminate()
    assert second.wait(30) == 0
    jobs()

    tracked = events_of(settings, project)
    assert sorted(tracked) == list(range(COMMANDS))
    assert api.get("/v1/customers", query={"limit": 1}).expect()["total"] == 50
    buried = cluster.read(dead)
    places = {dict(each.headers())["x-dlq-offset"] for each in buried}
    assert len(places) == SPOILED
    for each in buried:
        headers = dict(each.headers())
        assert (each.key(), each.value()) == (b"k", b"no command")
        assert headers["trace"] == b"x"
        assert headers["x-dlq-error-key"] == b"invalid_json"
        assert headers["x-dlq-topic"] == topic.encode()
        assert headers["x-dlq-consumer"] == group.encode()


def test_a_subscriber_needs_a_connection_of_its_adapter(consume):
    assert consume("nobody").wait(60) == 1


class Forgetful:
    """A gateway behind which the process goes away once, just when all is stored."""

    def __init__(self, inner):
        self.inner = inner
        self.taken = []

    @property
    def guard(self):
        return self.inner.guard

    def take(self, tap, deliveries):
        self.inner.take(tap, deliveries)
        self.taken.append(len(deliveries))
        if len(self.taken) == 1:
            raise Unavailable("lost")


def test_what_was_stored_but_not_committed_is_read_again_and_not_doubled(
    cluster, connect, project, settings, engine, tenants
):
    topic = f"commands.{project.id}"
    connection = connect(topic=topic)
    cluster.write(topic, *map(event_of, range(20)))
    gateway = Forgetful(InboxGateway(engine, tenants))
    tap = gateway.inner.open(project.id, "Bus", "kafka")
    stop = Event()
    thread = Thread(target=Subscriber(gateway, tap, stop, 500).run)
    thread.start()
    try:
        group = f"kupon-{project.id}-{connection['id']}"
        wait_for(lambda: cluster.committed(group, topic) == 20)
    finally:
        stop.set()
        thread.join(30)
    assert sum(gateway.taken) > 20
    assert count(settings, connection) == 20


def test_nobody_is_let_in_by_http(app, connect, management_api, project):
    connection = connect()
    path = f"/management/v1/projects/{project.id}/connections"
    answer = app.test_client().post(connection["address"], json={})
    assert answer.status_code == 401
    checked = management_api.post(f"{path}/{connection['id']}/check").expect()
    assert checked["health"] == "OK"


def wait_for(is_reached, process=None):
    ends_at = clock.monotonic_s() + PATIENCE_S
    while not is_reached():
        assert process is None or process.poll() is None
        assert clock.monotonic_s() < ends_at
        clock.sleep(0.05)


def count(settings, connection):
    with psycopg.connect(settings.database_url) as database:
        [(found,)] = database.execute(
            "SELECT count(*) FROM inbox WHERE connection_id = %s", (connection["id"],)
        ).fetchall()
    return found


def events_of(settings, project):
    with psycopg.connect(settings.database_url) as database:
        rows = database.execute(
            "SELECT metadata ->> 'number' FROM custom_events WHERE project_id = %s", (project.id,)
        ).fetchall()
    return [int(number) for (number,) in rows]
