"""What a domain event is for those outside: a feed, a receiver of webhooks, a plugin, a platform.

Source: spec events-webhooks-data, sections 2 and 3.3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kupon.hooks.types import EventEnvelope
from kupon.kit import event_types
from kupon.storage.queries.activities import event_id
from kupon.storage.queries.outbox import EventRow
from kupon.storage.uow import UnitOfWork

# What no request caused came about inside.
_INTERNAL: Mapping[str, Any] = {"channel": "INTERNAL"}

ACTION = "ACTION"
EFFECT = "EFFECT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """One event of the wire, which a domain event means; one of those may mean several.

    Shapes: data is the wire's payload of the type; entity_id names what the type's first word is
        about; customer_id is None for events of nobody. position counts those of one domain event
        whose ids begin alike.
    """

    event: EventRow
    type: str
    data: Mapping[str, Any]
    entity_id: str
    category: str = ACTION
    customer_id: str | None = None
    campaign_id: str | None = None
    campaign_type: str | None = None
    position: int = 0

    @property
    def id(self) -> str:
        """The same, however often and to whomever it is told."""
        return event_id(self.type, self.event.created_at, self.event.seq, self.position)

    @property
    def is_of_feed(self) -> bool:
        """Whether the feed of its customer tells it."""
        return self.customer_id is not None and event_types.is_of_feeds(self.type)

    @property
    def is_public(self) -> bool:
        """Whether projects may subscribe to it."""
        return self.type in event_types.PUBLIC

    @property
    def surfaces(self) -> str:
        """Where it is told: A for feeds, P for receivers of projects."""
        return "A" * self.is_of_feed + "P" * self.is_public

    @property
    def happened_at(self) -> datetime:
        """When it happened."""
        return self.event.created_at

    @property
    def source(self) -> Mapping[str, Any]:
        """The wire's event_source."""
        return self.event.source or _INTERNAL

    @property
    def group_id(self) -> str:
        """The request that caused it, or what stands for work that none caused."""
        return self.event.request_id or f"w-{self.event.seq:018x}"

    def envelope(self) -> EventEnvelope:
        """What plugins are told."""
        return EventEnvelope(
            id=self.id,
            type=self.type,
            project_id=self.event.project_id,
            entity_id=self.entity_id,
            customer_id=self.customer_id,
            group_id=self.group_id,
            occurred_at=self.event.created_at,
            data=self.data,
            source=self.source,
            origin=self.event.origin,
        )


# Says what events mean for others; the flag tells whether anybody but feeds wants to know.
Describer = Callable[[UnitOfWork, Sequence[EventRow], bool], Iterable[Described]]
# Is told of what was described, in the order in which it happened.
Listener = Callable[[UnitOfWork, Sequence[Described]], None]
# Whether the unit's project has any use for something.
Predicate = Callable[[UnitOfWork], bool]
