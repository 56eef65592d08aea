"""What projects are told of validation rules.

Source: spec events-webhooks-data, section 4.5.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kupon.jobs.described import Described
from kupon.kit.event_types import PUBLIC
from kupon.storage.queries.outbox import EventRow
from kupon.storage.uow import UnitOfWork

EVENTS = tuple(sorted(type for type in PUBLIC if type.startswith("business_validation_rule.")))


def describe(_: UnitOfWork, events: Sequence[EventRow], __: bool) -> Iterator[Described]:
    """Events of rules, as they are, without what is not there."""
    for event in events:
        data = {name: value for name, value in event.payload.items() if value is not None}
        yield Described(
            event=event, type=event.name, data=data, entity_id=event.payload["rule"]["id"]
        )
