"""What customers have at the moment, as profiles on platforms tell it: codes, points, tiers.

Source: spec adapters-marketing, section 1.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from psycopg.rows import class_row

from kupon.storage.uow import UnitOfWork


@dataclass(frozen=True, slots=True)
class Holding:
    """A code that a customer holds.

    Shapes: published_at is when the customer got it, None for one that nobody published; campaign
        is the campaign's name; tier_id is the one that a loyalty card is in.
    Units:  balance and gift_amount in minor units, or points.
    """

    customer_id: str
    code: str
    type: str
    campaign_id: str | None
    campaign: str | None
    discount: dict[str, Any] | None
    amount: int
    balance: int
    pending_points: int
    next_expiration_points: int | None
    next_expiration_date: date | None
    tier_id: str | None
    tier_name: str | None
    published_at: datetime | None


_HOLDINGS = (
    "SELECT v.holder_id AS customer_id, v.code, v.type, v.campaign_id, k.name AS campaign,"
    " v.discount, v.balance_income - v.balance_subtracted - v.balance_expired AS amount,"
    " v.balance_income - v.balance_subtracted - v.balance_expired - v.balance_redeemed AS balance,"
    " v.pending_points, v.next_expiration_points, v.next_expiration_date,"
    " t.id AS tier_id, t.name AS tier_name, p.created_at AS published_at"
    " FROM vouchers v"
    " CROSS JOIN (SELECT (%(now)s AT TIME ZONE timezone)::date AS day FROM projects"
    "  WHERE id = %(project)s) AS today"
    " LEFT JOIN campaigns k ON k.project_id = v.project_id AND k.id = v.campaign_id"
    " LEFT JOIN loyalty_tier_memberships m ON m.project_id = v.project_id"
    "  AND m.voucher_id = v.id AND m.starts_on <= today.day"
    " LEFT JOIN loyalty_tiers t ON t.project_id = v.project_id AND t.id = m.tier_id"
    " LEFT JOIN LATERAL (SELECT max(created_at) AS created_at FROM publications"
    "  WHERE project_id = v.project_id AND customer_id = v.holder_id"
    "  AND voucher_ids @> ARRAY[v.id] AND result = 'SUCCESS') AS p ON true"
    " WHERE v.project_id = %(project)s AND v.holder_id = ANY(%(customers)s)"
    " AND v.binned_at IS NULL AND k.binned_at IS NULL AND v.is_active"
    " ORDER BY coalesce(p.created_at, v.created_at) DESC, v.id DESC"
)


def find_holdings(uow: UnitOfWork, customer_ids: Sequence[str]) -> dict[str, list[Holding]]:
    """The active codes that customers hold, by customer, what they got last first."""
    found: dict[str, list[Holding]] = {}
    with uow.driver.cursor(row_factory=class_row(Holding)) as cursor:
        rows = cursor.execute(
            _HOLDINGS,
            {"project": uow.project_id, "customers": list(customer_ids), "now": uow.now},
        )
        for row in rows:
            found.setdefault(row.customer_id, []).append(row)
    return found
