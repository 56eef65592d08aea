"""Statements on what senders are told of their deliveries, where they want to know.

Source: spec adapters-marketing, section 5.1 (command results).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import class_row

from kupon.storage.uow import UnitOfWork


@dataclass(frozen=True, slots=True)
class Untold:
    """A delivery of which somebody has not been told yet what became of it."""

    seq: int
    delivery_id: str
    event: str
    payload: dict[str, Any]
    state: str
    error: str | None
    processed_at: datetime


def want_results(uow: UnitOfWork, connection_id: str, delivery_ids: Sequence[str]) -> None:
    """Have it told what becomes of deliveries; of those that were wanted before nothing changes."""
    uow.driver.execute(
        "UPDATE inbox SET told_state = '' WHERE project_id = %s AND connection_id = %s"
        " AND delivery_id = ANY(%s) AND told_state IS NULL",
        (uow.project_id, connection_id, list(delivery_ids)),
    )


def claim_untold(uow: UnitOfWork, connection_id: str, most: int) -> list[Untold]:
    """The oldest deliveries whose results are to be told.

    Locks:   their rows until the transaction ends; those that others tell are passed over.
    """
    with uow.driver.cursor(row_factory=class_row(Untold)) as cursor:
        return cursor.execute(
            "SELECT seq, delivery_id, event, payload, state, error, processed_at FROM inbox"
            " WHERE project_id = %s AND connection_id = %s AND told_state <> state"
            " AND state <> 'WAITING' ORDER BY seq LIMIT %s FOR UPDATE SKIP LOCKED",
            (uow.project_id, connection_id, most),
        ).fetchall()


def note_told(uow: UnitOfWork, seqs: Sequence[int]) -> None:
    """Remember that deliveries' states were told."""
    uow.driver.execute(
        "UPDATE inbox SET told_state = state WHERE project_id = %s AND seq = ANY(%s)",
        (uow.project_id, list(seqs)),
    )
