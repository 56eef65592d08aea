"""Movements of balances: a card's sums and the line that tells of it, in one statement.

Source: spec campaigns-loyalty-referral-gift, sections 5.2 and 12.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from kupon.engine.balances import Balance
from kupon.kit.errors import KuponError, RaceLost
from kupon.storage.refusing import refusing
from kupon.storage.uow import UnitOfWork

CREDITS_ADDITION = "CREDITS_ADDITION"
CREDITS_REMOVAL = "CREDITS_REMOVAL"
CREDITS_REDEMPTION = "CREDITS_REDEMPTION"
CREDITS_REFUND = "CREDITS_REFUND"
POINTS_ACCRUAL = "POINTS_ACCRUAL"
PENDING_POINTS_ACTIVATION = "PENDING_POINTS_ACTIVATION"
POINTS_ADDITION = "POINTS_ADDITION"
POINTS_REMOVAL = "POINTS_REMOVAL"
POINTS_REDEMPTION = "POINTS_REDEMPTION"
POINTS_REFUND = "POINTS_REFUND"
POINTS_EXPIRATION = "POINTS_EXPIRATION"
POINTS_TRANSFER_OUT = "POINTS_TRANSFER_OUT"
POINTS_TRANSFER_IN = "POINTS_TRANSFER_IN"
MANUAL = "MANUAL"
AUTOMATIC = "AUTOMATIC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """What is to become a line of a card's ledger.

    Shapes: source_id is the caller's own name for it; operation_type is MANUAL or AUTOMATIC;
        details are those of the wire's that have no member of their own here.
    Units:  amount is signed, in minor units or points.
    """

    id: str
    voucher_id: str
    campaign_id: str | None
    type: str
    amount: int
    operation_type: str
    created_at: datetime
    source: str | None = None
    reason: str | None = None
    source_id: str | None = None
    order_id: str | None = None
    redemption_id: str | None = None
    rollback_id: str | None = None
    related_transaction_id: str | None = None
    details: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line(Movement):
    """A movement as it was written, with what it left; columns as the table has them."""

    total_after: int
    balance_after: int


SUMS = "{0}.balance_income, {0}.balance_subtracted, {0}.balance_expired, {0}.balance_redeemed"
LEFT = "({0}.balance_income - {0}.balance_subtracted - {0}.balance_expired - {0}.balance_redeemed)"


def ledger_part(moved: str) -> str:
    """The part of a WITH that writes the lines of %(movements)s.

    Shapes:  moved names the part that has changed the cards and returns their id and SUMS; of a
        card that it did not change no line is written.
    """
    return (
        "ledger AS (INSERT INTO voucher_transactions (project_id, id, voucher_id, campaign_id,"
        " type, source, reason, source_id, amount, total_after, balance_after, operation_type,"
        " order_id, redemption_id, rollback_id, related_transaction_id, details, created_at)"
        " SELECT %(project_id)s, m.id, m.voucher_id, m.campaign_id, m.type, m.source, m.reason,"
        " m.source_id, m.amount,"
        f" {moved}.balance_income - {moved}.balance_subtracted - {moved}.balance_expired,"
        f" {LEFT.format(moved)}, m.operation_type, m.order_id, m.redemption_id, m.rollback_id,"
        " m.related_transaction_id, m.details, m.created_at"
        " FROM jsonb_populate_recordset(NULL::voucher_transactions, %(movements)s) AS m"
        f" JOIN {moved} ON {moved}.id = m.voucher_id)"
    )


def as_parameter(movements: Sequence[Movement]) -> Jsonb:
    """The movements as the statement's parameter."""
    return Jsonb([asdict(each) | {"created_at": each.created_at.isoformat()} for each in movements])


def line_of(movement: Movement, balance: Balance) -> Line:
    """The line that came of a movement, given the card's balance after it."""
    return Line(**asdict(movement), total_after=balance.total, balance_after=balance.left)


_ADJUST = (
    "WITH moved AS (UPDATE vouchers v SET"
    " balance_income = v.balance_income + greatest(%(amount)s, 0),"
    " balance_subtracted = v.balance_subtracted - least(%(amount)s, 0), updated_at = %(now)s"
    " WHERE v.project_id = %(project_id)s AND v.id = %(voucher_id)s"
    f" AND {LEFT.format('v')} + least(%(amount)s, 0) >= 0"
    f" RETURNING v.id, {SUMS.format('v')}), {ledger_part('moved')}"
    f" SELECT {SUMS.format('moved')} FROM moved"
)


def adjust(uow: UnitOfWork, movement: Movement) -> Line:
    """Add to a balance, or take off it.

    Raises:  duplicate_source_id where the project has a movement of the source id; RaceLost where
        there is less on the card than is to be taken off.
    Locks:   the card must be locked.
    """
    parameters = {
        "project_id": uow.project_id,
        "voucher_id": movement.voucher_id,
        "amount": movement.amount,
        "now": uow.now,
        "movements": as_parameter([movement]),
    }
    error = KuponError(
        "duplicate_source_id",
        f"A transaction with source_id {movement.source_id} exists already",
        resource_id=movement.source_id,
        resource_type="voucher_transaction",
    )
    with refusing("uq_voucher_transactions_source", error):
        row = uow.driver.execute(_ADJUST, parameters).fetchone()
    if row is None:
        raise RaceLost
    return line_of(movement, Balance(*row))


_RESTORE = (
    "WITH moved AS (UPDATE vouchers v SET redeemed_quantity = v.redeemed_quantity - 1,"
    " balance_redeemed = v.balance_redeemed - seen.credits"
    " FROM unnest(%(ids)s::text[], %(credits)s::bigint[]) AS seen(id, credits)"
    " WHERE v.project_id = %(project_id)s AND v.id = seen.id"
    f" RETURNING v.id, {SUMS.format('v')}), {ledger_part('moved')}"
    f" SELECT id, {SUMS.format('moved')} FROM moved"
)


def restore(
    uow: UnitOfWork, credits: Mapping[str, int], movements: Sequence[Movement]
) -> list[Line]:
    """Give one use of each code back, and what it cost; the lines that tell of it.

    Shapes:  credits by the code's id, 0 for what has no balance; a code that is gone gets nothing.
    Locks:   the codes must be locked.
    """
    rows: list[Any] = uow.driver.execute(
        _RESTORE,
        {
            "project_id": uow.project_id,
            "ids": list(credits),
            "credits": list(credits.values()),
            "movements": as_parameter(movements),
        },
    ).fetchall()
    balances = {row[0]: Balance(*row[1:]) for row in rows}
    return [
        line_of(each, balances[each.voucher_id])
        for each in movements
        if each.voucher_id in balances
    ]
