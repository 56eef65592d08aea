"""Statements on what connections have installed on their platforms."""

from __future__ import annotations

from datetime import timedelta

from kupon.storage.uow import UnitOfWork


def hold(uow: UnitOfWork, connection_id: str) -> None:
    """Let nobody else install or take away meanwhile; the connection's row stays free.

    Locks:   an advisory lock of the connection until the transaction ends.
    """
    uow.driver.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (_name(connection_id),)
    )


def try_hold(uow: UnitOfWork, connection_id: str) -> bool:
    """As `hold`, without waiting; whether it is held."""
    row = uow.driver.execute(
        "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", (_name(connection_id),)
    ).fetchone()
    return row is not None and row[0]


def _name(connection_id: str) -> str:
    return f"installation:{connection_id}"


def enqueue_due(uow: UnitOfWork, handler: str, every: timedelta, most: int) -> int:
    """Have worked on what is to be repeated now, and name its next turn; how many.

    Shapes:  the next turns lie up to a tenth before and after, so that they drift apart.
    """
    return uow.driver.execute(
        "WITH due AS (SELECT project_id, id FROM connections"
        "  WHERE provision_at <= %(now)s AND status = 'ACTIVE'"
        "  ORDER BY provision_at LIMIT %(most)s FOR NO KEY UPDATE SKIP LOCKED),"
        " moved AS (UPDATE connections c"
        "  SET provision_at = %(now)s + %(every)s * (0.9 + random() * 0.2)"
        "  FROM due WHERE c.project_id = due.project_id AND c.id = due.id"
        "  RETURNING c.project_id, c.id)"
        " INSERT INTO jobs (project_id, handler, order_key, arguments, available_at, created_at)"
        " SELECT project_id, %(handler)s, id, jsonb_build_object('connection_id', id), %(now)s,"
        "  %(now)s FROM moved ORDER BY id",
        {"handler": handler, "now": uow.now, "every": every, "most": most},
    ).rowcount
