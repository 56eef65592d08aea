"""Statements on connections with platforms, and on what went through them.

The management surface and the platforms belong to no project, so it is always named or found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import func, select

from kupon.kit.errors import duplicate_found, not_found
from kupon.storage.queries.keys import INTEGRATION
from kupon.storage.refusing import refusing
from kupon.storage.tables.integrations import Connection, ConnectionCount
from kupon.storage.tables.projects import ApiKey
from kupon.storage.uow import UnitOfWork

ACTIVE = "ACTIVE"
PAUSED = "PAUSED"
BROKEN = "BROKEN"

# Success is news once a minute: a row that every job writes would have them wait for each other.
_NEWS = timedelta(minutes=1)
_LONGEST_ERROR = 1000


class Keyed(NamedTuple):
    """A connection that was found by its key's identifier, and the hash of the key's secret."""

    connection: Connection
    token_hash: bytes


def insert_connection(uow: UnitOfWork, row: Connection) -> None:
    """Store a connection.

    Raises:  duplicate_found when its project has the name.
    """
    uow.session.add(row)
    save_connection(uow, row)


def save_connection(uow: UnitOfWork, row: Connection) -> None:
    """Write a new or changed connection.

    Raises:  duplicate_found when its project has the name.
    """
    name = row.name
    with refusing("uq_connections_project_id_name", duplicate_found("connection", "name", name)):
        uow.session.flush()


def find_setting(uow: UnitOfWork, key_id: str, name: str) -> Any:
    """What the connection of an integration key is set to; None where nothing is."""
    settings = uow.session.scalar(
        select(Connection.settings).where(
            Connection.project_id == uow.project_id, Connection.key_id == key_id
        )
    )
    return None if settings is None else settings.get(name)


def get_connection(
    uow: UnitOfWork, project_id: str, reference: str, *, is_locked: bool = False
) -> Connection:
    """A connection by id, else by name.

    Raises:  not_found.
    Locks:   the connection's row, when asked to.
    """
    statement = (
        select(Connection)
        .where(
            Connection.project_id == project_id,
            (Connection.id == reference) | (Connection.name == reference),
        )
        .order_by((Connection.id == reference).desc())
        .limit(1)
    )
    if is_locked:
        # What comes in meanwhile refers to the row, and goes on.
        statement = statement.with_for_update(key_share=True)
    row = uow.session.scalar(statement, execution_options={"populate_existing": is_locked})
    if row is None:
        raise not_found("connection", reference)
    return row


def find_connection(
    uow: UnitOfWork, connection_id: str, *, is_kept: bool = False
) -> Connection | None:
    """A connection of the unit's project by id, or None.

    Locks:   kept, its row against removal: who works on what hangs on it takes that lock before all
        others, as removal does.
    """
    statement = select(Connection).where(
        Connection.project_id == uow.project_id, Connection.id == connection_id
    )
    if is_kept:
        statement = statement.with_for_update(read=True, key_share=True)
    return uow.session.scalar(statement)


def list_connections(uow: UnitOfWork, project_id: str) -> Sequence[Connection]:
    """All connections of a project, the oldest first."""
    return uow.session.scalars(
        select(Connection)
        .where(Connection.project_id == project_id)
        .order_by(Connection.created_at, Connection.id)
    ).all()


def find_by_token(uow: UnitOfWork, token: str) -> Connection | None:
    """The connection whose address ends with a token, of whatever project, or None."""
    return uow.session.scalar(select(Connection).where(Connection.token == token))


def find_by_key(uow: UnitOfWork, adapter: str, key_id: str) -> Keyed | None:
    """The connection of an adapter that has an integration key, of whatever project, or None."""
    row = uow.session.execute(
        select(Connection, ApiKey.token_hash)
        .join(
            ApiKey,
            (ApiKey.project_id == Connection.project_id) & (ApiKey.app_id == Connection.key_id),
        )
        .where(
            ApiKey.app_id == key_id,
            ApiKey.kind == INTEGRATION,
            ApiKey.is_active,
            Connection.adapter == adapter,
        )
    ).first()
    return None if row is None else Keyed(row[0], bytes(row[1]))


def delete_connection(uow: UnitOfWork, project_id: str, connection_id: str) -> str | None:
    """Remove a connection with all that waits in it; the id of its key.

    Raises:  not_found.
    Locks:   its row, once nobody keeps it; nothing before.
    """
    uow.session.flush()
    row = uow.driver.execute(
        "DELETE FROM connections WHERE project_id = %s AND id = %s RETURNING key_id",
        (project_id, connection_id),
    ).fetchone()
    if row is None:
        raise not_found("connection", connection_id)
    return None if row[0] is None else str(row[0])


def disable_key(uow: UnitOfWork, project_id: str, app_id: str) -> None:
    """Have a key open nothing any more."""
    uow.driver.execute(
        "UPDATE api_keys SET is_active = false WHERE project_id = %s AND app_id = %s",
        (project_id, app_id),
    )


def break_connection(uow: UnitOfWork, connection_id: str, error: str) -> None:
    """Note that a connection can't work before somebody has looked; a paused one stays paused.

    Locks:   the connection's row.
    """
    uow.driver.execute(
        "UPDATE connections SET last_error = %(error)s, last_error_at = %(now)s,"
        " failures = failures + 1, updated_at = %(now)s,"
        " status = CASE WHEN status = 'ACTIVE' THEN 'BROKEN' ELSE status END"
        " WHERE project_id = %(project)s AND id = %(id)s",
        _values(uow, connection_id) | {"error": error[:_LONGEST_ERROR]},
    )


def note_failure(uow: UnitOfWork, connection_id: str, error: str) -> None:
    """Remember what went wrong last.

    Locks:   the connection's row, so it should come last in a transaction.
    """
    uow.driver.execute(
        "UPDATE connections SET last_error = %(error)s, last_error_at = %(now)s"
        " WHERE project_id = %(project)s AND id = %(id)s",
        _values(uow, connection_id) | {"error": error[:_LONGEST_ERROR]},
    )


def is_success_news(uow: UnitOfWork, row: Connection) -> bool:
    """Whether it would be worth telling that something goes well."""
    last = row.last_success_at
    return row.failures > 0 or last is None or last < uow.now - _NEWS


def note_success(uow: UnitOfWork, connection_id: str) -> None:
    """Remember that something went well; nothing is written where that is known.

    Locks:   the connection's row now and then, so it should come last in a transaction.
    """
    uow.driver.execute(
        "UPDATE connections SET last_success_at = %(now)s, failures = 0"
        " WHERE project_id = %(project)s AND id = %(id)s"
        " AND (failures > 0 OR last_success_at IS NULL OR last_success_at < %(news)s)",
        _values(uow, connection_id) | {"news": uow.now - _NEWS},
    )


def count(uow: UnitOfWork, connection_id: str, day: str, kinds: Mapping[str, int]) -> None:
    """Add to what went through a connection on a day.

    Shapes:  kinds as "inbox.done"; those of 0 are passed over.
    Locks:   the counters, in the order of their kinds, so it should come last in a transaction.
    """
    for kind, number in sorted(kinds.items()):
        if number:
            uow.driver.execute(
                "INSERT INTO connection_counts AS c (project_id, connection_id, day, kind, count)"
                " VALUES (%(project)s, %(id)s, %(day)s, %(kind)s, %(number)s)"
                " ON CONFLICT (project_id, connection_id, day, kind)"
                " DO UPDATE SET count = c.count + excluded.count",
                _values(uow, connection_id) | {"day": day, "kind": kind, "number": number},
            )


def list_counts(
    uow: UnitOfWork, project_id: str, connection_id: str, since: str
) -> Sequence[ConnectionCount]:
    """What went through a connection since a day, by day and kind."""
    return uow.session.scalars(
        select(ConnectionCount)
        .where(
            ConnectionCount.project_id == project_id,
            ConnectionCount.connection_id == connection_id,
            ConnectionCount.day >= since,
        )
        .order_by(ConnectionCount.day, ConnectionCount.kind)
    ).all()


def sum_counts(uow: UnitOfWork, project_id: str, connection_id: str) -> dict[str, int]:
    """All that ever went through a connection, by kind."""
    rows = uow.session.execute(
        select(ConnectionCount.kind, func.sum(ConnectionCount.count))
        .where(
            ConnectionCount.project_id == project_id,
            ConnectionCount.connection_id == connection_id,
        )
        .group_by(ConnectionCount.kind)
        .order_by(ConnectionCount.kind)
    )
    return {kind: int(number) for kind, number in rows}


def _values(uow: UnitOfWork, connection_id: str) -> dict[str, str | int | datetime]:
    return {"project": uow.project_id, "id": connection_id, "now": uow.now}
