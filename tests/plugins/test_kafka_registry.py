"""Values that a schema registry explains: written, read, and refused."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime

import fastavro
import jsonschema
import pytest
from tests.plugins.kafka_registry import SchemaRegistry
from tests.plugins.test_kafka_records import ANA, MINE, PLAIN, event, letter, record

from kupon.hooks.addresses import AddressGuard
from kupon.hooks.errors import AuthFailed, Misconfigured, Unavailable
from kupon_kafka.config import CommandSettings, SinkSettings
from kupon_kafka.formats import open_writer
from kupon_kafka.mapping import NoCommand, Reading, delivery_of, unframed
from kupon_kafka.records import records_of
from kupon_kafka.registry import open_registry
from kupon_kafka.shapes import CUSTOMER, EVENT, RESULT, VOUCHER, avro_schema, json_schema

GUARD = AddressGuard.read(["127.0.0.0/8"])


@pytest.fixture
def registry():
    with SchemaRegistry() as running:
        yield running


@pytest.fixture
def settings(registry):
    def make(schema=SinkSettings, **changed):
        return schema().load({**PLAIN, **registry.settings, **registry.login, **changed})

    return make


def test_events_are_avro_with_their_data_as_text(registry, settings):
    chosen = settings(format="avro", customers_topic="customers")
    writer = open_writer(chosen, GUARD)
    created = event(type="customer.created", data={"customer": {"id": "cust_1", **ANA}})
    told, now = records_of(created, chosen, writer)
    assert dict(told.headers)["content-type"] == b"application/avro"
    assert registry.subjects == {"kupon.events.v1-value": [1], "customers-value": [2]}
    assert set(registry.compatibilities.values()) == {"BACKWARD"}
    type, schema, value = registry.schema_of(told.value)
    assert (type, schema["name"], schema["namespace"]) == ("AVRO", "Event", "io.kupon")
    read = fastavro.schemaless_reader(io.BytesIO(value), schema)
    assert (read["id"], read["customer"]) == ("evcus_1", {"id": "cust_1", "source_id": "c-1001"})
    assert json.loads(read["data"]) == {"customer": {"id": "cust_1", "source_id": "c-1001"}}
    _, schema, value = registry.schema_of(now.value)
    assert fastavro.schemaless_reader(io.BytesIO(value), schema)["source_id"] == "c-1001"


def test_a_schema_is_registered_once(registry, settings):
    chosen = settings(format="avro")
    writer = open_writer(chosen, GUARD)
    for _ in range(5):
        list(records_of(event(), chosen, writer))
    assert len(registry.calls("POST")) == 1


def test_events_are_json_that_their_schema_allows(registry, settings):
    chosen = settings(format="json-schema")
    [told] = records_of(event(), chosen, open_writer(chosen, GUARD))
    type, schema, value = registry.schema_of(told.value)
    assert (type, schema["title"]) == ("JSON", "io.kupon.Event")
    jsonschema.validate(json.loads(value), schema)
    assert json.loads(value)["data"]["redemption"] == {"id": "r_1"}


def test_whoever_has_chosen_another_compatibility_is_left_alone(registry, settings):
    registry.compatibilities["kupon.events.v1-value"] = "FULL"
    chosen = settings(format="avro")
    list(records_of(event(), chosen, open_writer(chosen, GUARD)))
    assert registry.compatibilities == {"kupon.events.v1-value": "FULL"}


def test_what_does_not_fit_its_schema_is_told_and_no_crash(settings):
    writer = open_writer(settings(format="avro"), GUARD)
    with pytest.raises(Misconfigured, match="Event does not fit"):
        writer.write("events", EVENT, EVENT.take({"id": 7}))


@pytest.mark.parametrize("shape", [EVENT, CUSTOMER, VOUCHER, RESULT], ids=lambda each: each.name)
def test_schemas_are_ones(shape):
    fastavro.parse_schema(json.loads(avro_schema(shape)))
    schema = json.loads(json_schema(shape))
    jsonschema.Draft7Validator.check_schema(schema)
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize(
    ("fault", "verdict"),
    [("broken", Unavailable), (401, AuthFailed), (409, Misconfigured), (503, Unavailable)],
)
def test_what_a_registry_says_is_understood(registry, settings, fault, verdict):
    chosen = settings(format="avro")
    writer = open_writer(chosen, GUARD)
    if fault == "broken":
        registry.stop()
    else:
        registry.fail(fault_of(fault))
    with pytest.raises(verdict):
        list(records_of(event(), chosen, writer))


def fault_of(status):
    from kupon.testing.platform import Fault

    return Fault(status=status, body={"error_code": status, "message": "no"})


def test_a_registry_must_be_one_that_may_be_called(settings):
    with pytest.raises(Misconfigured, match="public"):
        open_writer(settings(format="avro"), AddressGuard())


@pytest.fixture
def reading(settings):
    opened = open_registry(settings(CommandSettings), GUARD)
    return Reading(project_id="proj_1", unframe=lambda record: unframed(record, opened))


COMMAND = {
    "type": "record",
    "name": "Command",
    "fields": [
        {"name": "id", "type": "string"},
        {"name": "type", "type": "string"},
        {"name": "occurred_at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "data", "type": "string"},
        {"name": "shard", "type": "int", "default": 7},
    ],
}


def avro(value, schema=COMMAND):
    written = io.BytesIO()
    fastavro.schemaless_writer(written, fastavro.parse_schema(schema), value)
    return written.getvalue()


def test_commands_of_avro_are_read(registry, reading):
    number = registry.add(json.dumps(COMMAND))
    value = {
        "id": "cmd_9f",
        "type": "customer.upsert",
        "occurred_at": datetime(2026, 2, 3, 10, tzinfo=UTC),
        "data": json.dumps({"customer": {**ANA, "name": "Ana"}}),
        "shard": 3,
    }
    delivery = delivery_of(record(registry.framed(number, avro(value))), reading)
    assert (delivery.id, delivery.subject) == ("cmd_9f", "customer:c-1001")
    assert delivery.occurred_at == datetime(2026, 2, 3, 10, tzinfo=UTC)
    assert delivery.payload["data"]["customer"]["name"] == "Ana"


def test_commands_of_json_schema_are_read_and_so_is_json(registry, reading):
    number = registry.add(json.dumps({"type": "object", "required": ["type"]}), "JSON")
    said = letter("customer.upsert", {"customer": ANA})
    framed = record(registry.framed(number, json.dumps(said).encode()))
    assert delivery_of(framed, reading) == delivery_of(record(said), MINE)
    assert delivery_of(record(said), reading) == delivery_of(record(said), MINE)


@pytest.mark.parametrize("value", [b"\0\0\0\0\x63{}", b"\0\0\0\0\1\xff", b"\0\0\0\0\2{}"])
def test_values_that_no_schema_explains_are_no_commands(registry, reading, value):
    registry.add(json.dumps(COMMAND))
    registry.add("message Command {}", "PROTOBUF")
    with pytest.raises(NoCommand) as caught:
        delivery_of(record(value), reading)
    assert caught.value.key == "unreadable"


def test_a_registry_that_is_away_is_waited_for(registry, reading):
    registry.stop()
    with pytest.raises(Unavailable):
        delivery_of(record(registry.framed(1, b"{}")), reading)
