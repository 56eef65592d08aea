"""An event as records of Kafka: itself, and what it says of a customer or a code as it is now.

Source: spec adapters-marketing, section 5.1; CloudEvents 1.0, Kafka binding, binary mode.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from kupon.hooks.types import EventEnvelope
from kupon.kit.timestamps import format_moment
from kupon_kafka.formats import Writer
from kupon_kafka.shapes import CUSTOMER, EVENT, VOUCHER, Shape, Value

TYPE_PREFIX: Final = "io.kupon."
ORIGIN_HEADER: Final = "kupon_origin"
MOST_ITEMS: Final = 200

Headers = list[tuple[str, str | bytes | None]]

_CUSTOMER_GONE: Final = ("customer.deleted", "customer.erased")
_VOUCHER_GONE: Final = "voucher.deleted"
# What the wire's voucher has where it is told whole.
_WHOLE_VOUCHER: Final = frozenset({"active", "created_at", "redemption"})


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record on its way; a value of None removes what a compacted topic has under the key."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers


def records_of(
    event: EventEnvelope, settings: Mapping[str, Any], writer: Writer
) -> Iterator[Outgoing]:
    """What topics are told of an event.

    Raises:  AdapterError where a registry does not let it be written.
    """
    yield _record(event, settings["topic"], key_of(event), _told(event), settings, writer)
    for topic, find in (
        (settings["customers_topic"], _customer_now),
        (settings["vouchers_topic"], _voucher_now),
    ):
        now = find(event) if topic else None
        if now is not None:
            key = f"{event.project_id}:{now.id}".encode()
            yield _record(event, topic, key, now, settings, writer)


@dataclass(frozen=True, slots=True)
class _Told:
    """What a record says of something: its value, None where the thing is gone.

    Shapes: smaller are what may be told instead, one after the other, where that is too much.
    """

    id: str
    shape: Shape
    schema: str
    value: Value | None
    smaller: tuple[Callable[[Value], Value], ...] = ()


def key_of(event: EventEnvelope) -> bytes:
    """What keeps the events of one customer in order, or those of one object that is nobody's.

    A source id may change, which would move the customer to another partition.
    """
    return f"{event.project_id}:{event.customer_id or event.entity_id}".encode()


def headers_of(event: EventEnvelope, content_type: str, schema: str) -> Headers:
    """The event's attributes as CloudEvents names them, and our own."""
    own = {"traceparent": traceparent_of(event)}
    if event.origin is not None:
        own[ORIGIN_HEADER] = _origin(event)
    return cloud_headers(
        id=event.id,
        project_id=event.project_id,
        type=event.type,
        at=event.occurred_at,
        subject=_customer(event).get("source_id") or event.entity_id,
        content_type=content_type,
        schema=schema,
        **own,
    )


def cloud_headers(
    *,
    id: str,
    project_id: str,
    type: str,
    at: datetime,
    subject: str,
    content_type: str,
    schema: str,
    **own: str,
) -> Headers:
    """What CloudEvents puts into headers in its binary mode; own come after those."""
    headers = {
        "ce_specversion": "1.0",
        "ce_id": id,
        "ce_source": f"/kupon/{project_id}",
        "ce_type": f"{TYPE_PREFIX}{type}",
        "ce_time": format_moment(at),
        "ce_subject": subject,
        "content-type": content_type,
        "kupon_schema": schema,
        **own,
    }
    return [(name, value.encode("utf-8", "replace")) for name, value in headers.items()]


def traceparent_of(event: EventEnvelope) -> str:
    """One trace for all that a request has caused, made from its name; W3C's Trace Context."""
    trace, span = (hashlib.sha256(name.encode()).hexdigest() for name in (event.group_id, event.id))
    return f"00-{trace[:32]}-{span[:16]}-01"


def _record(
    event: EventEnvelope,
    topic: str,
    key: bytes,
    told: _Told,
    settings: Mapping[str, Any],
    writer: Writer,
) -> Outgoing:
    headers = headers_of(event, writer.content_type, told.schema)
    return Outgoing(topic, key, _write(topic, told, settings["largest_bytes"], writer), headers)


def _write(topic: str, told: _Told, largest: int, writer: Writer) -> bytes | None:
    """The value, which tells that it is `truncated` where all would be too much.

    Units:  largest in bytes.
    """
    if told.value is None:
        return None
    written = writer.write(topic, told.shape, told.shape.take(told.value))
    for shorten in told.smaller:
        if len(written) <= largest:
            break
        less = {**shorten(told.value), "truncated": True}
        written = writer.write(topic, told.shape, told.shape.take(less))
    return written


def _told(event: EventEnvelope) -> _Told:
    value = {
        "id": event.id,
        "type": event.type,
        "project_id": event.project_id,
        "entity_id": event.entity_id,
        "group_id": event.group_id,
        "occurred_at": format_moment(event.occurred_at),
        "customer": _customer(event) or None,
        "data": event.data,
        "event_source": event.source,
        "origin": _origin(event) or None,
    }
    schema = "event/1" if event.customer_id is None else "customer-event/1"
    return _Told(event.id, EVENT, schema, value, (_with_fewer_items, _without("data")))


def _customer_now(event: EventEnvelope) -> _Told | None:
    told = event.data.get("customer")
    if not isinstance(told, Mapping) or not told.get("id"):
        return None
    if event.type in _CUSTOMER_GONE:
        return _Told(told["id"], CUSTOMER, "customer/1", None)
    if event.type not in ("customer.created", "customer.updated"):
        return None
    return _now(event, told, CUSTOMER, "customer/1")


def _voucher_now(event: EventEnvelope) -> _Told | None:
    told = event.data.get("voucher")
    if not isinstance(told, Mapping) or not told.get("id"):
        return None
    if event.type == _VOUCHER_GONE:
        return _Told(told["id"], VOUCHER, "voucher/1", None)
    if event.customer_id is not None and event.type.startswith("customer."):
        # Projects are told the same, and of codes that nobody holds as well.
        return None
    if not told.keys() >= _WHOLE_VOUCHER:
        return None
    return _now(event, told, VOUCHER, "voucher/1")


def _now(event: EventEnvelope, told: Value, shape: Shape, schema: str) -> _Told:
    value = {**told, "as_of": format_moment(event.occurred_at)}
    return _Told(told["id"], shape, schema, value, (_without("metadata"),))


def _origin(event: EventEnvelope) -> str:
    """The connection that has caused an event, else the channel that has."""
    if event.origin is not None:
        return event.origin.removeprefix("connection:")
    return str(event.source.get("channel", "")).lower()


def _customer(event: EventEnvelope) -> dict[str, Any]:
    if event.customer_id is None:
        return {}
    told = event.data.get("customer")
    source_id = told.get("source_id") if isinstance(told, Mapping) else None
    return {"id": event.customer_id, "source_id": source_id}


def _without(member: str) -> Callable[[Value], Value]:
    return lambda told: {**told, member: None}


def _with_fewer_items(told: Value) -> Value:
    return {**told, "data": _shortened(told["data"])}


def _shortened(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            name: _shortened(member[:MOST_ITEMS] if name == "items" else member)
            if isinstance(member, Mapping | list)
            else member
            for name, member in value.items()
        }
    return [_shortened(each) for each in value] if isinstance(value, list) else value
