"""Statements on platforms' orders and what became of their incentives."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from kupon.storage.tables.integrations import PlatformCheckout
from kupon.storage.uow import UnitOfWork

LOCKED = "LOCKED"
REDEEMED = "REDEEMED"
REDEEM_FAILED = "REDEEM_FAILED"
ROLLED_BACK = "ROLLED_BACK"
RELEASED = "RELEASED"
STATES = (LOCKED, REDEEMED, REDEEM_FAILED, ROLLED_BACK, RELEASED)


def hold_checkout(uow: UnitOfWork, connection_id: str, order_source_id: str) -> PlatformCheckout:
    """The row of an order, new where there was none.

    Locks:   the row, so that nothing happens twice to an order's incentives.
    """
    uow.driver.execute(
        "INSERT INTO platform_checkouts"
        " (project_id, connection_id, order_source_id, state, created_at)"
        " VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (uow.project_id, connection_id, order_source_id, LOCKED, uow.now),
    )
    row = find_checkout(uow, connection_id, order_source_id)
    if row is None:
        raise AssertionError("it was just stored")
    return row


def find_checkout(
    uow: UnitOfWork, connection_id: str, order_source_id: str
) -> PlatformCheckout | None:
    """The row of an order, or None.

    Locks:   the row.
    """
    return uow.session.scalar(
        select(PlatformCheckout)
        .where(
            PlatformCheckout.project_id == uow.project_id,
            PlatformCheckout.connection_id == connection_id,
            PlatformCheckout.order_source_id == order_source_id,
        )
        .with_for_update(),
        execution_options={"populate_existing": True},
    )


def save_checkout(uow: UnitOfWork, row: PlatformCheckout) -> None:
    """Write a changed row."""
    row.updated_at = uow.now
    uow.session.flush()


def is_ordered(uow: UnitOfWork, connection_id: str, checkout_key: str) -> bool:
    """Whether an order was made of a cart, and its incentives are still held for it."""
    found = uow.driver.execute(
        "SELECT 1 FROM platform_checkouts WHERE project_id = %s AND connection_id = %s"
        " AND checkout_key = %s AND state = 'LOCKED' LIMIT 1",
        (uow.project_id, connection_id, checkout_key),
    ).fetchone()
    return found is not None


def find_redeemed(uow: UnitOfWork, root_ids: Sequence[str]) -> dict[str, set[str]]:
    """What was redeemed by some requests: the codes and ids, by the id of the request's root."""
    rows = uow.driver.execute(
        "SELECT coalesce(parent_id, id), voucher_code, related_object_id FROM redemptions"
        " WHERE project_id = %(project)s AND result = 'SUCCESS'"
        " AND (id = ANY(%(roots)s) OR parent_id = ANY(%(roots)s))"
        " AND related_object_type <> 'redemption'",
        {"project": uow.project_id, "roots": list(root_ids)},
    ).fetchall()
    redeemed: dict[str, set[str]] = {}
    for root, code, object_id in rows:
        redeemed.setdefault(root, set()).update(name for name in (code, object_id) if name)
    return redeemed


def list_checkouts(
    uow: UnitOfWork, project_id: str, connection_id: str, states: Sequence[str], limit: int
) -> Sequence[PlatformCheckout]:
    """Orders of a connection with incentives, the newest first."""
    return uow.session.scalars(
        select(PlatformCheckout)
        .where(
            PlatformCheckout.project_id == project_id,
            PlatformCheckout.connection_id == connection_id,
            PlatformCheckout.state.in_(states),
        )
        .order_by(PlatformCheckout.created_at.desc(), PlatformCheckout.order_source_id)
        .limit(limit)
    ).all()
