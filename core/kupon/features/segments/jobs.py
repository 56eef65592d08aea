"""The worker's part: walks through all customers, slice by slice."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from kupon.features.segments import service
from kupon.jobs.registry import Again, JobRegistry, Periodic
from kupon.storage.uow import UnitOfWork


def register(registry: JobRegistry) -> None:
    """Add the tasks of segments."""
    registry.add_task(service.SYNC, sync)
    registry.add_task(service.SWEEP, sweep)
    # Soon after each project's midnight, wherever on Earth that is.
    registry.periodic.append(
        Periodic("sweep_segments", timedelta(minutes=15), service.begin_sweeps)
    )


def sync(uow: UnitOfWork, arguments: Mapping[str, Any]) -> Again | None:
    """Find out who is in one segment."""
    return _again(arguments, service.sync_slice(uow, **arguments))


def sweep(uow: UnitOfWork, arguments: Mapping[str, Any]) -> Again | None:
    """Bring all memberships of the project up to date."""
    return _again(arguments, service.sweep_slice(uow, **arguments))


def _again(arguments: Mapping[str, Any], end: str | None) -> Again | None:
    return None if end is None else Again({**arguments, "after": end})
