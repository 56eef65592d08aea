"""Loyalty programmes: how points are earned, when they go, and which tier a member is in."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    ForeignKeyConstraint,
    Identity,
    Index,
    Text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from kupon.storage.tables.base import Base, Dated, Document, Json, Key, Moment
from kupon.storage.tables.campaigns import Timed


class PointsBucket(Base, Dated):
    """The points of a card that end on one day; those without a day never do.

    Shapes: expires_on is the last day of use, in the project's time zone; status is ACTIVE or
        EXPIRED. The active buckets of a card add up to its balance.
    """

    __tablename__ = "points_buckets"
    __table_args__ = (
        ForeignKeyConstraint(
            ["project_id", "voucher_id"], ["vouchers.project_id", "vouchers.id"], ondelete="CASCADE"
        ),
        CheckConstraint("points >= 0", name="points_not_negative"),
        Index(
            "uq_points_buckets_day",
            "project_id",
            "voucher_id",
            "expires_on",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where="status = 'ACTIVE'",
        ),
        # What the nightly work takes away.
        Index(
            "ix_points_buckets_due",
            "project_id",
            "expires_on",
            "voucher_id",
            postgresql_where="status = 'ACTIVE' AND expires_on IS NOT NULL",
        ),
    )

    project_id: Mapped[Key]
    id: Mapped[Key]
    voucher_id: Mapped[str]
    campaign_id: Mapped[str | None]
    expires_on: Mapped[date | None] = mapped_column(Date)
    points: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(server_default="ACTIVE")


class BucketMovement(Base):
    """What one line of a card's ledger put into a bucket (or took from it, negative)."""

    __tablename__ = "points_bucket_movements"
    __table_args__ = (
        ForeignKeyConstraint(
            ["project_id", "bucket_id"],
            ["points_buckets.project_id", "points_buckets.id"],
            ondelete="CASCADE",
        ),
        Index("ix_points_bucket_movements_bucket", "project_id", "bucket_id"),
    )

    project_id: Mapped[Key]
    transaction_id: Mapped[Key]
    bucket_id: Mapped[Key]
    points: Mapped[int] = mapped_column(BigInteger)


class PendingPoints(Base, Dated):
    """Points that were earned but can't be used before a day has come.

    Shapes: activates_on is that day; expiration_rules are those of the earning rule as it was,
        None where the campaign's hold; details are the wire's.
    """

    __tablename__ = "pending_points"
    __table_args__ = (
        ForeignKeyConstraint(
            ["project_id", "voucher_id"], ["vouchers.project_id", "vouchers.id"], ondelete="CASCADE"
        ),
        CheckConstraint("points >= 1", name="points_positive"),
        Index("ix_pending_points_voucher", "project_id", "voucher_id", "id"),
        Index("ix_pending_points_campaign", "project_id", "campaign_id", "id"),
        Index(
            "ix_pending_points_due",
            "project_id",
            "activates_on",
            "voucher_id",
            postgresql_where="status = 'PENDING'",
        ),
    )

    project_id: Mapped[Key]
    id: Mapped[Key]
    voucher_id: Mapped[str]
    campaign_id: Mapped[str]
    customer_id: Mapped[str]
    order_id: Mapped[str | None]
    earning_rule_id: Mapped[str | None]
    points: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(server_default="PENDING")
    activates_on: Mapped[date] = mapped_column(Date)
    expiration_rules: Mapped[dict[str, Any] | None] = mapped_column(Json)
    details: Mapped[Document]


class PendingMovement(Base):
    """That points became pending or no longer are, as the summary of their programme counts it.

    Shapes: type is ADDED, SUBTRACTED (by hand) or CANCELED; what was activated has a line in the
        card's ledger.
    """

    __tablename__ = "pending_points_movements"
    __table_args__ = (
        Index("ix_pending_points_movements_campaign", "project_id", "campaign_id", "created_at"),
    )

    project_id: Mapped[Key]
    seq: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    campaign_id: Mapped[str]
    type: Mapped[str]
    points: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[Moment]


class EarningRule(Base, Dated, Timed):
    """For what a programme gives how many points.

    Shapes: event is `order.paid`, `customer.segment.entered`, `customer.loyalty.tier.*` or the name
        of a custom event; loyalty, pending_points and expiration_rules are as on the wire.
        loyalty_tier_id may be `__ANY__`.
    """

    __tablename__ = "earning_rules"
    __table_args__ = (
        Index("ix_earning_rules_campaign", "project_id", "campaign_id", "created_at"),
        Index("ix_earning_rules_event", "project_id", "event"),
    )

    project_id: Mapped[Key]
    id: Mapped[Key]
    campaign_id: Mapped[str]
    automation_id: Mapped[str]
    event: Mapped[str]
    loyalty: Mapped[Document]
    segment_id: Mapped[str | None]
    custom_event_schema_id: Mapped[str | None]
    loyalty_tier_id: Mapped[str | None]
    banner: Mapped[str | None]
    is_active: Mapped[bool] = mapped_column(Boolean, server_default="true")
    pending_points: Mapped[dict[str, Any] | None] = mapped_column(Json)
    expiration_rules: Mapped[dict[str, Any] | None] = mapped_column(Json)
    rule_metadata: Mapped[Document] = mapped_column("metadata")


class Accrual(Base):
    """That a rule has paid for a cause, which it does once.

    Shapes: cause is `order:<id>`, `event:<id of the custom event>` or `outbox:<number>`.
    """

    __tablename__ = "accruals"

    project_id: Mapped[Key]
    earning_rule_id: Mapped[Key]
    cause: Mapped[Key]
    voucher_id: Mapped[str]
    created_at: Mapped[Moment]


class LoyaltyTier(Base, Dated):
    """A range of points that gives its members other points and prices.

    Shapes: points_to is None at the open end; earning_rules and rewards map ids of rules and of
        reward assignments to what changes there, as on the wire.
    """

    __tablename__ = "loyalty_tiers"
    __table_args__ = (
        CheckConstraint("points_from <= points_to", name="range"),
        Index("ix_loyalty_tiers_campaign", "project_id", "campaign_id", "points_from"),
    )

    project_id: Mapped[Key]
    id: Mapped[Key]
    campaign_id: Mapped[str]
    name: Mapped[str]
    points_from: Mapped[int] = mapped_column(BigInteger)
    points_to: Mapped[int | None] = mapped_column(BigInteger)
    earning_rules: Mapped[Document]
    rewards: Mapped[Document]
    tier_metadata: Mapped[Document] = mapped_column("metadata")


class TierMembership(Base, Dated):
    """The tier that a card is in; written under the card's lock only.

    Shapes: both days are in the project's time zone; expires_on is the last one, None while only
        the balance decides.
    """

    __tablename__ = "loyalty_tier_memberships"
    __table_args__ = (
        ForeignKeyConstraint(
            ["project_id", "voucher_id"], ["vouchers.project_id", "vouchers.id"], ondelete="CASCADE"
        ),
        Index("ix_loyalty_tier_memberships_tier", "project_id", "tier_id"),
        Index("ix_loyalty_tier_memberships_customer", "project_id", "customer_id"),
        Index(
            "ix_loyalty_tier_memberships_due",
            "project_id",
            "expires_on",
            "voucher_id",
            postgresql_where="expires_on IS NOT NULL",
        ),
    )

    project_id: Mapped[Key]
    voucher_id: Mapped[Key]
    campaign_id: Mapped[str]
    customer_id: Mapped[str]
    tier_id: Mapped[str]
    starts_on: Mapped[date] = mapped_column(Date)
    expires_on: Mapped[date | None] = mapped_column(Date)


class NightlyStep(Base):
    """How far the nightly work of a project has come on one of its days.

    Shapes: step counts from 1 in the order of the work; after is the last card done, None at the
        beginning; finished_at is set with the step's last card.
    """

    __tablename__ = "nightly_steps"

    project_id: Mapped[Key]
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    step: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    after: Mapped[str | None]
    started_at: Mapped[Moment]
    finished_at: Mapped[datetime | None]


class AutoRedemption(Base):
    """The automatic redemptions of a customer on one day, which are limited.

    Shapes: cards blocked by it stay so until somebody unblocks them.
    """

    __tablename__ = "auto_redemptions"

    project_id: Mapped[Key]
    assignment_id: Mapped[Key]
    customer_id: Mapped[Key]
    day: Mapped[date] = mapped_column(Date)
    count: Mapped[int] = mapped_column(BigInteger, server_default="0")
    is_blocked: Mapped[bool] = mapped_column(Boolean, server_default="false")
    redemption_ids: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
