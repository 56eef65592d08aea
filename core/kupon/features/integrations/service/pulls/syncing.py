"""What operators do with the runs that pull what platforms have.

Source: spec adapters-commerce, section 1.6.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from kupon.engine.periods import parse_period
from kupon.features.integrations.schemas import syncs as wire
from kupon.features.integrations.service.entering import enter
from kupon.features.integrations.service.pulls.sweeping import KINDS
from kupon.features.integrations.service.tenants import Tenants
from kupon.kit.errors import KuponError, invalid_payload
from kupon.kit.pages import list_body
from kupon.runtime import ids
from kupon.storage.queries import sync_runs
from kupon.storage.tables.integrations import Connection, SyncRun
from kupon.storage.uow import UnitOfWork

# Platforms' clocks differ, and some tell of a change later than it was.
OVERLAP: Final = timedelta(minutes=5)


def start_sync(
    uow: UnitOfWork, tenants: Tenants, project_id: str, reference: str, body: Mapping[str, Any]
) -> dict[str, Any]:
    """Begin to pull a resource.

    Raises:  not_found; invalid_payload where the adapter can't pull it; resource_in_use while it
        is being pulled.
    """
    row = enter(uow, project_id, reference)
    resources = resources_of(tenants, row)
    resource = body["resource"]
    if resource not in resources:
        known = ", ".join(resources) or "none"
        raise invalid_payload(f"Property .resource must be one that is pulled: {known}")
    if body["sweep"]:
        check_sweep(resource, "Property .sweep")
        if body["mode"] != wire.FULL:
            raise invalid_payload("Property .sweep is for mode FULL only")
    return wire.dump_run(begin(uow, row, resource, body["mode"], is_sweep=body["sweep"]))


def check_sweep(resource: str, property: str) -> None:
    """Refuse to sweep what must not be.

    Raises:  invalid_payload.
    """
    if resource not in KINDS:
        raise invalid_payload(f"{property} is for {', '.join(KINDS)} only")


def begin(uow: UnitOfWork, row: Connection, resource: str, mode: str, *, is_sweep: bool) -> SyncRun:
    """Begin a run of a connection of the unit's project.

    Raises:  resource_in_use while the resource is being pulled.
    """
    run = sync_runs.insert_run(
        uow,
        ids.new_id("sync_"),
        row.id,
        resource=resource,
        mode=mode,
        is_sweep=is_sweep,
        since=_since(uow, row, resource) if mode == wire.INCREMENTAL else None,
    )
    sync_runs.enqueue_pull(uow, run)
    return run


def resources_of(tenants: Tenants, row: Connection) -> list[str]:
    """What can be pulled over a connection; customers before orders, which refer to them."""
    adapter = tenants.contributions.adapters.get(row.adapter)
    capabilities = () if adapter is None else adapter.manifest().capabilities
    pulled = [each.removesuffix(".pull") for each in capabilities if each.endswith(".pull")]
    return sorted(pulled, key=lambda each: (each == "orders", each))


def list_runs(
    uow: UnitOfWork, project_id: str, reference: str, query: Mapping[str, Any]
) -> dict[str, Any]:
    """The runs of a connection, the newest first.

    Shapes:  the next page begins after the last run of this one.
    Raises:  not_found.
    """
    row = enter(uow, project_id, reference)
    limit = query["limit"]
    found = sync_runs.list_runs(uow, row.id, after=query.get("starting_after"), limit=limit + 1)
    runs = [wire.dump_run(run) for run in found[:limit]]
    has_more = len(found) > limit
    after = runs[-1]["id"] if has_more else None
    return list_body("data", runs, has_more=has_more, more_starting_after=after)


def get_run(uow: UnitOfWork, project_id: str, reference: str, run_id: str) -> dict[str, Any]:
    """One run, as far as it has come."""
    row = enter(uow, project_id, reference)
    return wire.dump_run(sync_runs.get_run(uow, row.id, run_id))


def cancel_sync(uow: UnitOfWork, project_id: str, reference: str, run_id: str) -> dict[str, Any]:
    """End a run after the page that it is at; one that is over stays as it is."""
    row = enter(uow, project_id, reference)
    sync_runs.get_run(uow, row.id, run_id)
    sync_runs.close_run(uow, run_id, "CANCELED")
    return wire.dump_run(sync_runs.get_run(uow, row.id, run_id))


def resume_sync(uow: UnitOfWork, project_id: str, reference: str, run_id: str) -> dict[str, Any]:
    """Have a run that failed or was canceled go on from where it stands.

    Raises:  not_found; invalid_payload for one that is open or done; resource_in_use while another
        one pulls the same.
    """
    row = enter(uow, project_id, reference)
    run = sync_runs.get_run(uow, row.id, run_id)
    if run.state not in ("FAILED", "CANCELED"):
        raise KuponError("invalid_payload", f"Run {run_id} is {run.state}")
    sync_runs.reopen_run(uow, run)
    sync_runs.enqueue_pull(uow, run)
    return wire.dump_run(run)


def _since(uow: UnitOfWork, row: Connection, resource: str) -> datetime | None:
    last = sync_runs.last_done(uow, row.id, resource)
    overlap = parse_period(row.schedule.get(resource, {}).get("overlap"))
    return None if last is None else last - (OVERLAP if overlap is None else overlap.estimate())
