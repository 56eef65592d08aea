"""Records that nobody expects: each is a command or a dead letter, and none stops the reading."""

from __future__ import annotations

import json
from threading import Event, Thread

import pytest
from tests.plugins.test_kafka_commands import wait_for

from kupon.cli.gateway import InboxGateway
from kupon_kafka.consumer import Subscriber

pytestmark = pytest.mark.slow


def tracked(metadata, **more):
    """An event of a customer's; metadata is JSON already."""
    told = json.dumps({"type": "event.track", **more})
    data = '{"customer": {"source_id": "ana"}, "event": "left", "metadata": %s}' % metadata  # noqa: UP031 - braces
    return f'{told[:-1]}, "data": {data}}}'.encode()


def nested(levels):
    return '{"a": ' * levels + "1" + "}" * levels


TAKEN = [
    tracked('{"a": NaN, "b": Infinity}'),
    tracked('{"a": "\\u0000", "\\u0000": "\\ud800"}', id="nul\0"),
    tracked(f'{{"a": {"9" * 4000}, "b": 1e999}}'),
    tracked("{}", id="i" * 255, occurred_at="9999-12-31T23:59:59Z"),
    tracked("{}", occurred_at="0001-01-01T00:00:00+14:00", version=2**80),
    tracked(nested(100)),
]
DEAD = [
    tracked(nested(200)),
    tracked(nested(900)),
    tracked(nested(100_000)),
    b"",
    b"[]",
    b"\xff\xfe",
    b"\0\0\0\0\x01x",
    tracked(f'{{"a": {"9" * 5000}}}'),
    tracked("{}", occurred_at="soon"),
]


def test_odd_records_are_taken_or_buried(cluster, connect, project, engine, tenants):
    topic, dead = f"odd.{project.id}", f"odd-dead.{project.id}"
    connection = connect(topic=topic, dead_letter_topic=dead)
    cluster.write(topic, *((b"k", value, [("ce_id", None), ("x", b"\xff")]) for value in TAKEN))
    cluster.write(topic, *((b"k", value, []) for value in DEAD))
    gateway = InboxGateway(engine, tenants)
    stop = Event()
    subscriber = Subscriber(gateway, gateway.open(project.id, "Bus", "kafka"), stop, 500)
    thread = Thread(target=subscriber.run)
    thread.start()
    group = f"kupon-{project.id}-{connection['id']}"
    try:
        wait_for(lambda: cluster.committed(group, topic) == len(TAKEN) + len(DEAD))
    finally:
        stop.set()
        thread.join(30)
    assert [each.value() for each in cluster.read(dead)] == DEAD
