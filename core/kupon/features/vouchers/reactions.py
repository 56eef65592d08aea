"""The activity feeds of customers as far as the balances of their cards fill them.

Source: spec events-webhooks-data, section 4.3 (customer twins).
"""

from __future__ import annotations

from collections.abc import Sequence

from kupon.features.customers import service as customers
from kupon.storage.queries.activities import Entry, Told
from kupon.storage.queries.customers import find_customers
from kupon.storage.queries.outbox import EventRow
from kupon.storage.uow import UnitOfWork

EVENTS = ("voucher.gift.balance_added",)


def record_activity(uow: UnitOfWork, events: Sequence[EventRow]) -> None:
    """Tell those who hold a card of what was added to it or taken off it by hand."""
    held = [event for event in events if "holder_id" in event.payload["voucher"]]
    ids = {event.payload["voucher"]["holder_id"] for event in held}
    known = find_customers(uow, sorted(ids))
    told = []
    for event in held:
        holder = known.get(event.payload["voucher"]["holder_id"])
        if holder is not None:
            told.append(Told(holder["id"], event, [_entry(event, holder)]))
    customers.record_activities(uow, told)


def _entry(event: EventRow, holder: dict[str, object]) -> Entry:
    campaign = event.payload.get("campaign") or {}
    return Entry(
        type=f"customer.{event.name}",
        category="EFFECT",
        data={"customer": customers.dump_simple_customer(holder), **event.payload},
        campaign_id=campaign.get("id"),
        campaign_type=campaign.get("campaign_type"),
    )
