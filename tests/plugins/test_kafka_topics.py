"""Topics that Kupon makes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.plugins.kafka_controller import Controller

from kupon.hooks.adapter import Connection
from kupon.hooks.addresses import AddressGuard
from kupon.hooks.errors import AuthFailed, Misconfigured
from kupon.hooks.http import HttpClient
from kupon_kafka.adapter import KafkaAdapter
from kupon_kafka.config import CommandSettings, SinkSettings
from kupon_kafka.topics import create_topics

GUARD = AddressGuard.read(["127.0.0.0/8"])
DAY_MS = 86_400_000
# Codes of the protocol.
TOPIC_REFUSED, BAD_COPIES = 29, 38


@pytest.fixture
def controller():
    with Controller() as running:
        yield running


def test_topics_are_made_as_their_contents_want_them(controller):
    states = {"customers_topic": "customers", "vouchers_topic": "vouchers"}
    given = {**controller.settings, **states, "partitions": 12, "replicas": 3}
    settings = SinkSettings().load(given)
    assert create_topics(settings, GUARD) == ["kupon.events.v1", "customers", "vouchers"]
    week = {"cleanup.policy": "delete", "retention.ms": str(7 * DAY_MS)}
    assert controller.topics == {
        "kupon.events.v1": {"partitions": 12, "copies": 3, "config": week},
        "customers": {"partitions": 12, "copies": 3, "config": {"cleanup.policy": "compact"}},
        "vouchers": {"partitions": 12, "copies": 3, "config": {"cleanup.policy": "compact"}},
    }
    assert create_topics(settings, GUARD) == []


def adapter_for(controller, state=None, **changed):
    connection = Connection(
        id="conn_1",
        project_id="proj_1",
        name="Bus",
        settings=CommandSettings().load({**controller.settings, **changed}),
        state=state or {},
        installed_at=datetime(2026, 2, 3, tzinfo=UTC),
    )
    return KafkaAdapter(connection, HttpClient(guard=GUARD))


def test_provisioning_makes_what_is_missing_and_may_be_repeated(controller):
    controller.create("kupon.commands.v1")
    state = adapter_for(controller, results_topic="results").provision()
    assert state == {"topics": ["kupon.commands.dlq.v1", "results"]}
    days = {
        name: int(facts["config"]["retention.ms"]) / DAY_MS
        for name, facts in controller.topics.items()
        if facts
    }
    assert days == {"kupon.commands.dlq.v1": 30, "results": 1}
    assert adapter_for(controller, state, results_topic="results").provision() == state
    adapter_for(controller, state).deprovision()
    assert len(controller.topics) == 3


@pytest.mark.parametrize(
    ("code", "verdict"), [(TOPIC_REFUSED, AuthFailed), (BAD_COPIES, Misconfigured)]
)
def test_a_topic_that_can_not_be_made_says_why(controller, code, verdict):
    controller.refuse = {"kupon.events.v1": code}
    with pytest.raises(verdict, match=r"kupon\.events\.v1"):
        create_topics(SinkSettings().load(controller.settings), GUARD)
