"""Finding out what is gone from a platform that does not tell: whatever a full pull did not meet.

Before its first page a sweep takes all known objects for missing, each page clears those that it
holds, also those that it could not take, and what is left in the end is marked as deleted. Nothing
is removed: an object that comes again is there again.

Source: spec adapters-commerce, section 1.6.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from kupon.features.integrations.service.inbound import commands
from kupon.features.integrations.service.scene import Scene, open_scene
from kupon.hooks.adapter import Page
from kupon.hooks.commands import DeleteRecord
from kupon.hooks.errors import Skip
from kupon.jobs.registry import Again
from kupon.kit.errors import KuponError
from kupon.storage.queries import connections, sweeps, sync_runs
from kupon.storage.savepoints import savepoint
from kupon.storage.tables.integrations import SyncRun
from kupon.storage.uow import UnitOfWork

# What can be swept, and the kind of its records. Orders are not: to cancel one takes its
# redemptions back, and platforms hide old ones.
KINDS: Final = {"customers": "customer", "profiles": "customer", "catalog": "product"}
_MOST: Final = 200


def note(uow: UnitOfWork, run: SyncRun, page: Page) -> None:
    """Note what a page of a sweep holds, before it is applied."""
    if run.cursor is None:
        sweeps.begin_sweep(uow, run, KINDS[run.resource])
    named = [str(getattr(each, "source_id", "")) for each in page.commands]
    sweeps.note_seen(uow, run, [*named, *(id for id, _ in page.skipped)])


def sweep(uow: UnitOfWork, arguments: Mapping[str, Any]) -> Again | None:
    """Mark some of what a run did not meet; when to go on."""
    run = sync_runs.find_run(uow, arguments["run_id"])
    row = None if run is None else connections.find_connection(uow, run.connection_id, is_kept=True)
    if run is None or row is None:
        return None
    scene = open_scene(uow, row)
    missing = sweeps.take_missing(uow, run, _MOST)
    count = sum(_mark(uow, scene, kind, source_id) for kind, source_id in missing)
    sweeps.count_deleted(uow, run, count)
    connections.count(uow, row.id, scene.day(uow.now), {"pulled.deleted": count})
    return Again(arguments) if sweeps.has_missing(uow, run) else None


def _mark(uow: UnitOfWork, scene: Scene, kind: str, source_id: str) -> bool:
    try:
        with savepoint(uow):
            return commands.apply(uow, scene, DeleteRecord(kind=kind, source_id=source_id))
    except (KuponError, Skip) as error:
        scene.notes.append(f"{kind} {source_id}: {error}")
        return False
