"""Whether the balances of a project close: sums, ledgers, buckets and what is pending.

Source: spec campaigns-loyalty-referral-gift, section 12 (L1 to L11).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kupon.storage.uow import UnitOfWork

_LEFT = "(v.balance_income - v.balance_subtracted - v.balance_expired - v.balance_redeemed)"
_INFLOWS = (
    "('CREDITS_ADDITION', 'POINTS_ACCRUAL', 'PENDING_POINTS_ACTIVATION', 'POINTS_ADDITION',"
    " 'POINTS_TRANSFER_IN')"
)
_REMOVALS = "('CREDITS_REMOVAL', 'POINTS_REMOVAL', 'POINTS_TRANSFER_OUT')"
_SPENDING = "('CREDITS_REDEMPTION', 'CREDITS_REFUND', 'POINTS_REDEMPTION', 'POINTS_REFUND')"

_LINES = (
    "SELECT t.*, lag(balance_after) OVER card AS before,"
    " lag(total_after) OVER card AS total_before, row_number() OVER card AS place"
    " FROM voucher_transactions t WHERE t.project_id = %(project_id)s"
    " WINDOW card AS (PARTITION BY voucher_id ORDER BY seq)"
)
_SUMS = (
    "SELECT v.*,"
    f" coalesce(sum(t.amount) FILTER (WHERE t.type IN {_INFLOWS}), 0) AS came,"
    f" coalesce(-sum(t.amount) FILTER (WHERE t.type IN {_REMOVALS}), 0) AS taken,"
    " coalesce(-sum(t.amount) FILTER (WHERE t.type = 'POINTS_EXPIRATION'), 0) AS ended,"
    f" coalesce(-sum(t.amount) FILTER (WHERE t.type IN {_SPENDING}), 0) AS spent"
    " FROM vouchers v LEFT JOIN voucher_transactions t"
    " ON t.project_id = v.project_id AND t.voucher_id = v.id"
    " WHERE v.project_id = %(project_id)s AND v.type <> 'DISCOUNT_VOUCHER'"
    " GROUP BY v.project_id, v.id"
)
_ACTIVE = (
    "SELECT voucher_id, sum(points) AS points,"
    " min(expires_on) FILTER (WHERE points > 0) AS first FROM points_buckets"
    " WHERE project_id = %(project_id)s AND status = 'ACTIVE' GROUP BY voucher_id"
)

# What each statement finds contradicts its rule; it answers with the id of what does.
_FAULTS = {
    "L1 a card began with less than nothing": (
        f"SELECT id FROM ({_SUMS}) v WHERE v.balance_income < v.came"
    ),
    "L3 L5 L6 the sums are not those of the ledger": (
        f"SELECT id FROM ({_SUMS}) v WHERE (v.balance_subtracted, v.balance_expired,"
        " v.balance_redeemed) IS DISTINCT FROM (v.taken, v.ended, v.spent)"
    ),
    "L1 L4 a ledger does not begin with what the card began with": (
        f"SELECT t.id FROM ({_LINES}) t JOIN ({_SUMS}) v ON v.id = t.voucher_id"
        " WHERE t.place = 1 AND t.balance_after - t.amount <> v.balance_income - v.came"
    ),
    "L4 a line does not follow from the one before": (
        f"SELECT id FROM ({_LINES}) t WHERE t.place > 1 AND (t.balance_after <> t.before + t.amount"
        f" OR t.total_after <> t.total_before"
        f" + CASE WHEN t.type IN {_SPENDING} THEN 0 ELSE t.amount END)"
    ),
    "L6 a refund is not what its redemption took": (
        "SELECT t.id FROM voucher_transactions t LEFT JOIN voucher_transactions s"
        " ON s.project_id = t.project_id AND s.id = t.related_transaction_id"
        " WHERE t.project_id = %(project_id)s AND t.type IN ('CREDITS_REFUND', 'POINTS_REFUND')"
        " AND (s.id IS NULL OR s.amount <> -t.amount OR s.voucher_id <> t.voucher_id)"
    ),
    "L7 the buckets are not the balance": (
        f"SELECT v.id FROM vouchers v LEFT JOIN ({_ACTIVE}) b ON b.voucher_id = v.id"
        " WHERE v.project_id = %(project_id)s AND v.type = 'LOYALTY_CARD'"
        f" AND v.holder_id IS NOT NULL AND coalesce(b.points, 0) <> {_LEFT}"
    ),
    "L7 a line and its buckets differ": (
        # A card that was deleted for good leaves its ledger.
        "SELECT t.id FROM voucher_transactions t JOIN vouchers v ON v.project_id = t.project_id"
        " AND v.id = t.voucher_id LEFT JOIN points_bucket_movements m"
        " ON m.project_id = t.project_id AND m.transaction_id = t.id"
        " WHERE t.project_id = %(project_id)s AND t.type LIKE '%%POINTS%%'"
        " GROUP BY t.id, t.amount HAVING t.amount <> coalesce(sum(m.points), 0)"
    ),
    "L7 a bucket and its movements differ": (
        "SELECT b.id FROM points_buckets b LEFT JOIN points_bucket_movements m"
        " ON m.project_id = b.project_id AND m.bucket_id = b.id"
        " WHERE b.project_id = %(project_id)s"
        " GROUP BY b.id, b.points HAVING b.points <> coalesce(sum(m.points), 0)"
    ),
    "L7 a card tells of another next end": (
        f"SELECT v.id FROM vouchers v LEFT JOIN ({_ACTIVE}) b ON b.voucher_id = v.id"
        " LEFT JOIN points_buckets n ON n.project_id = v.project_id AND n.voucher_id = v.id"
        " AND n.status = 'ACTIVE' AND n.expires_on = b.first"
        " WHERE v.project_id = %(project_id)s AND v.type = 'LOYALTY_CARD'"
        " AND (v.next_expiration_date, v.next_expiration_points)"
        " IS DISTINCT FROM (b.first, n.points)"
    ),
    "L8 the pending points are not their sum": (
        "SELECT v.id FROM vouchers v LEFT JOIN pending_points p ON p.project_id = v.project_id"
        " AND p.voucher_id = v.id AND p.status = 'PENDING' WHERE v.project_id = %(project_id)s"
        " GROUP BY v.id, v.pending_points HAVING v.pending_points <> coalesce(sum(p.points), 0)"
    ),
    "L8 pending points were activated never, or twice": (
        "SELECT p.id FROM pending_points p LEFT JOIN voucher_transactions t"
        " ON t.project_id = p.project_id AND t.details -> 'pending_points' ->> 'id' = p.id"
        " WHERE p.project_id = %(project_id)s GROUP BY p.id, p.status, p.points"
        " HAVING count(t.id) <> CASE p.status WHEN 'ACTIVATED' THEN 1 ELSE 0 END"
        " OR sum(t.amount) <> p.points"
    ),
    "L9 sessions hold more than there is": (
        "SELECT v.id FROM vouchers v JOIN session_locks l ON l.project_id = v.project_id"
        " AND l.voucher_id = v.id AND l.expires_at > now() WHERE v.project_id = %(project_id)s"
        f" AND v.type <> 'DISCOUNT_VOUCHER' GROUP BY v.project_id, v.id"
        f" HAVING sum(l.credits) > {_LEFT}"
    ),
    "L10 a transfer has one side": (
        "SELECT t.id FROM voucher_transactions t LEFT JOIN voucher_transactions o"
        " ON o.project_id = t.project_id AND o.id = t.related_transaction_id"
        " WHERE t.project_id = %(project_id)s AND t.type LIKE 'POINTS_TRANSFER_%%'"
        " AND (o.id IS NULL OR o.related_transaction_id <> t.id OR o.amount <> -t.amount"
        " OR o.type = t.type)"
    ),
    "L11 points ended that were not in an ended bucket": (
        "SELECT t.id FROM voucher_transactions t JOIN points_bucket_movements m"
        " ON m.project_id = t.project_id AND m.transaction_id = t.id"
        " JOIN points_buckets b ON b.project_id = m.project_id AND b.id = m.bucket_id"
        " WHERE t.project_id = %(project_id)s AND t.type = 'POINTS_EXPIRATION'"
        " AND (b.status <> 'EXPIRED' OR b.points <> 0)"
    ),
}


def find_faults(uow: UnitOfWork) -> list[tuple[str, str]]:
    """What is wrong with the project's balances: the rule, and the id of what breaks it."""
    parameters = {"project_id": uow.project_id}
    return [
        (rule, row[0])
        for rule, statement in _FAULTS.items()
        for row in uow.reader.execute(statement, parameters)
    ]
