"""Writing a redemption: every guard and every row in one statement.

What the engine decided holds only as long as what it looked at does. So the statement counts the
uses under their conditions, and the caller learns whether all of them held; if not, the whole
attempt is undone and decided anew.

Source: house B7; performance.md, lessons 2 and 4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.types.json import Jsonb

from kupon.engine.effects import RestoreVoucher, UseVoucher
from kupon.kit.errors import RaceLost
from kupon.storage.locks import lock_vouchers
from kupon.storage.uow import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeemed:
    """The rows of one redemption request, as the tables name their columns.

    Shapes: order is None for a request without one; seen_order_at is the last change of the
        stored order that was evaluated, order being new where is_new_order. event is
        (name, aggregate id, payload).
    """

    uses: Sequence[UseVoucher]
    revisions: Mapping[str, int]
    redemptions: Sequence[Mapping[str, Any]]
    event: tuple[str, str, Mapping[str, Any]]
    order: Mapping[str, Any] | None = None
    is_new_order: bool = False
    seen_order_at: Any = None
    session_key: str | None = None


_USE = (
    "used AS (UPDATE vouchers v SET redeemed_quantity = v.redeemed_quantity + 1"
    " FROM unnest(%(ids)s::text[], %(locked)s::bigint[], %(revisions)s::bigint[])"
    " AS seen(id, locked, revision)"
    " WHERE v.project_id = %(project_id)s AND v.id = seen.id AND v.binned_at IS NULL"
    " AND v.is_active AND (v.redemption_quantity IS NULL"
    "  OR (v.redeemed_quantity + seen.locked < v.redemption_quantity"
    "   AND v.locks_revision = seen.revision))"
    " RETURNING v.id, v.redeemed_quantity)"
)
_INSERT_ORDER = (
    "placed AS (INSERT INTO orders SELECT * FROM jsonb_populate_record(NULL::orders, %(order)s)"
    " ON CONFLICT DO NOTHING RETURNING id)"
)
_UPDATE_ORDER = (
    "placed AS (UPDATE orders o SET status = n.status, customer_id = n.customer_id,"
    " amount = n.amount, initial_amount = n.initial_amount,"
    " discount_amount = n.discount_amount,"
    " applied_discount_amount = n.applied_discount_amount,"
    " items_discount_amount = n.items_discount_amount,"
    " items_applied_discount_amount = n.items_applied_discount_amount,"
    " items = n.items, redemptions = n.redemptions, metadata = n.metadata,"
    " updated_at = n.updated_at"
    " FROM jsonb_populate_record(NULL::orders, %(order)s) n"
    " WHERE o.project_id = %(project_id)s AND o.id = n.id"
    " AND coalesce(o.updated_at, o.created_at) = %(seen_order_at)s RETURNING o.id)"
)
_NO_ORDER = "placed AS (SELECT NULL::text AS id)"
_RECORD = (
    "recorded AS (INSERT INTO redemptions"
    " SELECT * FROM jsonb_populate_recordset(NULL::redemptions, %(redemptions)s))"
)
_STAGE = (
    "staged AS (INSERT INTO events"
    " (project_id, name, aggregate_id, payload, request_id, source, created_at) VALUES"
    " (%(project_id)s, %(event)s, %(aggregate_id)s, %(payload)s, %(request_id)s, %(source)s,"
    " %(now)s))"
)
_RELEASE = (
    "released AS (DELETE FROM session_locks WHERE project_id = %(project_id)s"
    " AND session_key = %(session_key)s AND voucher_id = ANY(%(ids)s::text[]))"
)
_ANSWER = (
    " SELECT (SELECT count(*) FROM placed), coalesce((SELECT jsonb_object_agg(id,"
    " redeemed_quantity) FROM used), '{}'::jsonb)"
)


def write_redemption(uow: UnitOfWork, redeemed: Redeemed) -> dict[str, int]:
    """Count the uses and store the redemptions, their order and their event.

    Shapes:  the redeemed quantity of each code after this use, by its id.
    Raises:  RaceLost when a code, a lock or the order has changed since it was read, or another
        request has placed an order of the same source id.
    Locks:   codes by id.
    """
    if len(redeemed.uses) > 1:
        lock_vouchers(uow, (use.voucher_id for use in redeemed.uses))
    parts = [_USE, _place(redeemed), _RECORD, _STAGE]
    if redeemed.session_key is not None:
        parts.append(_RELEASE)
    name, aggregate_id, payload = redeemed.event
    row = uow.driver.execute(
        f"WITH {', '.join(parts)}{_ANSWER}",
        {
            "project_id": uow.project_id,
            "ids": [use.voucher_id for use in redeemed.uses],
            "locked": [use.locked_quantity for use in redeemed.uses],
            "revisions": [redeemed.revisions[use.voucher_id] for use in redeemed.uses],
            "order": None if redeemed.order is None else Jsonb(redeemed.order),
            "seen_order_at": redeemed.seen_order_at,
            "redemptions": Jsonb(redeemed.redemptions),
            "session_key": redeemed.session_key,
            "event": name,
            "aggregate_id": aggregate_id,
            "payload": Jsonb(payload),
            "request_id": uow.request_id,
            "source": uow.staged_source,
            "now": uow.now,
        },
    ).fetchone()
    placed, quantities = row if row is not None else (0, {})
    if placed != 1 or len(quantities) != len(redeemed.uses):
        raise RaceLost
    return dict(quantities)


def _place(redeemed: Redeemed) -> str:
    if redeemed.order is None:
        return _NO_ORDER
    return _INSERT_ORDER if redeemed.is_new_order else _UPDATE_ORDER


def restore(uow: UnitOfWork, effects: Sequence[RestoreVoucher]) -> None:
    """Give back what a rollback gives back.

    Locks:  codes by id.
    """
    ids = [effect.voucher_id for effect in effects]
    lock_vouchers(uow, ids)
    uow.driver.execute(
        "UPDATE vouchers SET redeemed_quantity = redeemed_quantity - 1"
        " WHERE project_id = %s AND id = ANY(%s)",
        (uow.project_id, ids),
    )
