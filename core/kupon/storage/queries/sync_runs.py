"""Statements on the runs that pull what platforms have.

Source: spec adapters-commerce, section 1.6.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb
from sqlalchemy import select, tuple_

from kupon.kit.errors import KuponError, not_found
from kupon.storage.queries.connections import ACTIVE
from kupon.storage.refusing import refusing
from kupon.storage.tables.integrations import Connection, SyncRun
from kupon.storage.uow import UnitOfWork

# The job that pulls; its line is the connection's id, so that one resource goes after the other.
PULL = "integrations.pull"
OPEN = ("WAITING", "RUNNING")
# A run names no more records than this that it could not take; it counts all.
MOST_NAMED = 100


def insert_run(
    uow: UnitOfWork,
    run_id: str,
    connection_id: str,
    *,
    resource: str,
    mode: str,
    is_sweep: bool,
    since: datetime | None,
) -> SyncRun:
    """Store a run.

    Raises:  duplicate_resource_key while another one of the resource is open.
    """
    run = SyncRun(
        project_id=uow.project_id,
        id=run_id,
        connection_id=connection_id,
        resource=resource,
        mode=mode,
        is_sweep=is_sweep,
        since=since,
        created_at=uow.now,
    )
    uow.session.add(run)
    with refusing("uq_sync_runs_open", _busy(resource)):
        uow.session.flush()
    uow.session.refresh(run)
    return run


def _busy(resource: str) -> KuponError:
    details = f"A synchronization of {resource} is open for this connection"
    return KuponError("resource_in_use", details)


def get_run(uow: UnitOfWork, connection_id: str, run_id: str) -> SyncRun:
    """A run of a connection, as it is now.

    Raises:  not_found.
    """
    run = find_run(uow, run_id)
    if run is None or run.connection_id != connection_id:
        raise not_found("sync_run", run_id)
    return run


def find_run(uow: UnitOfWork, run_id: str) -> SyncRun | None:
    """A run of any connection as it is now, or None."""
    return uow.session.get(SyncRun, (uow.project_id, run_id), populate_existing=True)


def last_done(uow: UnitOfWork, connection_id: str, resource: str) -> datetime | None:
    """When the last run of a resource that came to its end was begun."""
    return uow.session.scalar(
        select(SyncRun.created_at)
        .where(
            SyncRun.project_id == uow.project_id,
            SyncRun.connection_id == connection_id,
            SyncRun.resource == resource,
            SyncRun.state == "DONE",
        )
        .order_by(SyncRun.created_at.desc())
        .limit(1)
    )


class Begun(NamedTuple):
    """When runs of a resource were begun last, of any mode and all at once; whether one is open."""

    at: datetime
    full_at: datetime | None
    is_open: bool


def last_begun(uow: UnitOfWork, connection_id: str) -> dict[str, Begun]:
    """What was begun last of each resource of a connection."""
    rows = uow.driver.execute(
        "SELECT resource, max(created_at), max(created_at) FILTER (WHERE mode = 'FULL'),"
        " bool_or(state = ANY(%s)) FROM sync_runs"
        " WHERE project_id = %s AND connection_id = %s GROUP BY resource",
        (list(OPEN), uow.project_id, connection_id),
    )
    return {resource: Begun(*rest) for resource, *rest in rows}


def list_scheduled(uow: UnitOfWork) -> Sequence[Connection]:
    """Working connections of all projects from which something is pulled by itself."""
    return uow.session.scalars(
        select(Connection)
        .where(Connection.status == ACTIVE, Connection.schedule != {})
        .order_by(Connection.project_id, Connection.id)
    ).all()


def purge_runs(uow: UnitOfWork, before: datetime) -> int:
    """Forget runs of all projects that ended before a moment; how many.

    Shapes:  the last ones of each kind stay, by which others know where to begin.
    """
    return uow.driver.execute(
        "DELETE FROM sync_runs r WHERE r.created_at < %(before)s AND r.state <> ALL(%(open)s)"
        " AND EXISTS (SELECT 1 FROM sync_runs n WHERE n.project_id = r.project_id"
        "  AND n.connection_id = r.connection_id AND n.resource = r.resource AND n.mode = r.mode"
        "  AND n.created_at > r.created_at AND n.state = 'DONE')",
        {"before": before, "open": list(OPEN)},
    ).rowcount


def list_runs(
    uow: UnitOfWork, connection_id: str, *, after: str | None, limit: int
) -> Sequence[SyncRun]:
    """Runs of a connection, the newest first.

    Shapes:  after is the run with which the last page has ended.
    Raises:  not_found for that run.
    """
    statement = select(SyncRun).where(
        SyncRun.project_id == uow.project_id, SyncRun.connection_id == connection_id
    )
    if after is not None:
        last = get_run(uow, connection_id, after)
        place = tuple_(SyncRun.created_at, SyncRun.id)
        statement = statement.where(place < tuple_(last.created_at, last.id))
    ordered = statement.order_by(SyncRun.created_at.desc(), SyncRun.id.desc())
    return uow.session.scalars(ordered.limit(limit)).all()


_SAVE = (
    "UPDATE sync_runs SET cursor = %(cursor)s, done = done + %(done)s,"
    " skipped = skipped + %(skipped)s, total = coalesce(%(total)s, total),"
    " failed = CASE WHEN jsonb_array_length(failed) >= %(most)s THEN failed"
    "  ELSE failed || %(failed)s END,"
    " state = CASE WHEN state = 'CANCELED' THEN state ELSE %(state)s END, error = NULL,"
    " finished_at = CASE WHEN state = 'CANCELED' THEN finished_at"
    "  WHEN %(state)s = 'DONE' THEN %(now)s END,"
    " updated_at = %(now)s WHERE project_id = %(project)s AND id = %(id)s RETURNING state"
)


def save_page(
    uow: UnitOfWork,
    run_id: str,
    *,
    cursor: str | None,
    done: int,
    skipped: int,
    total: int | None,
    failed: Sequence[Mapping[str, str]],
) -> str | None:
    """Note that a page was applied, in its transaction; the run's state, None where it is gone.

    Shapes:  without a cursor it was the last one; a run that was canceled meanwhile ends too.
    """
    rows = uow.driver.execute(
        _SAVE,
        {
            "project": uow.project_id,
            "id": run_id,
            "cursor": cursor,
            "done": done,
            "skipped": skipped,
            "total": total,
            "failed": Jsonb([dict(each) for each in failed[:MOST_NAMED]]),
            "most": MOST_NAMED,
            "state": "DONE" if cursor is None else "RUNNING",
            "now": uow.now,
        },
    ).fetchone()
    return None if rows is None else str(rows[0])


def close_run(uow: UnitOfWork, run_id: str, state: str, error: str | None = None) -> bool:
    """End an open run as FAILED or CANCELED, where it stands; whether it was open."""
    return bool(
        uow.driver.execute(
            "UPDATE sync_runs SET state = %s, error = left(%s, 500), finished_at = %s,"
            " updated_at = %s WHERE project_id = %s AND id = %s AND state = ANY(%s)",
            (state, error, uow.now, uow.now, uow.project_id, run_id, list(OPEN)),
        ).rowcount
    )


def note_trouble(uow: UnitOfWork, run_id: str, error: str) -> None:
    """Say why an open run does not go on at the moment."""
    uow.driver.execute(
        "UPDATE sync_runs SET error = left(%s, 500), updated_at = %s"
        " WHERE project_id = %s AND id = %s AND state = ANY(%s)",
        (error, uow.now, uow.project_id, run_id, list(OPEN)),
    )


def reopen_run(uow: UnitOfWork, run: SyncRun) -> None:
    """Have a run that failed or was canceled go on from where it stands.

    Raises:  resource_in_use while another one of the resource is open.
    """
    run.state, run.error, run.finished_at, run.updated_at = "WAITING", None, None, uow.now
    with refusing("uq_sync_runs_open", _busy(run.resource)):
        uow.session.flush()


def enqueue_pull(uow: UnitOfWork, run: SyncRun) -> None:
    """Have a run worked on after the commit."""
    arguments: dict[str, Any] = {"run_id": run.id}
    uow.enqueue(PULL, arguments, order_key=run.connection_id)


def enqueue_forgotten(uow: UnitOfWork) -> int:
    """Have open runs of all projects worked on that no job is left for; how many."""
    return uow.driver.execute(
        "INSERT INTO jobs (project_id, handler, order_key, arguments, available_at, created_at)"
        " SELECT r.project_id, %(handler)s, r.connection_id, jsonb_build_object('run_id', r.id),"
        "  %(now)s, %(now)s FROM sync_runs r WHERE r.state = ANY(%(open)s)"
        " AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.project_id = r.project_id"
        "  AND j.handler = %(handler)s AND j.order_key = r.connection_id AND j.dead_at IS NULL)"
        " ORDER BY r.created_at",
        {"handler": PULL, "open": list(OPEN), "now": uow.now},
    ).rowcount
