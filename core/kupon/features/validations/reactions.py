"""What others are told of validations.

Source: spec events-webhooks-data, sections 2.3 and 4.2.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kupon.features.validations import service
from kupon.jobs.described import Described
from kupon.storage.queries.outbox import EventRow
from kupon.storage.uow import UnitOfWork

EVENTS = (service.SUCCEEDED, service.FAILED)


def describe(_: UnitOfWork, events: Sequence[EventRow], __: bool) -> Iterator[Described]:
    """Validations of customers, as they are."""
    for event in events:
        customer_id = event.payload["customer"]["id"]
        yield Described(
            event=event,
            type=event.name,
            data=event.payload,
            entity_id=customer_id,
            customer_id=customer_id,
        )
