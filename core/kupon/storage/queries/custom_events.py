"""Statements on custom events.

Source: spec rules-and-qualification, section 15 (`events.<name>.count` and `last_at`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import select

from kupon.kit.timestamps import format_moment
from kupon.storage.criteria import among
from kupon.storage.tables.custom_events import CustomEvent
from kupon.storage.uow import UnitOfWork

# Of a customer, by the event's name: how often it has happened and when it did last.
EventFigures = Mapping[str, Mapping[str, Any]]


def insert_event(uow: UnitOfWork, event: CustomEvent) -> None:
    """Store an event, which is not the session's: a platform may send thousands at once."""
    uow.driver.execute(
        "INSERT INTO custom_events"
        " (project_id, id, name, schema_id, customer_id, metadata, created_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (
            event.project_id,
            event.id,
            event.name,
            event.schema_id,
            event.customer_id,
            Jsonb(event.event_metadata),
            event.created_at,
        ),
    )


def find_events(uow: UnitOfWork, ids: Sequence[str]) -> Sequence[CustomEvent]:
    """Those of the given events that are still there."""
    if not ids:
        return ()
    return uow.session.scalars(
        select(CustomEvent).where(
            CustomEvent.project_id == uow.project_id, among(CustomEvent.id, [*ids])
        )
    ).all()


def count_events(uow: UnitOfWork, customer_ids: Sequence[str]) -> dict[str, EventFigures]:
    """What customers' events come to, as segments ask for it, for each of these customers."""
    figures: dict[str, dict[str, dict[str, Any]]] = {id: {} for id in customer_ids}
    rows = uow.reader.execute(
        "SELECT customer_id, name, count(*), max(created_at) FROM custom_events"
        " WHERE project_id = %s AND customer_id = ANY(%s) GROUP BY customer_id, name",
        (uow.project_id, list(customer_ids)),
    )
    for customer_id, name, count, last_at in rows:
        figures[customer_id][name] = {"count": count, "last_at": format_moment(last_at)}
    return dict(figures)
