"""An event as a record of Kafka: its key, its headers and its value.

Source: spec adapters-marketing, section 5.1; CloudEvents 1.0, Kafka binding, binary mode.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from kupon.hooks.types import EventEnvelope
from kupon.kit.timestamps import format_moment

SCHEMA: Final = "event/1"
TYPE_PREFIX: Final = "io.kupon."
MOST_ITEMS: Final = 200


def key_of(event: EventEnvelope) -> bytes:
    """What keeps the events of one customer in order, or those of one object that is nobody's.

    A source id may change, which would move the customer to another partition.
    """
    return f"{event.project_id}:{event.customer_id or event.entity_id}".encode()


def headers_of(event: EventEnvelope) -> list[tuple[str, bytes]]:
    """The event's attributes as CloudEvents names them, and our own."""
    headers = {
        "ce_specversion": "1.0",
        "ce_id": event.id,
        "ce_source": f"/kupon/{event.project_id}",
        "ce_type": f"{TYPE_PREFIX}{event.type}",
        "ce_time": format_moment(event.occurred_at),
        "ce_subject": _customer(event).get("source_id") or event.entity_id,
        "content-type": "application/json",
        "kupon_schema": SCHEMA,
    }
    if event.origin is not None:
        headers["kupon_origin"] = event.origin
    return [(name, str(value).encode("utf-8", "replace")) for name, value in headers.items()]


def value_of(event: EventEnvelope, largest: int) -> bytes:
    """The event as JSON, which tells that it is `truncated` where all would be too much.

    Shapes:  then orders have their first items only, and where that is still too much there are no
        data at all.
    Units:   largest in bytes.
    """
    told = {
        "id": event.id,
        "type": event.type,
        "project_id": event.project_id,
        "entity_id": event.entity_id,
        "group_id": event.group_id,
        "occurred_at": format_moment(event.occurred_at),
        "customer": _customer(event) or None,
        "data": event.data,
        "event_source": event.source,
        "origin": event.origin,
    }
    value = _write(told)
    if len(value) > largest:
        value = _write({**told, "data": _shortened(event.data), "truncated": True})
    if len(value) > largest:
        value = _write({**told, "data": None, "truncated": True})
    return value


def _customer(event: EventEnvelope) -> dict[str, Any]:
    if event.customer_id is None:
        return {}
    told = event.data.get("customer")
    source_id = told.get("source_id") if isinstance(told, Mapping) else None
    return {"id": event.customer_id, "source_id": source_id}


def _shortened(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            name: _shortened(member[:MOST_ITEMS] if name == "items" else member)
            if isinstance(member, Mapping | list)
            else member
            for name, member in value.items()
        }
    return [_shortened(each) for each in value] if isinstance(value, list) else value


def _write(told: Mapping[str, Any]) -> bytes:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
