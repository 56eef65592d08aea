"""Statements on the circuit breaker of a connection: its failures in a row, and its pause.

Source: spec adapters-marketing, section 1.8.
"""

from __future__ import annotations

from datetime import datetime

from kupon.storage.uow import UnitOfWork


def note_failures(
    uow: UnitOfWork,
    connection_id: str,
    failures: int,
    error: str,
    blocked_until: datetime | None,
) -> None:
    """Tell how often in a row a platform could not be told, and until when it is left alone.

    Locks:   the connection's row, so it should come last in a transaction.
    """
    uow.driver.execute(
        "UPDATE connections SET failures = %s, last_error = left(%s, 1000), last_error_at = %s,"
        " blocked_until = %s WHERE project_id = %s AND id = %s",
        (failures, error, uow.now, blocked_until, uow.project_id, connection_id),
    )


def close_circuit(uow: UnitOfWork, connection_id: str) -> None:
    """Leave a platform alone no longer; nothing is written where it is not.

    Locks:   the connection's row, so it should come last in a transaction.
    """
    uow.driver.execute(
        "UPDATE connections SET failures = 0, blocked_until = NULL"
        " WHERE project_id = %s AND id = %s AND (failures > 0 OR blocked_until IS NOT NULL)",
        (uow.project_id, connection_id),
    )
