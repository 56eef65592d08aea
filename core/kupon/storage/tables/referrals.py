"""Referrals: who brought whom, and what referrers get for it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kupon.storage.tables.base import Base, Dated, Json, Key, Moment


class Referral(Base):
    """That a customer was referred, counted once for each referrer of a campaign.

    Shapes: related_object_type is `redemption` or `custom_event`.
    """

    __tablename__ = "referrals"
    __table_args__ = (
        UniqueConstraint("project_id", "campaign_id", "referrer_id", "referee_id"),
        Index("ix_referrals_referee", "project_id", "referee_id"),
        Index("ix_referrals_referrer", "project_id", "referrer_id"),
        Index("ix_referrals_related", "project_id", "related_object_id"),
    )

    project_id: Mapped[Key]
    id: Mapped[Key]
    campaign_id: Mapped[str]
    voucher_id: Mapped[str]
    referrer_id: Mapped[str]
    referee_id: Mapped[str]
    related_object_type: Mapped[str]
    related_object_id: Mapped[str]
    created_at: Mapped[Moment]


class ReferralTier(Base, Dated):
    """What a referrer gets: for each new referee, or once when there are so many.

    Shapes: criterion is EACH or MINIMUM; segment_filter further limits the referrers meant.
    """

    __tablename__ = "referral_tiers"
    __table_args__ = (
        CheckConstraint("threshold >= 1", name="threshold_positive"),
        Index("ix_referral_tiers_campaign", "project_id", "campaign_id", "created_at"),
        Index("ix_referral_tiers_reward", "project_id", "reward_id"),
    )

    project_id: Mapped[Key]
    id: Mapped[Key]
    campaign_id: Mapped[str]
    banner: Mapped[str | None]
    criterion: Mapped[str]
    threshold: Mapped[int] = mapped_column(BigInteger, server_default="1")
    segment_filter: Mapped[dict[str, Any] | None] = mapped_column(Json)
    reward_id: Mapped[str]


class ReferralPayout(Base):
    """That referrals were paid for, which outlives them: who is referred anew is not paid again.

    Shapes: payer_id is the tier that paid the referrer, or the campaign that paid the referee;
        cause is the referee, and empty for MINIMUM, which pays a referrer once.
    """

    __tablename__ = "referral_payouts"

    project_id: Mapped[Key]
    payer_id: Mapped[Key]
    referrer_id: Mapped[Key]
    cause: Mapped[Key]
    reward_redemption_id: Mapped[str | None]
    created_at: Mapped[Moment]
