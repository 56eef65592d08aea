"""Statements that make one customer of two, and remember the name of the one that is gone.

Source: spec adapters-marketing, section 1.3 (MergeCustomers).
"""

from __future__ import annotations

from kupon.storage.uow import UnitOfWork

# In the order in which other transactions lock: counters, redemptions, orders, codes, the rest.
_MOVES = (
    # They are counted anew from the redemptions when a rule asks for them.
    "DELETE FROM rule_counters WHERE project_id = %(project)s AND party IN (%(old)s, %(new)s)",
    "UPDATE redemptions SET customer_id = %(new)s"
    " WHERE project_id = %(project)s AND customer_id = %(old)s",
    "UPDATE orders SET customer_id = %(new)s"
    " WHERE project_id = %(project)s AND customer_id = %(old)s",
    "UPDATE orders SET referrer_id = %(new)s"
    " WHERE project_id = %(project)s AND referrer_id = %(old)s",
    "UPDATE vouchers v SET holder_id = %(new)s FROM (SELECT id FROM vouchers"
    "  WHERE project_id = %(project)s AND holder_id = %(old)s ORDER BY id FOR UPDATE) held"
    " WHERE v.project_id = %(project)s AND v.id = held.id",
    "DELETE FROM redeemable_holders h WHERE h.project_id = %(project)s"
    " AND h.customer_id = %(old)s AND h.holder_role = 'REFEREE' AND EXISTS (SELECT 1"
    "  FROM redeemable_holders k WHERE k.project_id = h.project_id"
    "  AND k.voucher_id = h.voucher_id AND k.customer_id = %(new)s)",
    "DELETE FROM redeemable_holders h WHERE h.project_id = %(project)s"
    " AND h.customer_id = %(new)s AND EXISTS (SELECT 1 FROM redeemable_holders k"
    "  WHERE k.project_id = h.project_id AND k.voucher_id = h.voucher_id"
    "  AND k.customer_id = %(old)s)",
    "UPDATE redeemable_holders SET customer_id = %(new)s"
    " WHERE project_id = %(project)s AND customer_id = %(old)s",
    "UPDATE publications SET customer_id = %(new)s"
    " WHERE project_id = %(project)s AND customer_id = %(old)s",
    "UPDATE pending_points SET customer_id = %(new)s"
    " WHERE project_id = %(project)s AND customer_id = %(old)s",
    "UPDATE loyalty_tier_memberships SET customer_id = %(new)s"
    " WHERE project_id = %(project)s AND customer_id = %(old)s",
    "UPDATE reward_redemptions SET customer_id = %(new)s"
    " WHERE project_id = %(project)s AND customer_id = %(old)s",
    "UPDATE custom_events SET customer_id = %(new)s"
    " WHERE project_id = %(project)s AND customer_id = %(old)s",
    "UPDATE activities SET customer_id = %(new)s"
    " WHERE project_id = %(project)s AND customer_id = %(old)s",
    # What both have refers the same referee once; nobody refers themselves.
    "DELETE FROM referrals r WHERE r.project_id = %(project)s"
    " AND (r.referrer_id, r.referee_id) IN ((%(old)s, %(new)s), (%(new)s, %(old)s))",
    "DELETE FROM referrals r WHERE r.project_id = %(project)s"
    " AND %(old)s IN (r.referrer_id, r.referee_id) AND EXISTS (SELECT 1 FROM referrals k"
    "  WHERE k.project_id = r.project_id AND k.campaign_id = r.campaign_id AND k.id <> r.id"
    "  AND k.referrer_id = CASE r.referrer_id WHEN %(old)s THEN %(new)s ELSE r.referrer_id END"
    "  AND k.referee_id = CASE r.referee_id WHEN %(old)s THEN %(new)s ELSE r.referee_id END)",
    "UPDATE referrals SET"
    " referrer_id = CASE referrer_id WHEN %(old)s THEN %(new)s ELSE referrer_id END,"
    " referee_id = CASE referee_id WHEN %(old)s THEN %(new)s ELSE referee_id END"
    " WHERE project_id = %(project)s AND %(old)s IN (referrer_id, referee_id)",
    "INSERT INTO referral_payouts"
    " (project_id, payer_id, referrer_id, cause, reward_redemption_id, created_at)"
    " SELECT project_id, payer_id,"
    "  CASE referrer_id WHEN %(old)s THEN %(new)s ELSE referrer_id END,"
    "  CASE cause WHEN %(old)s THEN %(new)s ELSE cause END, reward_redemption_id, created_at"
    " FROM referral_payouts WHERE project_id = %(project)s AND %(old)s IN (referrer_id, cause)"
    " ON CONFLICT DO NOTHING",
    "DELETE FROM referral_payouts WHERE project_id = %(project)s"
    " AND %(old)s IN (referrer_id, cause)",
    "INSERT INTO segment_members (project_id, segment_id, customer_id)"
    " SELECT m.project_id, m.segment_id, %(new)s FROM segment_members m JOIN segments s"
    "  ON s.project_id = m.project_id AND s.id = m.segment_id AND s.type = 'static'"
    " WHERE m.project_id = %(project)s AND m.customer_id = %(old)s ON CONFLICT DO NOTHING",
)


def move_all(uow: UnitOfWork, old_id: str, new_id: str) -> None:
    """Make everything of one customer another's; both profiles stay as they are.

    Locks:  as the statements come; both customers must be locked.
    """
    for statement in _MOVES:
        uow.driver.execute(statement, {"project": uow.project_id, "old": old_id, "new": new_id})


def add_alias(uow: UnitOfWork, source_id: str, into_source_id: str) -> None:
    """Have a source id mean another customer from now on."""
    values = {"project": uow.project_id, "old": source_id, "new": into_source_id}
    uow.driver.execute(
        "UPDATE customer_aliases SET into_source_id = %(new)s"
        " WHERE project_id = %(project)s AND into_source_id = %(old)s",
        values,
    )
    # Who was gone and is merged into is nobody's alias any more.
    uow.driver.execute(
        "DELETE FROM customer_aliases WHERE project_id = %(project)s AND source_id = %(new)s",
        values,
    )
    uow.driver.execute(
        "INSERT INTO customer_aliases (project_id, source_id, into_source_id)"
        " VALUES (%(project)s, %(old)s, %(new)s)"
        " ON CONFLICT (project_id, source_id) DO UPDATE SET into_source_id = %(new)s",
        values,
    )


def find_alias(uow: UnitOfWork, source_id: str) -> str:
    """The source id of the customer that a source id means."""
    row = uow.driver.execute(
        "SELECT into_source_id FROM customer_aliases WHERE project_id = %s AND source_id = %s",
        (uow.project_id, source_id),
    ).fetchone()
    return source_id if row is None else str(row[0])
