"""What others are told of rewards.

Source: spec events-webhooks-data, section 4.4.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kupon.features.customers import service as customers
from kupon.jobs.described import EFFECT, Described
from kupon.storage.queries.customers import Row, find_customers
from kupon.storage.queries.outbox import EventRow
from kupon.storage.uow import UnitOfWork

EVENTS = (
    "customer.reward_redemptions.created",
    "customer.reward_redemptions.pending",
    "customer.reward_redemptions.completed",
    "customer.reward_redemptions.rolledback",
    "customer.rewarded",
)


def describe(uow: UnitOfWork, events: Sequence[EventRow], _: bool) -> Iterator[Described]:
    """The rewards that customers got, or that were taken back."""
    mine = [event for event in events if event.payload["customer_id"] is not None]
    known = find_customers(uow, sorted({event.payload["customer_id"] for event in mine}))
    for event in mine:
        customer = known.get(event.payload["customer_id"])
        if customer is not None:
            yield _describe(event, customer)


def _describe(event: EventRow, customer: Row) -> Described:
    campaign = event.payload.get("campaign") or {}
    data = {name: value for name, value in event.payload.items() if name != "customer_id"}
    return Described(
        event=event,
        type=event.name,
        data={"customer": customers.dump_simple_customer(customer), **data},
        entity_id=customer["id"],
        category=EFFECT,
        customer_id=customer["id"],
        campaign_id=campaign.get("id"),
        campaign_type=campaign.get("campaign_type"),
    )
