"""Background work for connections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from kupon.features.campaigns import service as campaigns
from kupon.features.integrations.service.connections import installing
from kupon.features.integrations.service.inbound import inbox
from kupon.features.integrations.service.outbound import (
    channels,
    hearing,
    mirroring,
    pushing,
    retelling,
)
from kupon.features.integrations.service.pulls import pulling, scheduling, sweeping
from kupon.features.integrations.service.tenants import Tenants
from kupon.jobs.described import Described
from kupon.jobs.registry import Again, JobRegistry, Periodic
from kupon.storage.queries import outbound_items, sweeps, sync_runs
from kupon.storage.queries.outbox import EventRow
from kupon.storage.uow import UnitOfWork


def register(registry: JobRegistry, tenants: Tenants) -> None:
    """Add the tasks of connections, and the listener that hears what platforms are to be told."""

    def process(uow: UnitOfWork, calls: Sequence[Mapping[str, Any]]) -> Sequence[Again | None]:
        return inbox.process(uow, tenants, calls)

    registry.add_batch_task(inbox.PROCESS, process, at_once=inbox.AT_ONCE)

    def wake(uow: UnitOfWork, arguments: Mapping[str, Any]) -> None:
        inbox.wake(uow, arguments)
        outbound_items.resume(uow, arguments["connection_id"])

    registry.add_task(inbox.WAKE, wake)
    _register_outbound(registry, tenants)
    _register_upkeep(registry, tenants)
    registry.periodic += [
        Periodic("sweep_inbox", timedelta(minutes=5), inbox.sweep),
        Periodic("purge_inbox", timedelta(hours=1), inbox.purge),
    ]


def _register_outbound(registry: JobRegistry, tenants: Tenants) -> None:
    def push(uow: UnitOfWork, arguments: Mapping[str, Any]) -> Again | None:
        return pushing.push(uow, tenants, arguments)

    def announce(uow: UnitOfWork, described: Sequence[Described]) -> None:
        hearing.announce(uow, tenants, described)
        mirroring.announce(uow, tenants, described)

    def has_receivers(uow: UnitOfWork) -> bool:
        return hearing.has_receivers(uow, tenants)

    registry.add_task(outbound_items.PUSH, push, calls_out=True)
    registry.add_task(retelling.RETELL, retelling.retell)
    registry.add_task(mirroring.MIRROR, mirroring.mirror)

    def hear_of_codes(uow: UnitOfWork, events: Sequence[EventRow]) -> None:
        campaign_ids = [event.payload["campaign_id"] for event in events]
        hearing.hear_of_codes(uow, tenants, list(dict.fromkeys(campaign_ids)))

    registry.listen(announce, when=has_receivers)
    registry.subscribe(
        "outbound_codes", hear_of_codes, [campaigns.CODES_CHANGED], when=has_receivers
    )
    manifests = [each.manifest() for each in tenants.contributions.adapters.values()]
    registry.describe(channels.describe, channels.types_of(manifests))
    registry.periodic += [
        Periodic("sweep_outbound", timedelta(minutes=5), hearing.sweep),
        Periodic("purge_outbound", timedelta(hours=1), hearing.purge),
    ]


def _register_upkeep(registry: JobRegistry, tenants: Tenants) -> None:
    """What keeps Kupon and the platforms at one: pulls, and provisioning again."""

    def pull(uow: UnitOfWork, arguments: Mapping[str, Any]) -> Again | None:
        return pulling.pull(uow, tenants, arguments)

    def provision(uow: UnitOfWork, arguments: Mapping[str, Any]) -> Again | None:
        return installing.repeat(uow, tenants, arguments)

    def begin_due(uow: UnitOfWork) -> None:
        scheduling.begin_due(uow, tenants)

    registry.add_task(sync_runs.PULL, pull, calls_out=True)
    registry.add_task(sweeps.SWEEP, sweeping.sweep)
    registry.add_task(installing.REPEAT, provision, calls_out=True)
    registry.periodic += [
        Periodic("begin_pulls", scheduling.LOOKED_EVERY, begin_due),
        Periodic("purge_pulls", timedelta(hours=1), scheduling.purge),
        Periodic("repeat_provisioning", timedelta(minutes=5), installing.begin_repeats),
    ]
