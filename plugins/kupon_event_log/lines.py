"""Events as members of log lines, and log lines as events again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from kupon.hooks.types import EventEnvelope
from kupon.kit.timestamps import format_moment

MESSAGE = "event"


def line_of(event: EventEnvelope, *, has_data: bool) -> dict[str, Any]:
    """What a line says of an event."""
    line = {
        "id": event.id,
        "type": event.type,
        "project_id": event.project_id,
        "entity_id": event.entity_id,
        "customer_id": event.customer_id,
        "group_id": event.group_id,
        "occurred_at": format_moment(event.occurred_at),
    }
    return {**line, "data": dict(event.data)} if has_data else line


def find_events(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The events among the lines of a log; whatever else stands there is passed over."""
    for line in lines:
        try:
            record = json.loads(line)
        except ValueError:
            continue
        is_event = isinstance(record, dict) and record.get("message") == MESSAGE
        if is_event and isinstance(record.get("event"), dict):
            yield record["event"]
