"""Wire shapes of what came in over a connection, and what went through it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kupon.features.integrations.schemas.moments import dump_moments
from kupon.storage.queries import inbox
from kupon.storage.tables.integrations import Connection, ConnectionCount, InboxEntry
from kupon.web.fields import (
    Flag,
    Json,
    ListBody,
    Many,
    Moment,
    Part,
    Text,
    Whole,
    WireSchema,
    between,
    one_of,
)


class ConnectionDay(WireSchema):
    """What went through on one day of the project."""

    date = Text(required=True)
    counts = Json(required=True)


class ConnectionStatistics(WireSchema):
    """What waits in a connection, what went through it in all, and by day of late."""

    object = Text(required=True)
    status = Text(required=True)
    inbox_waiting = Whole(required=True)
    inbox_parked = Whole(required=True)
    totals = Json(required=True)
    days = Many(Part(ConnectionDay), required=True)


class InboxQuery(WireSchema):
    """Which deliveries to list."""

    state = Text(load_default=inbox.PARKED, validate=one_of(*inbox.STATES))
    limit = Whole(load_default=20, validate=between(1, 100))
    starting_after = Whole()


class InboxDelivery(WireSchema):
    """A delivery of a platform; `payload` where a single one is asked for."""

    object = Text(required=True)
    id = Whole(required=True)
    delivery_id = Text(required=True)
    event = Text(required=True)
    subject = Text(required=True)
    state = Text(required=True)
    attempts = Whole(required=True)
    error = Text()
    payload = Json()
    occurred_at = Moment()
    received_at = Moment(required=True)
    processed_at = Moment()


class InboxDeliveryList(ListBody):
    """A page of deliveries."""

    data = Many(Part(InboxDelivery), required=True)
    has_more = Flag(required=True)


class InboxReplay(WireSchema):
    """How many deliveries wait anew."""

    object = Text(required=True)
    count = Whole(required=True)


def dump_statistics(
    row: Connection,
    waiting: Mapping[str, int],
    totals: Mapping[str, int],
    counts: Sequence[ConnectionCount],
) -> dict[str, Any]:
    """The wire's statistics of a connection."""
    days: dict[str, dict[str, int]] = {}
    for each in counts:
        days.setdefault(each.day, {})[each.kind] = each.count
    return {
        "object": "connection_statistics",
        "status": row.status,
        "inbox_waiting": waiting[inbox.WAITING],
        "inbox_parked": waiting[inbox.PARKED],
        "totals": dict(totals),
        "days": [{"date": day, "counts": kinds} for day, kinds in sorted(days.items())],
    }


def dump_delivery(row: InboxEntry) -> dict[str, Any]:
    """The wire's delivery without its payload."""
    body: dict[str, Any] = {
        "object": "delivery",
        "id": row.seq,
        "delivery_id": row.delivery_id,
        "event": row.event,
        "subject": row.subject,
        "state": row.state,
        "attempts": row.attempts,
    }
    if row.error is not None:
        body["error"] = row.error
    return body | dump_moments(row, ("occurred_at", "received_at", "processed_at"))
