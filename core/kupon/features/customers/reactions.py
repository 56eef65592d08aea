"""What others are told of customers and of their orders, which events say themselves.

Segments stage what customers came to as well, which nobody did.

Source: spec events-webhooks-data, sections 2.3 and 4.4.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kupon.jobs.described import ACTION, EFFECT, Described
from kupon.storage.queries.outbox import EventRow
from kupon.storage.uow import UnitOfWork

EFFECTS = ("customer.segment.entered", "customer.segment.left")

EVENTS = (
    "customer.created",
    "customer.updated",
    "customer.deleted",
    "customer.confirmed",
    "customer.order.created",
    "customer.order.updated",
    "customer.order.paid",
    "customer.order.canceled",
    "customer.order.fulfilled",
    *EFFECTS,
)
# What feeds of the reference do not have.
OWN = ("customer.erased", "customer.merged")


def describe(_: UnitOfWork, events: Sequence[EventRow], __: bool) -> Iterator[Described]:
    """Events of customers, as they are."""
    for event in events:
        customer_id = event.payload["customer"]["id"]
        yield Described(
            event=event,
            type=event.name,
            data=event.payload,
            entity_id=customer_id,
            category=EFFECT if event.name in EFFECTS else ACTION,
            customer_id=customer_id,
        )
