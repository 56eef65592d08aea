"""Background work for plugins: events and messages that wait for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from kupon.features.plugins import service
from kupon.hooks.tenancy import Tenancy
from kupon.hooks.types import EventEnvelope
from kupon.jobs.described import Described
from kupon.jobs.exact import exact
from kupon.jobs.registry import Again, JobRegistry
from kupon.storage.queries.outbox import EventRow
from kupon.storage.uow import UnitOfWork


def _envelope(described: Described) -> EventEnvelope:
    return replace(described.envelope(), data=exact(described.type, described.data))


def register(registry: JobRegistry, tenants: Tenancy) -> None:
    """Add the tasks, what hears of events, and what looks for publications through channels."""

    def tell(uow: UnitOfWork, arguments: Mapping[str, Any]) -> None:
        service.tell(uow, tenants, arguments)

    def deliver(uow: UnitOfWork, arguments: Mapping[str, Any]) -> Again | None:
        return service.deliver(uow, tenants, arguments)

    def send_through(uow: UnitOfWork, events: Sequence[EventRow]) -> None:
        ids = [event.payload["publication_id"] for event in events]
        service.send_through(uow, tenants, ids)

    def hear(uow: UnitOfWork, described: Sequence[Described]) -> None:
        service.announce(uow, tenants, [_envelope(each) for each in described])

    def is_heard(uow: UnitOfWork) -> bool:
        return service.is_heard(uow, tenants)

    def has_channels(uow: UnitOfWork) -> bool:
        return service.has_channels(uow, tenants)

    registry.add_task(service.TELL, tell, calls_out=True)
    registry.listen(hear, when=is_heard)
    registry.add_task(service.DELIVER, deliver, calls_out=True)
    registry.subscribe(
        "plugin_channels", send_through, ["publication.succeeded"], when=has_channels
    )
