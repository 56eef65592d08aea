"""Statements on receivers of events, and on the key that signs what they get."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from psycopg.rows import class_row
from sqlalchemy import select

from kupon.kit.errors import not_found
from kupon.storage.queries.listeners import note_listeners
from kupon.storage.tables.event_sinks import EventEndpoint
from kupon.storage.tables.projects import Project
from kupon.storage.uow import UnitOfWork

# What is held back for a receiver that was disabled, and for how long.
HELD_FOR = timedelta(hours=72)

_LISTENING = (
    " FROM event_endpoints WHERE project_id = %(project)s"
    " AND (is_active OR disabled_at > %(held_since)s)"
)


class Wanting(NamedTuple):
    """A receiver and what it wants; one that is not active gets it once it is again."""

    id: str
    sink: str
    events: list[str]
    is_active: bool


def has_endpoints(uow: UnitOfWork) -> bool:
    """Whether anybody in the unit's project may be sent events."""
    row = uow.reader.execute(f"SELECT EXISTS (SELECT{_LISTENING})", _bounds(uow)).fetchone()
    return row is not None and bool(row[0])


def find_wanting(uow: UnitOfWork) -> Sequence[Wanting]:
    """The receivers that events are kept for."""
    with uow.driver.cursor(row_factory=class_row(Wanting)) as cursor:
        statement = f"SELECT id, sink, events, is_active{_LISTENING} ORDER BY id"
        return cursor.execute(statement, _bounds(uow)).fetchall()


def _bounds(uow: UnitOfWork) -> dict[str, str | datetime]:
    return {"project": uow.project_id, "held_since": uow.now - HELD_FOR}


def list_endpoints(
    uow: UnitOfWork, project_id: str, sink: str | None = None
) -> Sequence[EventEndpoint]:
    """A project's receivers, of one kind or of all, the oldest first."""
    statement = select(EventEndpoint).where(EventEndpoint.project_id == project_id)
    if sink is not None:
        statement = statement.where(EventEndpoint.sink == sink)
    return uow.session.scalars(statement.order_by(EventEndpoint.created_at, EventEndpoint.id)).all()


def find_endpoint(uow: UnitOfWork, project_id: str, endpoint_id: str) -> EventEndpoint | None:
    """A receiver."""
    return uow.session.get(EventEndpoint, (project_id, endpoint_id))


def lock_endpoint(
    uow: UnitOfWork, project_id: str, endpoint_id: str, *, resource: str
) -> EventEndpoint:
    """A receiver, to be changed; resource is what the wire calls it.

    Raises:  not_found.
    Locks:   its row.
    """
    found = uow.session.get(
        EventEndpoint, (project_id, endpoint_id), with_for_update=True, populate_existing=True
    )
    if found is None:
        raise not_found(resource, endpoint_id)
    return found


def insert_endpoint(uow: UnitOfWork, endpoint: EventEndpoint) -> None:
    """Store a receiver."""
    uow.session.add(endpoint)
    save_endpoint(uow, endpoint)


def save_endpoint(uow: UnitOfWork, endpoint: EventEndpoint) -> None:
    """Write a new or changed receiver."""
    uow.session.flush()
    note_listeners(uow, endpoint.project_id)


def delete_endpoint(uow: UnitOfWork, endpoint: EventEndpoint) -> None:
    """Remove a receiver, with all that was on its way to it."""
    uow.session.delete(endpoint)
    save_endpoint(uow, endpoint)


# A receiver that somebody has changed since it was read is another one: nothing that was found of
# the former counts for it.
_AS_READ = " WHERE project_id = %s AND id = %s AND updated_at IS NOT DISTINCT FROM %s"


def save_health(
    uow: UnitOfWork, read: EventEndpoint, *, failures: int, blocked_until: datetime | None
) -> None:
    """Note how many tries in a row have failed, and until when to wait for that.

    Shapes:  nothing is noted of a receiver that was changed since it was read.
    """
    uow.driver.execute(
        f"UPDATE event_endpoints SET failures = %s, blocked_until = %s{_AS_READ}",
        (failures, blocked_until, uow.project_id, read.id, read.updated_at),
    )


def disable(uow: UnitOfWork, read: EventEndpoint, reason: str) -> bool:
    """Send nothing more to a receiver until somebody enables it; whether it is as it was read."""
    done = uow.driver.execute(
        "UPDATE event_endpoints SET is_active = false, disabled_at = %s, disabled_for = %s,"
        f" updated_at = %s{_AS_READ}",
        (uow.now, reason, uow.now, uow.project_id, read.id, read.updated_at),
    )
    return bool(done.rowcount)


def lock_signing_key(uow: UnitOfWork, project_id: str) -> Project | None:
    """A project, whose signing key is to be written.

    Locks:   its row.
    """
    return uow.session.get(Project, project_id, with_for_update=True, populate_existing=True)


def find_signing_key(uow: UnitOfWork) -> str | None:
    """The encrypted signing key of the unit's project."""
    row = uow.reader.execute(
        "SELECT signing_key FROM projects WHERE id = %s", (uow.project_id,)
    ).fetchone()
    return None if row is None else row[0]
