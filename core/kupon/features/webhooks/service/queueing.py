"""Leaving events to be sent to those who want them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from kupon.hooks.types import EventEnvelope
from kupon.jobs.described import Described
from kupon.jobs.exact import exact
from kupon.kit.event_types import MISSPELT
from kupon.kit.timestamps import format_moment, parse_moment
from kupon.runtime import ids
from kupon.storage.queries import event_endpoints, send_outs
from kupon.storage.queries.event_endpoints import Wanting
from kupon.storage.queries.send_outs import PENDING, SUSPENDED, NewSendOut
from kupon.storage.uow import UnitOfWork

SEND = "sinks.send"
ALL = "*"
# The kind whose receivers are told what the reference tells them, and no more but by name.
WEBHOOK = "webhook"


def queue(uow: UnitOfWork, described: Sequence[Described]) -> None:
    """Leave what happened to the senders, for each receiver that wants it."""
    for endpoint in event_endpoints.find_wanting(uow):
        rows = list(_rows(endpoint, described))
        if rows:
            send_outs.insert_send_outs(uow, rows)
            if endpoint.is_active:
                wake(uow, endpoint.id)


def wake(uow: UnitOfWork, endpoint_id: str) -> None:
    """Have a worker send what is due for a receiver of the unit's project."""
    uow.enqueue(SEND, {"endpoint_id": endpoint_id}, order_key=endpoint_id)


def _rows(endpoint: Wanting, described: Sequence[Described]) -> Iterator[NewSendOut]:
    wanted = {MISSPELT.get(type, type) for type in endpoint.events}
    for each in described:
        if _is_wanted(endpoint, wanted, each):
            yield NewSendOut(
                id=ids.new_id("whs_"),
                endpoint_id=endpoint.id,
                event_id=each.id,
                type=each.type,
                customer_id=each.customer_id,
                envelope=_write(each),
                state=PENDING if endpoint.is_active else SUSPENDED,
            )


def _is_wanted(endpoint: Wanting, wanted: Collection[str], described: Described) -> bool:
    if described.type in wanted:
        return True
    return ALL in wanted and (described.is_public or endpoint.sink != WEBHOOK)


def _write(described: Described) -> dict[str, Any]:
    return {
        "id": described.id,
        "type": described.type,
        "entity_id": described.entity_id,
        "customer_id": described.customer_id,
        "group_id": described.group_id,
        "occurred_at": format_moment(described.happened_at),
        "data": exact(described.type, described.data),
        "source": described.source,
        "origin": described.event.origin,
    }


def read(project_id: str, told: Mapping[str, Any], **delivery: Any) -> EventEnvelope:
    """What was left to be sent, as sinks get it; delivery has the id and begin of its way."""
    occurred_at = parse_moment(told["occurred_at"])
    return EventEnvelope(
        **{**told, "project_id": project_id, "occurred_at": occurred_at, **delivery}
    )
