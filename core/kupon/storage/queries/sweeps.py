"""Statements on sweeps: which known objects a full pull has not come across.

Source: spec adapters-commerce, section 1.6.
"""

from __future__ import annotations

from collections.abc import Sequence

from kupon.storage.tables.integrations import SyncRun
from kupon.storage.uow import UnitOfWork

# The job that marks what is missing; its line is the connection's id, as that of pulls.
SWEEP = "integrations.sweep"


def begin_sweep(uow: UnitOfWork, run: SyncRun, kind: str) -> None:
    """Take everything of a kind for missing; what comes to be known meanwhile is not.

    Locks:   the connection's records of the kind.
    """
    uow.driver.execute(
        "UPDATE platform_records SET missing_in = %s WHERE project_id = %s AND connection_id = %s"
        " AND kind = %s AND NOT is_deleted",
        (run.id, uow.project_id, run.connection_id, kind),
    )


def note_seen(uow: UnitOfWork, run: SyncRun, source_ids: Sequence[str]) -> None:
    """These are there."""
    uow.driver.execute(
        "UPDATE platform_records SET missing_in = NULL WHERE project_id = %s AND missing_in = %s"
        " AND source_id = ANY(%s)",
        (uow.project_id, run.id, list(source_ids)),
    )


def enqueue_sweep(uow: UnitOfWork, run: SyncRun) -> None:
    """Have what is missing marked after the commit."""
    uow.enqueue(SWEEP, {"run_id": run.id}, order_key=run.connection_id)


def take_missing(uow: UnitOfWork, run: SyncRun, most: int) -> list[tuple[str, str]]:
    """Some of what is still missing, which is then no longer looked for; kinds and source ids.

    Shapes:  what was deleted meanwhile is left out.
    """
    rows = uow.driver.execute(
        "WITH missing AS (SELECT connection_id, kind, source_id FROM platform_records"
        "  WHERE project_id = %(project)s AND missing_in = %(run)s"
        "  ORDER BY source_id LIMIT %(most)s FOR UPDATE)"
        " UPDATE platform_records r SET missing_in = NULL FROM missing"
        " WHERE r.project_id = %(project)s AND r.connection_id = missing.connection_id"
        "  AND r.kind = missing.kind AND r.source_id = missing.source_id"
        " RETURNING r.kind, r.source_id, r.is_deleted",
        {"project": uow.project_id, "run": run.id, "most": most},
    ).fetchall()
    return sorted((kind, source_id) for kind, source_id, is_deleted in rows if not is_deleted)


def has_missing(uow: UnitOfWork, run: SyncRun) -> bool:
    """Whether anything is left to be marked."""
    row = uow.driver.execute(
        "SELECT 1 FROM platform_records WHERE project_id = %s AND missing_in = %s LIMIT 1",
        (uow.project_id, run.id),
    ).fetchone()
    return row is not None


def count_deleted(uow: UnitOfWork, run: SyncRun, number: int) -> None:
    """Add to what a sweep has marked."""
    uow.driver.execute(
        "UPDATE sync_runs SET deleted = deleted + %s WHERE project_id = %s AND id = %s",
        (number, uow.project_id, run.id),
    )
