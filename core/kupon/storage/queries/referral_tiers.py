"""Statements on the tiers of referrers."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from kupon.kit.errors import not_found
from kupon.storage.tables.referrals import ReferralTier
from kupon.storage.uow import UnitOfWork


def insert_tier(uow: UnitOfWork, tier: ReferralTier) -> None:
    """Store a tier."""
    uow.session.add(tier)
    uow.session.flush()


def save_tier(uow: UnitOfWork, tier: ReferralTier) -> None:
    """Write what its caller changed of a tier."""
    tier.updated_at = uow.now
    uow.session.flush()


def delete_tier(uow: UnitOfWork, tier: ReferralTier) -> None:
    """Remove a tier; what it has paid stays paid."""
    uow.session.delete(tier)
    uow.session.flush()


def get_tier(
    uow: UnitOfWork, campaign_id: str, tier_id: str, *, is_locked: bool = False
) -> ReferralTier:
    """A tier of a campaign by id.

    Raises:  not_found.
    Locks:   the tier's row, when asked to.
    """
    statement = select(ReferralTier).where(
        ReferralTier.project_id == uow.project_id,
        ReferralTier.campaign_id == campaign_id,
        ReferralTier.id == tier_id,
    )
    tier = uow.session.scalar(statement.with_for_update() if is_locked else statement)
    if tier is None:
        raise not_found("referral_tier", tier_id)
    return tier


def list_tiers(uow: UnitOfWork, campaign_id: str) -> Sequence[ReferralTier]:
    """The tiers of a campaign, the oldest first."""
    return uow.session.scalars(
        select(ReferralTier)
        .where(ReferralTier.project_id == uow.project_id, ReferralTier.campaign_id == campaign_id)
        .order_by(ReferralTier.id)
    ).all()
