"""What belongs to loyalty and referral programmes, removed together with them.

Source: spec campaigns-loyalty-referral-gift, section 1.8.
"""

from __future__ import annotations

from kupon.storage.uow import UnitOfWork

_DELETE_DEFINITIONS = (
    "WITH rules AS (DELETE FROM earning_rules WHERE project_id = %(project_id)s"
    "  AND campaign_id = %(campaign_id)s),"
    " tiers AS (DELETE FROM loyalty_tiers WHERE project_id = %(project_id)s"
    "  AND campaign_id = %(campaign_id)s),"
    " offers AS (DELETE FROM reward_assignments WHERE project_id = %(project_id)s"
    "  AND campaign_id = %(campaign_id)s RETURNING id),"
    " automatic AS (DELETE FROM auto_redemptions a USING offers"
    "  WHERE a.project_id = %(project_id)s AND a.assignment_id = offers.id),"
    " paying AS (DELETE FROM referral_tiers WHERE project_id = %(project_id)s"
    "  AND campaign_id = %(campaign_id)s RETURNING id)"
    " DELETE FROM referral_payouts p USING paying"
    " WHERE p.project_id = %(project_id)s AND p.payer_id = paying.id"
)
_DELETE_FACTS = (
    "WITH referred AS (DELETE FROM referrals WHERE project_id = %(project_id)s"
    "  AND campaign_id = %(campaign_id)s),"
    " moved AS (DELETE FROM pending_points_movements WHERE project_id = %(project_id)s"
    "  AND campaign_id = %(campaign_id)s)"
    " DELETE FROM referral_payouts WHERE project_id = %(project_id)s AND payer_id = %(campaign_id)s"
)


def delete_definitions(uow: UnitOfWork, campaign_id: str) -> None:
    """Remove a programme's earning rules, offers and tiers, as nothing brings it back.

    Locks:  the campaign must be locked.
    """
    uow.driver.execute(
        _DELETE_DEFINITIONS, {"project_id": uow.project_id, "campaign_id": campaign_id}
    )


def delete_facts(uow: UnitOfWork, campaign_id: str) -> None:
    """Remove what a programme has told beside its cards and their ledgers.

    Locks:  the campaign must be locked.
    """
    uow.driver.execute(_DELETE_FACTS, {"project_id": uow.project_id, "campaign_id": campaign_id})
