"""Whatever happens to a customer may move it into a segment or out of one."""

from __future__ import annotations

from collections.abc import Sequence

from kupon.features.segments import service
from kupon.storage.queries.outbox import EventRow
from kupon.storage.queries.segments import has_filtered
from kupon.storage.uow import UnitOfWork

EVENTS = (
    "customer.created",
    "customer.updated",
    "customer.custom_event",
    "customer.loyalty.updated",
    "customer.loyalty.updated",
    "referral.counted",
    "referral.undone",
    "customer.order.created",
    "customer.order.updated",
    "customer.order.paid",
    "customer.order.canceled",
    "customer.order.fulfilled",
    "redemption.created",
    "redemption.failed",
    "redemption.rolled_back",
    "redemption.rollback_failed",
)


def refresh_members(uow: UnitOfWork, events: Sequence[EventRow]) -> None:
    """Bring the memberships of the customers behind events up to date."""
    causes = {id: event for event in events if (id := _customer_id(event)) is not None}
    if causes and has_filtered(uow):
        service.refresh(uow, list(causes), causes=causes)


def _customer_id(event: EventRow) -> str | None:
    """The customer of an event; None for an anonymous redemption."""
    if "customer" in event.payload:
        named: str = event.payload["customer"]["id"]
        return named
    customer_id: str | None = event.payload["customer_id"]
    return customer_id
