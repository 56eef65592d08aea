"""Statements on platforms' orders and what became of their incentives."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select, tuple_

from kupon.kit.errors import not_found
from kupon.storage.criteria import among
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
    key = (uow.project_id, connection_id, order_source_id)
    return uow.session.get(PlatformCheckout, key, with_for_update=True, populate_existing=True)


def find_checkouts(
    uow: UnitOfWork, connection_id: str, order_source_ids: Sequence[str]
) -> dict[str, PlatformCheckout]:
    """The rows of some orders, by the platform's names of those."""
    rows = uow.session.scalars(
        select(PlatformCheckout).where(
            PlatformCheckout.project_id == uow.project_id,
            PlatformCheckout.connection_id == connection_id,
            among(PlatformCheckout.order_source_id, [*order_source_ids]),
        )
    )
    return {row.order_source_id: row for row in rows}


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


def get_checkout(uow: UnitOfWork, connection_id: str, order_source_id: str) -> PlatformCheckout:
    """The row of an order.

    Raises:  not_found.
    """
    row = uow.session.get(PlatformCheckout, (uow.project_id, connection_id, order_source_id))
    if row is None:
        raise not_found("checkout", order_source_id)
    return row


def list_checkouts(
    uow: UnitOfWork,
    connection_id: str,
    *,
    state: str | None,
    is_troubled: bool | None,
    after: str | None,
    limit: int,
) -> Sequence[PlatformCheckout]:
    """Orders of a connection with incentives, the newest first.

    Shapes:  after is the order with which the last page has ended; troubled are those of which an
        operator should know something.
    Raises:  not_found for that order.
    """
    table = PlatformCheckout
    place = tuple_(table.created_at, table.order_source_id)
    statement = select(table).where(
        table.project_id == uow.project_id, table.connection_id == connection_id
    )
    if state is not None:
        statement = statement.where(table.state == state)
    if is_troubled is not None:
        trouble = table.error.is_not(None) | (table.passed_over != [])
        statement = statement.where(trouble if is_troubled else ~trouble)
    if after is not None:
        last = get_checkout(uow, connection_id, after)
        statement = statement.where(place < tuple_(last.created_at, last.order_source_id))
    ordered = statement.order_by(table.created_at.desc(), table.order_source_id.desc())
    return uow.session.scalars(ordered.limit(limit)).all()
