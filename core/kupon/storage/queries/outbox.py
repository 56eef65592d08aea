"""The outbox: expanding events into jobs, waking workers, claiming and settling jobs.

Source: house B7; ADR on the outbox.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from kupon.storage.uow import UnitOfWork

# Advisory lock of whoever expands events: two at once could mix the order of one aggregate.
_EXPANDING = 7_305_712_046_022


_EVENT = "project_id, seq, name, aggregate_id, payload, request_id, source, origin, created_at"


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event as its consumers see it."""

    project_id: str
    seq: int
    name: str
    aggregate_id: str
    payload: dict[str, Any]
    request_id: str | None
    source: dict[str, Any] | None
    origin: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class JobRow:
    """A claimed job."""

    id: int
    order_key: str
    arguments: dict[str, Any]
    attempts: int


@dataclass(frozen=True, slots=True)
class WakeUp:
    """A line of jobs that a worker should drain."""

    project_id: str
    handler: str
    order_key: str


def claim_events(uow: UnitOfWork, limit: int) -> list[EventRow]:
    """The oldest events that were not relayed; empty when another relay is at it.

    Locks:  the expanding lock until the transaction ends.
    """
    locked = uow.driver.execute("SELECT pg_try_advisory_xact_lock(%s)", (_EXPANDING,)).fetchone()
    if locked is None or not locked[0]:
        return []
    with uow.driver.cursor(row_factory=class_row(EventRow)) as cursor:
        return cursor.execute(
            f"SELECT {_EVENT} FROM events WHERE relayed_at IS NULL ORDER BY seq LIMIT %s",
            (limit,),
        ).fetchall()


def insert_deliveries(uow: UnitOfWork, deliveries: Iterable[tuple[EventRow, str]]) -> None:
    """One job for each pair of an event and a handler, in the order given."""
    rows = [
        (event.project_id, handler, event.aggregate_id, Jsonb({"seq": event.seq}), uow.now, uow.now)
        for event, handler in deliveries
    ]
    if rows:
        with uow.driver.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO jobs"
                " (project_id, handler, order_key, arguments, available_at, created_at)"
                " VALUES (%s, %s, %s, %s, %s, %s)",
                rows,
            )


def mark_relayed(uow: UnitOfWork, events: Sequence[EventRow]) -> None:
    """Remember that these events have their jobs."""
    uow.driver.execute(
        "UPDATE events SET relayed_at = %s WHERE seq = ANY(%s) AND relayed_at IS NULL",
        (uow.now, [event.seq for event in events]),
    )


def find_events(uow: UnitOfWork, seqs: Sequence[int]) -> dict[int, EventRow]:
    """Events of the unit's project by number, without those that have been purged."""
    with uow.driver.cursor(row_factory=class_row(EventRow)) as cursor:
        rows = cursor.execute(
            f"SELECT {_EVENT} FROM events WHERE project_id = %s AND seq = ANY(%s)",
            (uow.project_id, list(seqs)),
        )
        return {row.seq: row for row in rows}


def claim_wake_ups(uow: UnitOfWork, limit: int) -> list[WakeUp]:
    """Lines with due jobs that no worker has been told of; they count as told from now."""
    rows = uow.driver.execute(
        "WITH due AS ("
        " SELECT project_id, id FROM jobs"
        " WHERE dead_at IS NULL AND enqueued_at IS NULL AND available_at <= %(now)s"
        " ORDER BY available_at, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED),"
        " told AS (UPDATE jobs SET enqueued_at = %(now)s FROM due"
        " WHERE jobs.project_id = due.project_id AND jobs.id = due.id"
        " RETURNING jobs.project_id, jobs.handler, jobs.order_key, jobs.id)"
        " SELECT project_id, handler, order_key FROM told"
        " GROUP BY project_id, handler, order_key ORDER BY min(id)",
        {"now": uow.now, "limit": limit},
    ).fetchall()
    return [WakeUp(*row) for row in rows]


def forget_wake_ups(uow: UnitOfWork, told_until: datetime) -> None:
    """Have jobs told of again whose messages may be lost, but those that are being done."""
    uow.driver.execute(
        "WITH idle AS (SELECT project_id, id FROM jobs"
        "  WHERE dead_at IS NULL AND enqueued_at <= %s ORDER BY id FOR UPDATE SKIP LOCKED)"
        " UPDATE jobs SET enqueued_at = NULL FROM idle"
        " WHERE jobs.project_id = idle.project_id AND jobs.id = idle.id",
        (told_until,),
    )


def claim_jobs(uow: UnitOfWork, handler: str, order_keys: Sequence[str], most: int) -> list[JobRow]:
    """The oldest due jobs of some lines, in their order, of lines that nobody works on.

    Locks:   the jobs' rows until the transaction ends. Who holds a line's oldest job holds the
        line; whoever finds it locked goes away, because its holder looks for the next one after
        its own commit.
    """
    values = {
        "project": uow.project_id,
        "handler": handler,
        "keys": list(order_keys),
        "now": uow.now,
        "most": most,
        "taken": [],
    }
    with uow.driver.cursor(row_factory=class_row(JobRow)) as cursor:
        heads = cursor.execute(_CLAIM_HEADS, values).fetchall()
        if not heads or len(heads) >= most:
            return heads
        values |= {"keys": [job.order_key for job in heads], "taken": [job.id for job in heads]}
        values["most"] = most - len(heads)
        rest = cursor.execute(_CLAIM_REST, values).fetchall()
    return sorted([*heads, *rest], key=lambda job: job.id)


# A search of the index for each line, and then one by id: a queue is full now and empty then, so
# that the planner believes it to be tiny and would rather look through all of it, again and again.
_FIRST = (
    "ARRAY(SELECT first.id FROM unnest(%(keys)s::text[]) AS line(key) CROSS JOIN LATERAL ("
    " SELECT id FROM jobs WHERE project_id = %(project)s AND handler = %(handler)s"
    " AND order_key = line.key AND dead_at IS NULL ORDER BY id LIMIT {most}) AS first)"
)
_HEADS = _FIRST.format(most="1")
_CLAIM = (
    "SELECT id, order_key, arguments, attempts FROM jobs WHERE project_id = %(project)s"
    " AND id = ANY({ids}) AND id <> ALL(%(taken)s) AND dead_at IS NULL"
    " AND available_at <= %(now)s ORDER BY id LIMIT %(most)s FOR UPDATE"
)
_CLAIM_HEADS = f"{_CLAIM.format(ids=_HEADS)} SKIP LOCKED"
_CLAIM_REST = _CLAIM.format(ids=_FIRST.format(most="%(most)s + 1"))


def wake_again(uow: UnitOfWork, handler: str, order_keys: Sequence[str]) -> None:
    """Lines may have been left with work in them: have a worker told of them again."""
    uow.driver.execute(
        f"UPDATE jobs SET enqueued_at = NULL WHERE project_id = %(project)s AND id = ANY({_HEADS})",
        {"project": uow.project_id, "handler": handler, "keys": list(order_keys)},
    )


def ensure_job(uow: UnitOfWork, handler: str, order_key: str, arguments: dict[str, Any]) -> None:
    """Have a line worked on after the commit, by a job that waits there or else by a new one.

    Shapes:  a job with `held` in its arguments is left to wait until it is due.
    Locks:   the line's waiting job, so that no worker finishes it without having seen what is
        written here; one that a worker has locked counts for none.
    """
    if uow.driver.execute(
        _HURRY, {"project": uow.project_id, "handler": handler, "key": order_key, "now": uow.now}
    ).rowcount:
        return
    uow.enqueue(handler, arguments, order_key=order_key)


_HURRY = (
    "UPDATE jobs SET enqueued_at = NULL, available_at = CASE WHEN arguments ? 'held'"
    "  THEN available_at ELSE least(available_at, %(now)s) END"
    " WHERE project_id = %(project)s AND id = ("
    "  SELECT id FROM jobs WHERE project_id = %(project)s AND handler = %(handler)s"
    "  AND order_key = %(key)s AND dead_at IS NULL ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)"
)


def release_job(uow: UnitOfWork, handler: str, order_key: str) -> None:
    """Have a line's waiting jobs done at once, also those that were to be held."""
    uow.driver.execute(
        "UPDATE jobs SET enqueued_at = NULL, available_at = least(available_at, %(now)s)"
        " WHERE project_id = %(project)s AND handler = %(handler)s AND order_key = %(key)s"
        " AND dead_at IS NULL",
        {"project": uow.project_id, "handler": handler, "key": order_key, "now": uow.now},
    )


def delete_jobs(uow: UnitOfWork, job_ids: Sequence[int]) -> None:
    """The jobs are done; in the transaction of their work."""
    uow.driver.execute(
        "DELETE FROM jobs WHERE project_id = %s AND id = ANY(%s)", (uow.project_id, list(job_ids))
    )


def postpone_job(
    uow: UnitOfWork, job_id: int, available_at: datetime, arguments: dict[str, Any]
) -> None:
    """The job goes on later, from where its arguments say."""
    uow.driver.execute(
        "UPDATE jobs SET available_at = %s, enqueued_at = NULL, attempts = 0, arguments = %s"
        " WHERE project_id = %s AND id = %s",
        (available_at, Jsonb(arguments), uow.project_id, job_id),
    )


def fail_job(uow: UnitOfWork, job_id: int, *, error: str, retry_at: datetime | None) -> None:
    """The job failed: try again at retry_at, or never (None), then it stays as a dead letter."""
    uow.driver.execute(
        "UPDATE jobs SET attempts = attempts + 1, last_error = %s, enqueued_at = NULL,"
        " available_at = coalesce(%s, available_at),"
        " dead_at = CASE WHEN %s::timestamptz IS NULL THEN %s END"
        " WHERE project_id = %s AND id = %s",
        (error[:2000], retry_at, retry_at, uow.now, uow.project_id, job_id),
    )


def claim_schedule(uow: UnitOfWork, name: str, next_due_at: datetime) -> bool:
    """Whether a periodic task is due now and ours to run; moves its next turn.

    Locks:  the schedule's row until the transaction ends.
    """
    claimed = uow.driver.execute(
        "INSERT INTO schedules (name, due_at) VALUES (%(name)s, %(next)s)"
        " ON CONFLICT (name) DO UPDATE SET due_at = excluded.due_at"
        " WHERE schedules.due_at <= %(now)s RETURNING name",
        {"name": name, "next": next_due_at, "now": uow.now},
    ).fetchone()
    return claimed is not None


def purge_events(uow: UnitOfWork, before: datetime) -> int:
    """Forget events that were relayed before a moment; how many."""
    return uow.driver.execute("DELETE FROM events WHERE relayed_at < %s", (before,)).rowcount
