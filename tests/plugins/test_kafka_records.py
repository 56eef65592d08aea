"""Events as records, and records as commands."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from marshmallow import ValidationError

from kupon.hooks import commands as said
from kupon.hooks.commands import Stamp
from kupon.hooks.types import EventEnvelope
from kupon_kafka.config import SinkSettings
from kupon_kafka.mapping import NoCommand, Record, command_of, delivery_of
from kupon_kafka.records import headers_of, key_of, value_of

AT = datetime(2026, 2, 3, 10, tzinfo=UTC)
ANA = {"source_id": "c-1001"}


def event(**changed):
    facts = {
        "id": "evcus_1",
        "type": "customer.redemption.succeeded",
        "project_id": "proj_1",
        "entity_id": "r_1",
        "customer_id": "cust_1",
        "group_id": "v-1",
        "occurred_at": AT,
        "data": {"customer": {"id": "cust_1", **ANA}, "redemption": {"id": "r_1"}},
        "source": {"channel": "API"},
    }
    return EventEnvelope(**facts | changed)


def test_an_event_is_a_cloud_event():
    assert dict(headers_of(event(origin="connection:conn_1"))) == {
        "ce_specversion": b"1.0",
        "ce_id": b"evcus_1",
        "ce_source": b"/kupon/proj_1",
        "ce_type": b"io.kupon.customer.redemption.succeeded",
        "ce_time": b"2026-02-03T10:00:00.000Z",
        "ce_subject": b"c-1001",
        "content-type": b"application/json",
        "kupon_schema": b"event/1",
        "kupon_origin": b"connection:conn_1",
    }
    assert json.loads(value_of(event(), 900_000)) == {
        "id": "evcus_1",
        "type": "customer.redemption.succeeded",
        "project_id": "proj_1",
        "entity_id": "r_1",
        "group_id": "v-1",
        "occurred_at": "2026-02-03T10:00:00.000Z",
        "customer": {"id": "cust_1", "source_id": "c-1001"},
        "data": {"customer": {"id": "cust_1", **ANA}, "redemption": {"id": "r_1"}},
        "event_source": {"channel": "API"},
        "origin": None,
    }


def test_the_key_is_the_customer_else_the_object():
    assert key_of(event()) == b"proj_1:cust_1"
    nobodys = event(customer_id=None, data={}, entity_id="v_1")
    assert key_of(nobodys) == b"proj_1:v_1"
    assert dict(headers_of(nobodys))["ce_subject"] == b"v_1"
    assert json.loads(value_of(nobodys, 900_000))["customer"] is None


def test_text_of_any_script_goes_through():
    data = {"customer": {"source_id": "Łęcka-客"}, "note": "\ud800"}
    assert dict(headers_of(event(data=data)))["ce_subject"].decode() == "Łęcka-客"
    assert json.loads(value_of(event(data=data), 900_000))["data"]["note"] == "?"


def test_what_is_too_much_is_left_out():
    items = [{"name": "x" * 100} for _ in range(1000)]
    long = event(data={"order": {"id": "ord_1", "items": items}})
    told = json.loads(value_of(long, 50_000))
    assert told["truncated"] is True
    assert len(told["data"]["order"]["items"]) == 200
    assert json.loads(value_of(long, 10_000))["data"] is None


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({"bootstrap_servers": "kafka"}, "bootstrap_servers"),
        ({"bootstrap_servers": "kafka:9092\nother:9092"}, "bootstrap_servers"),
        ({"topic": "a b"}, "topic"),
        ({"topic": "a\n"}, "topic"),
        ({"security_protocol": "SASL_SSL"}, "username"),
        ({"security_protocol": "SASL_SSL", "username": "u"}, "password"),
        ({"largest_bytes": 1_000_000}, "largest_bytes"),
        ({"acks": "0"}, "acks"),
    ],
)
def test_settings_that_can_not_be_right_are_refused(changed, wrong):
    good = {"bootstrap_servers": "kafka:9092,[::1]:9093", "security_protocol": "PLAINTEXT"}
    SinkSettings().load(good)
    with pytest.raises(ValidationError) as caught:
        SinkSettings().load(good | changed)
    assert list(caught.value.messages) == [wrong]


STAMP = Stamp(at=AT, version=7)
CASES = [
    (
        "customer.upsert",
        {"customer": {**ANA, "name": "Ana"}},
        said.UpsertCustomer(source_id="c-1001", fields={"name": "Ana"}, stamp=STAMP),
        "customer:c-1001",
    ),
    (
        "customer.erase",
        {"customer": ANA},
        said.EraseCustomer(source_id="c-1001"),
        "customer:c-1001",
    ),
    (
        "customer.merge",
        {"from": {"source_id": "a"}, "into": {"source_id": "b"}},
        said.MergeCustomers(from_source_id="a", into_source_id="b"),
        "customer:b",
    ),
    (
        "audience.set",
        {"customer": ANA, "audience_id": "vip", "is_member": True},
        said.SetAudienceMembership(
            source_id="c-1001", audience_id="vip", is_member=True, list_key="audiences"
        ),
        "customer:c-1001",
    ),
    (
        "event.track",
        {"customer": ANA, "event": "Review Left", "metadata": {"stars": 5}},
        said.TrackEvent(source_id="c-1001", event="Review Left", metadata={"stars": 5}),
        "customer:c-1001",
    ),
    (
        "order.upsert",
        {
            "order": {"source_id": "o-1", "status": "PAID", "customer": ANA},
            "redeemables": [{"object": "voucher", "id": "SPRING-9"}],
            "session_key": "ssn_1",
            "placed_at": "2026-02-03T10:00:00Z",
        },
        said.UpsertOrder(
            source_id="o-1",
            fields={"status": "PAID", "customer": ANA},
            redeemables=[{"object": "voucher", "id": "SPRING-9"}],
            checkout_key="ssn_1",
            placed_at=AT,
            stamp=STAMP,
        ),
        "order:o-1",
    ),
    (
        "product.upsert",
        {"product": {"source_id": "p-1", "name": "Mug"}, "skus": [{"source_id": "s-1"}]},
        said.UpsertProduct(
            source_id="p-1", fields={"name": "Mug"}, skus=[{"source_id": "s-1"}], stamp=STAMP
        ),
        "product:p-1",
    ),
    (
        "publication.create",
        {"customer": ANA, "campaign": "Spring", "source_id": "pub-1"},
        said.PublishVoucher(customer_source_id="c-1001", campaign="Spring", source_id="pub-1"),
        "customer:c-1001",
    ),
]


def record(value, headers=(), **changed):
    raw = value if isinstance(value, bytes | None) else json.dumps(value).encode()
    facts = {"topic": "commands", "partition": 2, "offset": 17, "key": b"k"} | changed
    return Record(value=raw, headers=tuple(headers), **facts)


def letter(type, data, **changed):
    facts = {"id": "cmd_9f", "type": type, "project_id": "proj_1", "version": 7, "data": data}
    return facts | {"occurred_at": "2026-02-03T10:00:00.000Z"} | changed


@pytest.mark.parametrize(("type", "data", "command", "subject"), CASES)
def test_a_record_becomes_a_command(type, data, command, subject):
    written = letter(type, {**data, "unknown": 1}, unknown=2)
    delivery = delivery_of(record(written), "proj_1")
    assert (delivery.id, delivery.event, delivery.subject) == ("cmd_9f", type, subject)
    assert delivery.occurred_at == AT
    assert command_of(delivery.payload) == command


def test_repetitions_are_told_by_the_cloud_event_else_the_id_else_the_place():
    upsert = letter("customer.upsert", {"customer": ANA})
    headers = [("ce_id", b"1"), ("ce_source", b"/shop")]
    assert delivery_of(record(upsert, headers), "proj_1").id == "/shop#1"
    assert delivery_of(record({**upsert, "id": None}), "proj_1").id == "commands/2/17"


def test_other_projects_and_tombstones_are_passed_over():
    assert delivery_of(record(letter("customer.upsert", {"customer": ANA})), "proj_2") is None
    assert delivery_of(record(None), "proj_1") is None


@pytest.mark.parametrize(
    ("value", "key"),
    [
        (b"\xff", "invalid_json"),
        (b"[" * 100_000, "invalid_json"),
        (b"[]", "invalid_json"),
        (letter("customer.forget", {}), "unknown_type"),
        (letter("customer.upsert", {}), "invalid_payload"),
        (letter("customer.upsert", {"customer": {"source_id": " "}}), "invalid_payload"),
        (letter("customer.upsert", {"customer": ANA}, occurred_at="today"), "invalid_payload"),
        (letter("audience.set", {"customer": ANA, "audience_id": "a"}), "invalid_payload"),
    ],
)
def test_what_is_no_command_says_why(value, key):
    with pytest.raises(NoCommand) as caught:
        delivery_of(record(value), "proj_1")
    assert caught.value.key == key
