"""What projects are told of campaigns, and of all that other features have put into them.

Source: spec events-webhooks-data, section 4.5.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kupon.jobs.described import Described
from kupon.kit.event_types import PUBLIC
from kupon.storage.queries.outbox import EventRow
from kupon.storage.uow import UnitOfWork

EVENTS = tuple(sorted(type for type in PUBLIC if type.startswith("campaign.")))


def describe(_: UnitOfWork, events: Sequence[EventRow], __: bool) -> Iterator[Described]:
    """Events of campaigns, as they are."""
    for event in events:
        campaign = event.payload["campaign"]
        yield Described(
            event=event,
            type=event.name,
            data=event.payload,
            entity_id=campaign["id"],
            campaign_id=campaign["id"],
            campaign_type=campaign["campaign_type"],
        )
