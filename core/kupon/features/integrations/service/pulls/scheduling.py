"""Pulling by itself: the scheduler begins runs as each connection's schedule says.

When a resource is due follows from its last run, whoever began it. While one is open, or the
connection does not work, none is begun; afterwards one is, however many were left out.

Source: spec adapters-commerce, sections 1.2 and 1.6.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from kupon.engine.periods import parse_period
from kupon.features.integrations.schemas import connections as connection_wire
from kupon.features.integrations.schemas import syncs as wire
from kupon.features.integrations.service.entering import enter
from kupon.features.integrations.service.pulls.syncing import begin, check_sweep, resources_of
from kupon.features.integrations.service.tenants import Tenants
from kupon.kit.errors import KuponError, invalid_payload
from kupon.storage.queries import connections, sync_runs
from kupon.storage.queries.sync_runs import Begun
from kupon.storage.savepoints import savepoint
from kupon.storage.tables.integrations import Connection
from kupon.storage.uow import UnitOfWork

LOOKED_EVERY: Final = timedelta(seconds=20)
_RUNS_KEPT: Final = timedelta(days=30)


def set_schedule(
    uow: UnitOfWork, tenants: Tenants, project_id: str, reference: str, sent: Mapping[str, Any]
) -> dict[str, Any]:
    """Say when what is pulled over a connection; resources that are not named are not.

    Raises:  not_found; invalid_payload.
    """
    row = enter(uow, project_id, reference, is_locked=True)
    keep_schedule(uow, tenants, row, sent)
    return connection_wire.dump_connection(tenants, row)


def keep_schedule(
    uow: UnitOfWork, tenants: Tenants, row: Connection, sent: Mapping[str, Any]
) -> None:
    """Store the schedule of a connection.

    Raises:  invalid_payload for what the adapter can't pull, and for what is no duration.
    """
    schedule = wire.read_schedule(sent)
    known = resources_of(tenants, row)
    for resource in schedule:
        if resource not in known:
            listed = ", ".join(known) or "none"
            raise invalid_payload(f"Property .schedule.{resource} must be one of: {listed}")
        if schedule[resource].get("sweep"):
            check_sweep(resource, f"Property .schedule.{resource}.sweep")
    row.schedule, row.updated_at = schedule, uow.now
    connections.save_connection(uow, row)


def begin_due(uow: UnitOfWork, tenants: Tenants) -> None:
    """Begin the runs of all projects that are due."""
    for row in sync_runs.list_scheduled(uow):
        uow.project_id = row.project_id
        begun = sync_runs.last_begun(uow, row.id)
        for resource in resources_of(tenants, row):
            schedule = row.schedule.get(resource, {})
            mode = _due(schedule, begun.get(resource), uow.now)
            if mode is not None:
                is_sweep = mode == wire.FULL and schedule.get("sweep", False)
                _begin(uow, row, resource, mode, is_sweep=is_sweep)


def purge(uow: UnitOfWork) -> None:
    """Forget old runs."""
    sync_runs.purge_runs(uow, uow.now - _RUNS_KEPT)


def _begin(uow: UnitOfWork, row: Connection, resource: str, mode: str, *, is_sweep: bool) -> None:
    try:
        with savepoint(uow):
            begin(uow, row, resource, mode, is_sweep=is_sweep)
    except KuponError as error:
        # Somebody has begun one just now.
        if error.key != "resource_in_use":
            raise


def _due(schedule: Mapping[str, Any], last: Begun | None, now: datetime) -> str | None:
    """The mode in which a resource is to be pulled now, None where it is not."""
    if last is not None and last.is_open:
        return None
    if _is_over(schedule.get("full_every"), None if last is None else last.full_at, now):
        return wire.FULL
    if _is_over(schedule.get("every"), None if last is None else last.at, now):
        return wire.INCREMENTAL
    return None


def _is_over(every: str | None, since: datetime | None, now: datetime) -> bool:
    period = parse_period(every)
    return period is not None and (since is None or since + period.estimate() <= now)
