"""Writing a redemption: every guard and every row in one statement.

What the engine decided holds only as long as what it looked at does. So the statement counts the
uses under their conditions and fails as a whole if one of them did not hold; the redemption is
then decided anew.

Source: house B7; performance.md, lessons 2 and 4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from psycopg.errors import DivisionByZero, UniqueViolation
from psycopg.types.json import Jsonb

from kupon.engine.balances import Balance
from kupon.engine.effects import (
    Restore,
    RestoreTier,
    RestoreVoucher,
    Use,
    UseTier,
    UseVoucher,
)
from kupon.kit.errors import RaceLost
from kupon.kit.lean import dataclass
from kupon.storage import ledger
from kupon.storage.ledger import LEFT, SUMS, Line, Movement
from kupon.storage.locks import lock_tiers, lock_vouchers
from kupon.storage.uow import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeemed:
    """The rows of one redemption request, as the tables name their columns.

    Shapes: order is None for a request without one; seen_order is the version of the stored
        order that was evaluated, order being new where is_new_order. event is
        (name, aggregate id, payload), the order being added to the payload. movements are what
        cards pay, those that pay anything.
    """

    uses: Sequence[Use]
    revisions: Mapping[str, int]
    redemptions: Sequence[Mapping[str, Any]]
    event: tuple[str, str, Mapping[str, Any]]
    order: Mapping[str, Any] | None = None
    is_new_order: bool = False
    seen_order: str | None = None
    session_key: str | None = None
    movements: Sequence[Movement] = ()


class Used(NamedTuple):
    """A code after a use; balance is None where no card has paid in the request."""

    redeemed_quantity: int
    balance: Balance | None = None


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
_USE_CARDS = (
    "used AS (UPDATE vouchers v SET redeemed_quantity = v.redeemed_quantity + 1,"
    " balance_redeemed = v.balance_redeemed + seen.credits"
    " FROM unnest(%(ids)s::text[], %(locked)s::bigint[], %(revisions)s::bigint[],"
    " %(credits)s::bigint[], %(locked_credits)s::bigint[])"
    " AS seen(id, locked, revision, credits, locked_credits)"
    " WHERE v.project_id = %(project_id)s AND v.id = seen.id AND v.binned_at IS NULL"
    " AND v.is_active AND (v.redemption_quantity IS NULL"
    "  OR (v.redeemed_quantity + seen.locked < v.redemption_quantity"
    "   AND v.locks_revision = seen.revision))"
    " AND (seen.credits = 0 OR (v.locks_revision = seen.revision"
    f"  AND {LEFT.format('v')} - seen.locked_credits >= seen.credits))"
    f" RETURNING v.id, v.redeemed_quantity, {SUMS.format('v')})"
)
_USE_TIERS = (
    "tiers AS (UPDATE promotion_tiers t SET total_redeemed = t.total_redeemed + 1,"
    " total_amount = t.total_amount + seen.amount,"
    " total_discount_amount = t.total_discount_amount + seen.discount"
    " FROM unnest(%(tier_ids)s::text[], %(tier_amounts)s::bigint[], %(tier_discounts)s::bigint[])"
    " AS seen(id, amount, discount)"
    " WHERE t.project_id = %(project_id)s AND t.id = seen.id AND t.is_active RETURNING t.id)"
)
_NO_TIERS = "tiers AS (SELECT NULL WHERE false)"
_INSERT_ORDER = (
    "placed AS (INSERT INTO orders SELECT * FROM jsonb_populate_record(NULL::orders, %(order)s)"
    " RETURNING id)"
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
    " AND o.xmin::text = %(seen_order)s RETURNING o.id)"
)
_NO_ORDER = "placed AS (SELECT NULL::text AS id)"
_RECORD = (
    "recorded AS (INSERT INTO redemptions"
    " SELECT * FROM jsonb_populate_recordset(NULL::redemptions, %(redemptions)s))"
)
_STAGE = (
    "staged AS (INSERT INTO events"
    " (project_id, name, aggregate_id, payload, request_id, source, origin, created_at) VALUES"
    " (%(project_id)s, %(event)s, %(aggregate_id)s,"
    " %(payload)s::jsonb || jsonb_build_object('order', %(order)s::jsonb), %(request_id)s,"
    " %(source)s, %(origin)s, %(now)s))"
)
_RELEASE = (
    "released AS (DELETE FROM session_locks WHERE project_id = %(project_id)s"
    " AND session_key = %(session_key)s AND voucher_id = ANY(%(ids)s::text[]))"
)
# A guard that did not hold divides by zero, which undoes the whole statement.
_ANSWER = (
    " SELECT coalesce((SELECT jsonb_object_agg(id, {0}) FROM used), '{{}}'::jsonb),"
    " 1 / ((SELECT count(*) FROM placed) = 1"
    "  AND (SELECT count(*) FROM used) = cardinality(%(ids)s::text[])"
    "  AND (SELECT count(*) FROM tiers) = cardinality(%(tier_ids)s::text[]))::int"
)
_USED = "jsonb_build_array(redeemed_quantity)"
_USED_CARDS = (
    "jsonb_build_array(redeemed_quantity, balance_income, balance_subtracted,"
    " balance_expired, balance_redeemed)"
)


def write_redemption(uow: UnitOfWork, redeemed: Redeemed, *, is_last: bool) -> dict[str, Used]:
    """Count the uses and store the redemptions, their order and their event.

    Shapes:  what each code is after this use, by its id. is_last says that the unit writes
        nothing after it.
    Raises:  RaceLost when a code, a tier, a lock or the order has changed since it was read, or
        a card holds less than it was to pay, or another request has placed an order of the same
        source id.
    Locks:   tiers by id, then codes by id.
    """
    vouchers = [use for use in redeemed.uses if isinstance(use, UseVoucher)]
    tiers = [use for use in redeemed.uses if isinstance(use, UseTier)]
    if len(tiers) > 1:
        lock_tiers(uow, (use.tier_id for use in tiers))
    if len(vouchers) > 1:
        lock_vouchers(uow, (use.voucher_id for use in vouchers))
    has_cards = bool(redeemed.movements)
    parts = [
        _USE_CARDS if has_cards else _USE,
        _USE_TIERS if tiers else _NO_TIERS,
        _place(redeemed),
        _RECORD,
        _STAGE,
    ]
    if has_cards:
        parts.append(ledger.ledger_part("used"))
    if redeemed.session_key is not None:
        parts.append(_RELEASE)
    run = uow.conclude if is_last else uow.run
    statement = f"WITH {', '.join(parts)}{_ANSWER.format(_USED_CARDS if has_cards else _USED)}"
    try:
        ((quantities, _),) = run(statement, _parameters(uow, redeemed, vouchers, tiers))
    except (DivisionByZero, UniqueViolation):
        raise RaceLost from None
    return {id: _used(*figures) for id, figures in quantities.items()}


def _parameters(
    uow: UnitOfWork,
    redeemed: Redeemed,
    vouchers: Sequence[UseVoucher],
    tiers: Sequence[UseTier],
) -> dict[str, Any]:
    name, aggregate_id, payload = redeemed.event
    return {
        "project_id": uow.project_id,
        "ids": [use.voucher_id for use in vouchers],
        "locked": [use.locked_quantity for use in vouchers],
        "revisions": [redeemed.revisions[use.voucher_id] for use in vouchers],
        "credits": [use.credits for use in vouchers],
        "locked_credits": [use.locked_credits for use in vouchers],
        "movements": ledger.as_parameter(redeemed.movements),
        "tier_ids": [use.tier_id for use in tiers],
        "tier_amounts": [use.amount for use in tiers],
        "tier_discounts": [use.discount_amount for use in tiers],
        "order": None if redeemed.order is None else Jsonb(redeemed.order),
        "seen_order": redeemed.seen_order,
        "redemptions": Jsonb(redeemed.redemptions),
        "session_key": redeemed.session_key,
        "event": name,
        "aggregate_id": aggregate_id,
        "payload": Jsonb(payload),
        "request_id": uow.request_id,
        "source": uow.staged_source,
        "origin": uow.origin,
        "now": uow.now,
    }


def _used(redeemed_quantity: int, *sums: int) -> Used:
    return Used(redeemed_quantity, Balance(*sums) if sums else None)


def _place(redeemed: Redeemed) -> str:
    if redeemed.order is None:
        return _NO_ORDER
    return _INSERT_ORDER if redeemed.is_new_order else _UPDATE_ORDER


def restore(
    uow: UnitOfWork, effects: Sequence[Restore], movements: Sequence[Movement] = ()
) -> list[Line]:
    """Give back what a rollback gives back; the lines that tell of what cards got.

    Shapes:  movements are those of the cards that had paid anything.
    Locks:   tiers by id, then codes by id.
    """
    tiers = [effect for effect in effects if isinstance(effect, RestoreTier)]
    if tiers:
        _restore_tiers(uow, tiers)
    vouchers = [effect for effect in effects if isinstance(effect, RestoreVoucher)]
    ids = [effect.voucher_id for effect in vouchers]
    if not ids:
        return []
    lock_vouchers(uow, ids)
    if movements:
        credits = {effect.voucher_id: effect.credits for effect in vouchers}
        return ledger.restore(uow, credits, movements)
    uow.driver.execute(
        "UPDATE vouchers SET redeemed_quantity = redeemed_quantity - 1"
        " WHERE project_id = %s AND id = ANY(%s)",
        (uow.project_id, ids),
    )
    return []


def _restore_tiers(uow: UnitOfWork, effects: Sequence[RestoreTier]) -> None:
    lock_tiers(uow, (effect.tier_id for effect in effects))
    uow.driver.execute(
        "UPDATE promotion_tiers t SET total_redeemed = t.total_redeemed - 1,"
        " total_amount = t.total_amount - seen.amount,"
        " total_discount_amount = t.total_discount_amount - seen.discount"
        " FROM unnest(%s::text[], %s::bigint[], %s::bigint[]) AS seen(id, amount, discount)"
        " WHERE t.project_id = %s AND t.id = seen.id",
        (
            [effect.tier_id for effect in effects],
            [effect.amount for effect in effects],
            [effect.discount_amount for effect in effects],
            uow.project_id,
        ),
    )
