"""The activity feed as far as events say it themselves: those of customers and their orders.

Segments stage what customers came to as well, which nobody did.

Source: spec events-webhooks-data, sections 2.3 and 4.4.
"""

from __future__ import annotations

from collections.abc import Sequence

from kupon.features.customers import service
from kupon.storage.queries.activities import Entry, Told
from kupon.storage.queries.outbox import EventRow
from kupon.storage.uow import UnitOfWork

EFFECTS = ("customer.segment.entered", "customer.segment.left")

# Of a customer that was deleted, the feed is gone as well.
EVENTS = (
    "customer.created",
    "customer.updated",
    "customer.order.created",
    "customer.order.updated",
    "customer.order.paid",
    "customer.order.canceled",
    "customer.order.fulfilled",
    *EFFECTS,
)


def record_activity(uow: UnitOfWork, events: Sequence[EventRow]) -> None:
    """Write events into the feeds of their customers."""
    service.record_activities(uow, [_tell(event) for event in events])


def _tell(event: EventRow) -> Told:
    category = "EFFECT" if event.name in EFFECTS else "ACTION"
    entry = Entry(type=event.name, category=category, data=event.payload)
    return Told(event.payload["customer"]["id"], event, [entry])
