"""Statements on events that are on their way to receivers, or have been.

Source: spec events-webhooks-data, sections 3.5 and 18.4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from typing import Any

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from kupon.kit.errors import not_found
from kupon.kit.pages import PageRequest
from kupon.storage.criteria import MomentField, NumberField, TextField
from kupon.storage.listing import Listing, Page, fetch_page
from kupon.storage.tables.event_sinks import SendOut
from kupon.storage.uow import UnitOfWork

PENDING = "PENDING"
RETRYING = "RETRYING"
SUCCEEDED = "SUCCEEDED"
FAILED = "FAILED"
SUSPENDED = "SUSPENDED"
CANCELED = "CANCELED"

_WAITING = "state IN ('PENDING', 'RETRYING')"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSendOut:
    """An event for one receiver."""

    id: str
    endpoint_id: str
    event_id: str
    type: str
    customer_id: str | None
    envelope: Mapping[str, Any]
    state: str


@dataclass(frozen=True, slots=True)
class DueSendOut:
    """An event whose turn it is."""

    id: str
    type: str
    envelope: dict[str, Any]
    state: str
    attempts: int
    created_at: datetime
    first_tried_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What became of a try.

    Units:  took_ms in milliseconds.
    """

    id: str
    state: str
    status: int | None
    answer: str | None
    error: str | None
    took_ms: int | None
    tried_at: datetime
    next_at: datetime | None


def insert_send_outs(uow: UnitOfWork, rows: Sequence[NewSendOut]) -> None:
    """Leave events to be sent; once for each receiver, however often they are told of."""
    with uow.driver.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO send_outs (project_id, id, endpoint_id, event_id, type, customer_id,"
            " envelope, state, created_at, next_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (project_id, endpoint_id, event_id) DO NOTHING",
            [
                (
                    *(uow.project_id, row.id, row.endpoint_id, row.event_id, row.type),
                    *(row.customer_id, Jsonb(row.envelope), row.state, uow.now, uow.now),
                )
                for row in rows
            ],
        )


def find_due(uow: UnitOfWork, endpoint_id: str, at: datetime, most: int) -> list[DueSendOut]:
    """What is to be sent to a receiver by now, what waits longest first.

    Shapes:  nothing is locked, for what follows takes long: one job sends to one receiver.
    """
    with uow.driver.cursor(row_factory=class_row(DueSendOut)) as cursor:
        return cursor.execute(
            "SELECT id, type, envelope, state, attempts, created_at, first_tried_at"
            f" FROM send_outs WHERE project_id = %s AND endpoint_id = %s AND {_WAITING}"
            " AND next_at <= %s ORDER BY next_at, id LIMIT %s",
            (uow.project_id, endpoint_id, at, most),
        ).fetchall()


def save_tries(uow: UnitOfWork, tries: Sequence[Tried]) -> None:
    """Write down what became of tries; of what is gone or was canceled meanwhile, nothing.

    Shapes:  what was held back meanwhile is so no more where it has arrived.
    """
    with uow.driver.cursor() as cursor:
        cursor.executemany(
            "UPDATE send_outs SET state = %s, attempts = attempts + 1, status = %s, answer = %s,"
            " error = %s, took_ms = %s, executed_at = %s, next_at = %s,"
            " first_tried_at = coalesce(first_tried_at, %s)"
            f" WHERE project_id = %s AND id = %s AND ({_WAITING} OR state = 'SUSPENDED' AND %s)",
            [
                (
                    *(each.state, each.status, each.answer, each.error, each.took_ms),
                    *(each.tried_at, each.next_at, each.tried_at, uow.project_id, each.id),
                    each.state == SUCCEEDED,
                )
                for each in tries
            ],
        )


def has_succeeded_since(uow: UnitOfWork, endpoint_id: str, since: datetime) -> bool:
    """Whether a receiver has taken anything since a moment."""
    row = uow.driver.execute(
        "SELECT EXISTS (SELECT FROM send_outs WHERE project_id = %s AND endpoint_id = %s"
        " AND state = 'SUCCEEDED' AND executed_at > %s)",
        (uow.project_id, endpoint_id, since),
    ).fetchone()
    return row is not None and bool(row[0])


def suspend_all(uow: UnitOfWork, project_id: str, endpoint_id: str) -> None:
    """Hold back what waits for a receiver."""
    uow.driver.execute(
        "UPDATE send_outs SET state = 'SUSPENDED', next_at = NULL"
        f" WHERE project_id = %s AND endpoint_id = %s AND {_WAITING}",
        (project_id, endpoint_id),
    )


def resume_all(uow: UnitOfWork, project_id: str, endpoint_id: str, since: datetime) -> None:
    """Send what was held back since a moment, in its order; what is older is canceled."""
    uow.driver.execute(
        "UPDATE send_outs SET first_tried_at = NULL,"
        " state = CASE WHEN created_at > %(since)s THEN 'PENDING' ELSE 'CANCELED' END,"
        " next_at = CASE WHEN created_at > %(since)s THEN created_at END"
        " WHERE project_id = %(project)s AND endpoint_id = %(endpoint)s AND state = 'SUSPENDED'",
        {"since": since, "project": project_id, "endpoint": endpoint_id},
    )


def get_send_out(uow: UnitOfWork, endpoint_id: str, send_out_id: str) -> SendOut:
    """One event on its way to a receiver.

    Raises:  not_found.
    """
    found = uow.session.get(SendOut, (uow.project_id, send_out_id))
    if found is None or found.endpoint_id != endpoint_id:
        raise not_found("webhook_delivery", send_out_id)
    return found


def send_again(uow: UnitOfWork, send_out: SendOut) -> None:
    """Have an event sent now, whatever has become of it before."""
    send_out.state = PENDING
    send_out.next_at = uow.now
    uow.session.flush()


def list_send_outs(
    uow: UnitOfWork, endpoint_id: str, request: PageRequest, tz: tzinfo
) -> Page[SendOut]:
    """One page of what was sent to a receiver."""
    listing = replace(_LISTING, where=(SendOut.endpoint_id == endpoint_id,))
    return fetch_page(uow, listing, request, tz=tz, is_counted=True)


_LISTING = Listing(
    SendOut,
    fields={
        "created_at": MomentField(SendOut.created_at),
        "executed_at": MomentField(SendOut.executed_at),
        "state": TextField(SendOut.state),
        "type": TextField(SendOut.type),
        "event_id": TextField(SendOut.event_id),
        "attempts": NumberField(SendOut.attempts),
    },
)


def wake_senders(uow: UnitOfWork, handler: str) -> int:
    """A job for each receiver of any project that something is due for, where there is none.

    Shapes:  how many jobs; none for receivers that are waited for.
    """
    return uow.driver.execute(
        "INSERT INTO jobs (project_id, handler, order_key, arguments, available_at, created_at)"
        " SELECT e.project_id, %(handler)s, e.id,"
        "  jsonb_build_object('endpoint_id', e.id), %(now)s, %(now)s"
        " FROM event_endpoints e"
        " WHERE e.is_active AND (e.blocked_until IS NULL OR e.blocked_until <= %(now)s)"
        " AND EXISTS (SELECT FROM send_outs s WHERE s.project_id = e.project_id"
        f"  AND s.endpoint_id = e.id AND {_WAITING} AND s.next_at <= %(now)s)"
        " AND NOT EXISTS (SELECT FROM jobs j WHERE j.project_id = e.project_id"
        "  AND j.handler = %(handler)s AND j.order_key = e.id AND j.dead_at IS NULL)",
        {"handler": handler, "now": uow.now},
    ).rowcount


def purge(uow: UnitOfWork, kept_for: timedelta) -> int:
    """Forget what nothing more becomes of, some time after; how many."""
    return uow.driver.execute(
        f"DELETE FROM send_outs WHERE created_at < %s AND NOT {_WAITING}", (uow.now - kept_for,)
    ).rowcount
