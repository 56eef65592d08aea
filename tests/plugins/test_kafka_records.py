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
from kupon_kafka.formats import JsonWriter
from kupon_kafka.mapping import NoCommand, Reading, Record, command_of, delivery_of
from kupon_kafka.records import key_of, records_of

AT = datetime(2026, 2, 3, 10, tzinfo=UTC)
ANA = {"source_id": "c-1001"}
PLAIN = {"bootstrap_servers": "kafka:9092", "security_protocol": "PLAINTEXT"}
MINE = Reading(project_id="proj_1")


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


def written(told, **changed):
    settings = SinkSettings().load(PLAIN | changed)
    return list(records_of(told, settings, JsonWriter()))


def value_of(told, **changed):
    return json.loads(written(told, **changed)[0].value)


def headers_of(told):
    return dict(written(told)[0].headers)


def test_an_event_is_a_cloud_event():
    [record] = written(event(origin="connection:conn_1"))
    assert dict(record.headers) == {
        "ce_specversion": b"1.0",
        "ce_id": b"evcus_1",
        "ce_source": b"/kupon/proj_1",
        "ce_type": b"io.kupon.customer.redemption.succeeded",
        "ce_time": b"2026-02-03T10:00:00.000Z",
        "ce_subject": b"c-1001",
        "content-type": b"application/json",
        "kupon_schema": b"customer-event/1",
        "traceparent": b"00-5beaf05be853dd384371173590d908df-f6db59bf557196dd-01",
        "kupon_origin": b"conn_1",
    }
    assert value_of(event()) == {
        "id": "evcus_1",
        "type": "customer.redemption.succeeded",
        "project_id": "proj_1",
        "entity_id": "r_1",
        "group_id": "v-1",
        "occurred_at": "2026-02-03T10:00:00.000Z",
        "customer": {"id": "cust_1", "source_id": "c-1001"},
        "data": {"customer": {"id": "cust_1", **ANA}, "redemption": {"id": "r_1"}},
        "event_source": {"channel": "API"},
        "origin": "api",
        "truncated": False,
    }
    assert value_of(event(origin="connection:conn_1"))["origin"] == "conn_1"


def test_the_key_is_the_customer_else_the_object():
    assert key_of(event()) == b"proj_1:cust_1"
    nobodys = event(customer_id=None, data={}, entity_id="v_1")
    assert key_of(nobodys) == b"proj_1:v_1"
    headers = headers_of(nobodys)
    assert (headers["ce_subject"], headers["kupon_schema"]) == (b"v_1", b"event/1")
    assert value_of(nobodys)["customer"] is None


def test_text_of_any_script_goes_through():
    data = {"customer": {"source_id": "Łęcka-客"}, "note": "\ud800"}
    assert headers_of(event(data=data))["ce_subject"].decode() == "Łęcka-客"
    assert value_of(event(data=data))["data"]["note"] == "?"


def test_what_is_too_much_is_left_out():
    items = [{"name": "x" * 100} for _ in range(1000)]
    long = event(data={"order": {"id": "ord_1", "items": items}})
    told = value_of(long, largest_bytes=50_000)
    assert told["truncated"] is True
    assert len(told["data"]["order"]["items"]) == 200
    assert value_of(long, largest_bytes=10_000)["data"] is None


def test_what_a_customer_is_now_loses_its_metadata_where_that_is_too_much():
    customer = {"id": "cust_1", **ANA, "metadata": {"long": "x" * 20_000}, "summary": {}}
    told = event(type="customer.updated", data={"customer": customer})
    _, now = written(told, customers_topic="customers", largest_bytes=10_000)
    value = json.loads(now.value)
    assert (now.topic, now.key) == ("customers", b"proj_1:cust_1")
    assert (value["metadata"], value["truncated"]) == (None, True)
    assert (value["source_id"], value["as_of"]) == ("c-1001", "2026-02-03T10:00:00.000Z")
    assert "summary" not in value


@pytest.mark.parametrize("type", ["customer.deleted", "customer.erased"])
def test_a_customer_that_is_gone_is_a_tombstone(type):
    _, now = written(event(type=type), customers_topic="customers")
    assert (now.key, now.value) == (b"proj_1:cust_1", None)


def test_a_code_is_told_once_and_only_where_it_is_whole():
    whole = {"id": "v_1", "code": "ONE", "active": True, "created_at": "2026", "redemption": {}}
    data = {"voucher": whole, "customer": {"id": "cust_1", **ANA}}
    topics = {"vouchers_topic": "vouchers"}
    types = [
        (type, [each.topic for each in written(event(type=type, data=data), **topics)])
        for type in ("redemption.succeeded", "customer.redemption.succeeded")
    ]
    assert types == [
        ("redemption.succeeded", ["kupon.events.v1", "vouchers"]),
        ("customer.redemption.succeeded", ["kupon.events.v1"]),
    ]
    part = event(type="voucher.updated", customer_id=None, data={"voucher": {"id": "v_1"}})
    assert len(written(part, **topics)) == 1


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
    told = letter(type, {**data, "unknown": 1}, unknown=2)
    delivery = delivery_of(record(told), MINE)
    assert (delivery.id, delivery.event, delivery.subject) == ("cmd_9f", type, subject)
    assert delivery.occurred_at == AT
    assert command_of(delivery.payload) == command


def test_repetitions_are_told_by_the_cloud_event_else_the_id_else_the_place():
    upsert = letter("customer.upsert", {"customer": ANA})
    headers = [("ce_id", b"1"), ("ce_source", b"/shop")]
    assert delivery_of(record(upsert, headers), MINE).id == "/shop#1"
    assert delivery_of(record({**upsert, "id": None}), MINE).id == "commands/2/17"


def test_echoes_are_passed_over_and_what_followed_from_them_is_not():
    reading = Reading(project_id="proj_1", connection_id="conn_1")
    mine, others = [("kupon_origin", b"conn_1")], [("kupon_origin", b"conn_2")]
    upsert = letter("customer.upsert", {"customer": ANA})
    assert delivery_of(record(upsert, mine), reading) is None
    assert delivery_of(record(upsert, others), reading) is not None
    erase = letter("customer.erase", {"customer": ANA})
    assert delivery_of(record(erase, mine), reading) is not None


def test_other_projects_and_tombstones_are_passed_over():
    upsert = record(letter("customer.upsert", {"customer": ANA}))
    assert delivery_of(upsert, Reading(project_id="proj_2", is_shared=True)) is None
    assert delivery_of(record(None), MINE) is None
    with pytest.raises(NoCommand) as caught:
        delivery_of(upsert, Reading(project_id="proj_2"))
    assert caught.value.key == "unknown_project"


@pytest.mark.parametrize(
    ("value", "key"),
    [
        (b"\xff", "invalid_json"),
        (b"[" * 100_000, "invalid_json"),
        (b'{"data": ' + b"[" * 300 + b"]" * 300 + b"}", "invalid_json"),
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
        delivery_of(record(value), MINE)
    assert caught.value.key == key
