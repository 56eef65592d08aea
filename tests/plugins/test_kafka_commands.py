"""Kafka and a whole Kupon: commands come in once."""

from __future__ import annotations

import json
from contextlib import contextmanager
from threading import Event, Thread

import psycopg
import pytest
from tests.adapters.commercetools_platform import CommercetoolsPlatform
from tests.adapters.test_commercetools import CONFIG as COMMERCETOOLS
from tests.plugins.kafka_controller import Controller

from kupon.cli.gateway import InboxGateway
from kupon.hooks.errors import Unavailable
from kupon.runtime import clock
from kupon_kafka.consumer import Subscriber

pytestmark = pytest.mark.slow

PATIENCE_S = 60.0


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


def test_a_subscriber_needs_a_connection_of_its_adapter(consume):
    assert consume("nobody").wait(60) == 1


@contextmanager
def subscribed(gateway, tap):
    """A subscriber that works meanwhile."""
    stop = Event()
    thread = Thread(target=Subscriber(gateway, tap, stop, 500).run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(30)
    assert not thread.is_alive()


def define_review(management_api, project):
    properties = {"number": {"type": "number", "optional": False}}
    schema = {"name": "review_left", "schema": {"properties": properties}}
    root = f"/management/v1/projects/{project.id}/custom-event-schemas"
    management_api.post(root, json=schema).expect()


class Forgetful:
    """A gateway behind which the process goes away once, just when all is stored."""

    def __init__(self, inner):
        self.inner = inner
        self.taken = []

    @property
    def guard(self):
        return self.inner.guard

    def take(self, tap, deliveries, **options):
        self.inner.take(tap, deliveries, **options)
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
    with subscribed(gateway, tap):
        group = f"kupon-{project.id}-{connection['id']}"
        wait_for(lambda: cluster.committed(group, topic) == 20)
    assert sum(gateway.taken) > 20
    assert count(settings, connection) == 20


def test_dead_letters_that_nobody_takes_are_kept_until_somebody_does(
    cluster, connect, project, settings, engine, tenants
):
    topic, dead = f"commands.{project.id}", f"dead.{project.id}"
    connection = connect(topic=topic, dead_letter_topic=dead)
    cluster.fail(dead)
    cluster.write(topic, (b"k", b"no command", []), event_of(1))
    group = f"kupon-{project.id}-{connection['id']}"
    gateway = InboxGateway(engine, tenants)
    with subscribed(gateway, gateway.open(project.id, "Bus", "kafka")):
        wait_for(lambda: count(settings, connection) == 1)
        clock.sleep(2.5)
        assert cluster.committed(group, topic) < 2
        cluster.fail(dead, 0)
        wait_for(lambda: cluster.committed(group, topic) == 2)
    [buried] = cluster.read(dead)
    assert (buried.key(), buried.value()) == (b"k", b"no command")
    assert int(dict(buried.headers())["x-dlq-attempts"]) > 1


def test_whoever_wants_to_know_is_told_what_became_of_commands(
    cluster, connect, project, engine, tenants, jobs, management_api
):
    topic, results = f"commands.{project.id}", f"results.{project.id}"
    connection = connect(topic=topic, results_topic=results)
    upsert = {"type": "customer.upsert", "data": {"customer": {"source_id": "ana"}}}
    named = (b"ana", json.dumps({"id": "cmd_1", **upsert}).encode(), [])
    cluster.write(topic, named, event_of(7))
    gateway = InboxGateway(engine, tenants)

    def told():
        return [(each.key(), json.loads(each.value())) for each in cluster.read(results)]

    def work_until(number):
        def is_told():
            jobs()
            return len(told()) == number

        wait_for(is_told)

    with subscribed(gateway, gateway.open(project.id, "Bus", "kafka")):
        work_until(2)
        found = dict(told())
        assert found[b"cmd_1"].items() >= {"result": "DONE", "error": None}.items()
        [parked] = [each for key, each in told() if key == b"/shop#7"]
        assert (parked["type"], parked["result"]) == ("event.track", "PARKED")
        assert "review_left" in parked["error"]
        define_review(management_api, project)
        root = f"/management/v1/projects/{project.id}/connections/{connection['id']}"
        management_api.post(f"{root}/deliveries/replay").expect()
        work_until(3)
    assert [each["result"] for key, each in told() if key == b"/shop#7"] == ["PARKED", "DONE"]


def test_events_of_others_come_in_by_a_mapping_file(
    cluster, connect, consume, project, api, jobs, settings, tmp_path
):
    topic = f"foreign.{project.id}"
    connection = connect(topic=topic)
    file = tmp_path / "mapping.toml"
    file.write_text("[[rules]]")
    assert consume("Bus", "--mapping", str(file)).wait(60) == 1
    file.write_text(
        '[[rules]]\ncommand = "customer.upsert"\nwhen = { "$.type" = "identify" }\n'
        'data.customer = { source_id = "$.userId", name = "$.traits.name" }\n'
    )
    identify = {"type": "identify", "userId": "ana", "traits": {"name": "Ana"}}
    others = {"type": "page", "userId": "ben"}
    cluster.write(topic, *((None, json.dumps(each).encode(), []) for each in (others, identify)))
    process = consume("Bus", "--mapping", str(file))
    wait_for(lambda: count(settings, connection) == 1, process)
    jobs()
    assert api.get("/v1/customers/ana").expect()["name"] == "Ana"
    api.get("/v1/customers/ben").expect(404)


def test_messages_of_a_platform_go_to_its_own_connection(
    cluster, connect, consume, project, api, jobs, settings, management_api
):
    topic, dead = f"commercetools.{project.id}", f"dead.{project.id}"
    connect(topic=topic, dead_letter_topic=dead)
    with CommercetoolsPlatform(COMMERCETOOLS) as platform:
        root = f"/management/v1/projects/{project.id}/connections"
        body = {"adapter": "commercetools", "name": "Shop", "settings": platform.settings}
        shop = management_api.post(root, json=body).expect()
        [customer] = platform.put("customers", 1, changed_at=clock.now())
        message = {
            "notificationType": "Message",
            "projectKey": "demo",
            "id": "message-1",
            "type": "CustomerCreated",
            "resource": {"typeId": "customer", "id": customer},
            "sequenceNumber": 1,
            "createdAt": "2026-02-03T10:00:00.000Z",
        }
        told = [(b"k", json.dumps(message).encode(), [])] * 2
        cluster.write(topic, *told, (b"k", b"{}", []), (b"k", None, []))
        process = consume("Bus", "--into", "Shop")
        group = f"kupon-{project.id}-{connection_named(management_api, project, 'Bus')}"
        wait_for(lambda: cluster.committed(group, topic) == 4, process)
        assert count(settings, shop) == 1
        jobs()
        assert api.get("/v1/customers").expect()["total"] == 1
    [buried] = cluster.read(dead)
    assert (buried.value(), dict(buried.headers())["x-dlq-error-key"]) == (b"{}", b"unmappable")


def connection_named(management_api, project, name):
    path = f"/management/v1/projects/{project.id}/connections/{name}"
    return management_api.get(path).expect()["id"]


def test_topics_are_made_from_outside(connect, management_api, project):
    with Controller() as controller:
        connection = connect(bootstrap_servers=controller.address)
        path = f"/management/v1/projects/{project.id}/connections/{connection['id']}/provision"
        management_api.post(path).expect()
        management_api.post(path).expect()
        assert set(controller.topics) == {"kupon.commands.v1", "kupon.commands.dlq.v1"}


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
