"""What others are told of custom events.

Source: spec events-webhooks-data, sections 2.3 and 4.4.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kupon.features.events.service import EVENT
from kupon.jobs.described import Described
from kupon.storage.queries.outbox import EventRow
from kupon.storage.uow import UnitOfWork

EVENTS = (EVENT,)


def describe(_: UnitOfWork, events: Sequence[EventRow], __: bool) -> Iterator[Described]:
    """Custom events, as they are; the campaign is that of the code that they name."""
    for event in events:
        block = event.payload["referral"] or event.payload["loyalty"] or {}
        campaign = block.get("campaign") or {}
        customer_id = event.payload["customer"]["id"]
        yield Described(
            event=event,
            type=event.name,
            data=event.payload,
            entity_id=customer_id,
            customer_id=customer_id,
            campaign_id=campaign.get("id"),
            campaign_type=campaign.get("campaign_type"),
        )
