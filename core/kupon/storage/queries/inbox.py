"""Statements on the inbox: what platforms have told, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg.rows import class_row
from sqlalchemy import select

from kupon.kit.errors import not_found
from kupon.storage.tables.integrations import InboxEntry
from kupon.storage.uow import UnitOfWork

WAITING = "WAITING"
DONE = "DONE"
IGNORED = "IGNORED"
PARKED = "PARKED"
STATES = (WAITING, DONE, IGNORED, PARKED)

# Longer than any platform repeats a delivery.
KEPT = timedelta(days=14)
PARKED_KEPT = timedelta(days=90)

_LONGEST_ERROR = 1000
# A line that has a live job needs no other one.
_WITHOUT_JOB = (
    " AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.project_id = i.project_id"
    " AND j.handler = %(handler)s AND j.order_key = i.connection_id || ':' || i.subject"
    " AND j.dead_at IS NULL)"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A delivery that waits."""

    seq: int
    delivery_id: str
    event: str
    subject: str
    payload: dict[str, Any]
    occurred_at: datetime | None
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntry:
    """A delivery that came; its payload is JSON."""

    delivery_id: str
    event: str
    subject: str
    payload: str
    occurred_at: datetime | None


def insert_entries(uow: UnitOfWork, connection_id: str, entries: Sequence[NewEntry]) -> list[str]:
    """Store deliveries, those that came before excepted; the subjects of which there are new ones.

    Locks:   none that last, but whoever stores the same delivery at the same moment waits.
    """
    if not entries:
        return []
    rows = uow.driver.execute(
        "INSERT INTO inbox (project_id, connection_id, delivery_id, event, subject, payload,"
        " occurred_at, received_at)"
        " SELECT %(project)s, %(connection)s, d.id, d.event, d.subject,"
        "  d.payload::jsonb, d.occurred_at, %(now)s"
        " FROM unnest(%(ids)s::text[], %(events)s::text[], %(subjects)s::text[],"
        "  %(payloads)s::text[], %(occurred)s::timestamptz[]) WITH ORDINALITY"
        "  AS d(id, event, subject, payload, occurred_at, place) ORDER BY d.place"
        " ON CONFLICT (project_id, connection_id, delivery_id) DO NOTHING RETURNING subject",
        {
            "project": uow.project_id,
            "connection": connection_id,
            "now": uow.now,
            "payloads": [entry.payload for entry in entries],
            "ids": [entry.delivery_id for entry in entries],
            "events": [entry.event for entry in entries],
            "subjects": [entry.subject for entry in entries],
            "occurred": [entry.occurred_at for entry in entries],
        },
    ).fetchall()
    return list(dict.fromkeys(subject for (subject,) in rows))


def claim_waiting(
    uow: UnitOfWork, connection_id: str, subjects: Sequence[str], most: int
) -> list[Entry]:
    """The oldest deliveries of some subjects that wait.

    Locks:   their rows until the transaction ends.
    """
    with uow.driver.cursor(row_factory=class_row(Entry)) as cursor:
        return cursor.execute(
            "SELECT seq, delivery_id, event, subject, payload, occurred_at, attempts FROM inbox"
            " WHERE project_id = %s AND connection_id = %s AND subject = ANY(%s)"
            " AND state = 'WAITING' ORDER BY seq LIMIT %s FOR UPDATE",
            (uow.project_id, connection_id, list(subjects), most),
        ).fetchall()


def settle(uow: UnitOfWork, seqs: Sequence[int], state: str, error: str | None = None) -> None:
    """Tell what became of some deliveries."""
    uow.driver.execute(
        "UPDATE inbox SET state = %s, error = %s, processed_at = %s"
        " WHERE project_id = %s AND seq = ANY(%s)",
        (
            state,
            None if error is None else error[:_LONGEST_ERROR],
            uow.now,
            uow.project_id,
            list(seqs),
        ),
    )


def note_try(uow: UnitOfWork, seqs: Sequence[int], error: str) -> None:
    """Count a try that failed; the deliveries go on waiting."""
    uow.driver.execute(
        "UPDATE inbox SET attempts = attempts + 1, error = %s"
        " WHERE project_id = %s AND seq = ANY(%s)",
        (error[:_LONGEST_ERROR], uow.project_id, list(seqs)),
    )


def enqueue_subjects(
    uow: UnitOfWork,
    handler: str,
    connection_id: str,
    subjects: Sequence[str],
    after: timedelta = timedelta(),
) -> None:
    """Have workers look at some subjects, after some time."""
    uow.driver.execute(
        "INSERT INTO jobs (project_id, handler, order_key, arguments, available_at, created_at)"
        " SELECT %(project)s, %(handler)s, %(connection)s || ':' || s,"
        "  jsonb_build_object('connection_id', %(connection)s::text, 'subject', s),"
        "  %(at)s, %(now)s FROM unnest(%(subjects)s::text[]) AS s",
        {
            "project": uow.project_id,
            "handler": handler,
            "connection": connection_id,
            "now": uow.now,
            "at": uow.now + after,
            "subjects": list(subjects),
        },
    )


def enqueue_waiting(uow: UnitOfWork, handler: str, connection_id: str) -> int:
    """Have workers look at all subjects of a connection in which something waits; how many."""
    return uow.driver.execute(
        "INSERT INTO jobs (project_id, handler, order_key, arguments, available_at, created_at)"
        " SELECT i.project_id, %(handler)s, i.connection_id || ':' || i.subject,"
        "  jsonb_build_object('connection_id', i.connection_id, 'subject', i.subject),"
        "  %(now)s, %(now)s FROM inbox i"
        " WHERE i.project_id = %(project)s AND i.connection_id = %(connection)s"
        f" AND i.state = 'WAITING'{_WITHOUT_JOB}"
        " GROUP BY i.project_id, i.connection_id, i.subject ORDER BY min(i.seq)",
        {
            "project": uow.project_id,
            "handler": handler,
            "connection": connection_id,
            "now": uow.now,
        },
    ).rowcount


def enqueue_forgotten(uow: UnitOfWork, handler: str, before: datetime) -> int:
    """Have workers look at what waits without a job, in active connections of all projects.

    Shapes:  the number of subjects; it is what a job leaves that was given up.
    """
    return uow.driver.execute(
        "INSERT INTO jobs (project_id, handler, order_key, arguments, available_at, created_at)"
        " SELECT i.project_id, %(handler)s, i.connection_id || ':' || i.subject,"
        "  jsonb_build_object('connection_id', i.connection_id, 'subject', i.subject),"
        "  %(now)s, %(now)s FROM inbox i JOIN connections c"
        "  ON c.project_id = i.project_id AND c.id = i.connection_id AND c.status = 'ACTIVE'"
        f" WHERE i.state = 'WAITING' AND i.received_at < %(before)s{_WITHOUT_JOB}"
        " GROUP BY i.project_id, i.connection_id, i.subject ORDER BY min(i.seq) LIMIT 10000",
        {"handler": handler, "now": uow.now, "before": before},
    ).rowcount


def replay(
    uow: UnitOfWork, connection_id: str, *, seq: int | None = None, states: Sequence[str]
) -> list[str]:
    """Have deliveries wait again as if they had never been tried; their subjects.

    Shapes:  one of them, or all in some states.
    """
    rows = uow.driver.execute(
        "UPDATE inbox SET state = 'WAITING', attempts = 0, error = NULL, processed_at = NULL"
        " WHERE project_id = %(project)s AND connection_id = %(connection)s"
        " AND state = ANY(%(states)s) AND (%(seq)s::bigint IS NULL OR seq = %(seq)s::bigint)"
        " RETURNING subject",
        {
            "project": uow.project_id,
            "connection": connection_id,
            "states": list(states),
            "seq": seq,
        },
    ).fetchall()
    return list(dict.fromkeys(subject for (subject,) in rows))


def count_states(uow: UnitOfWork, project_id: str, connection_id: str) -> dict[str, int]:
    """How many deliveries of a connection wait, and how many are parked."""
    rows = uow.driver.execute(
        "SELECT state, count(*) FROM inbox WHERE project_id = %s AND connection_id = %s"
        " AND state IN ('WAITING', 'PARKED') GROUP BY state",
        (project_id, connection_id),
    ).fetchall()
    return {WAITING: 0, PARKED: 0, **dict(rows)}


def list_entries(
    uow: UnitOfWork,
    project_id: str,
    connection_id: str,
    *,
    states: Sequence[str],
    before: int | None,
    limit: int,
) -> Sequence[InboxEntry]:
    """Deliveries of a connection, the newest first.

    Shapes:  before is the number after which the last page has ended.
    """
    statement = select(InboxEntry).where(
        InboxEntry.project_id == project_id,
        InboxEntry.connection_id == connection_id,
        InboxEntry.state.in_(states),
    )
    if before is not None:
        statement = statement.where(InboxEntry.seq < before)
    return uow.session.scalars(statement.order_by(InboxEntry.seq.desc()).limit(limit)).all()


def get_entry(uow: UnitOfWork, project_id: str, connection_id: str, seq: int) -> InboxEntry:
    """A delivery by its number.

    Raises:  not_found.
    """
    row = uow.session.get(InboxEntry, (project_id, seq))
    if row is None or row.connection_id != connection_id:
        raise not_found("delivery", str(seq))
    return row


def purge(uow: UnitOfWork) -> int:
    """Forget old deliveries of all projects, but those that still wait; how many."""
    return uow.driver.execute(
        "DELETE FROM inbox WHERE (state IN ('DONE', 'IGNORED') AND received_at < %s)"
        " OR (state = 'PARKED' AND received_at < %s)",
        (uow.now - KEPT, uow.now - PARKED_KEPT),
    ).rowcount
