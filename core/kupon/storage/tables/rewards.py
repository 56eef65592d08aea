"""Rewards, the programmes that offer them, and what was given."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kupon.storage.tables.base import Base, Dated, Document, Json, Key


class Reward(Base, Dated):
    """What points can be spent on.

    Shapes: type is CAMPAIGN, MATERIAL or COIN; parameters and attributes are as on the wire; stock
        is how many there are to give in all, None for any number, redeemed how many are given.
    """

    __tablename__ = "rewards"
    __table_args__ = (
        CheckConstraint("redeemed >= 0", name="redeemed_not_negative"),
        CheckConstraint("stock IS NULL OR redeemed <= stock", name="not_oversold"),
        Index("ix_rewards_created", "project_id", "created_at"),
    )

    project_id: Mapped[Key]
    id: Mapped[Key]
    name: Mapped[str]
    type: Mapped[str]
    parameters: Mapped[Document]
    attributes: Mapped[dict[str, Any] | None] = mapped_column(Json)
    stock: Mapped[int | None] = mapped_column(BigInteger)
    redeemed: Mapped[int] = mapped_column(BigInteger, server_default="0")
    reward_metadata: Mapped[Document] = mapped_column("metadata")


class RewardAssignment(Base, Dated):
    """A reward in a programme and its price.

    Units:  points, None for COIN rewards, whose price is in their ratio.
    """

    __tablename__ = "reward_assignments"
    __table_args__ = (
        UniqueConstraint("project_id", "campaign_id", "reward_id"),
        Index("ix_reward_assignments_reward", "project_id", "reward_id"),
        # A programme redeems one reward by itself at most.
        Index(
            "uq_reward_assignments_auto_redeem",
            "project_id",
            "campaign_id",
            unique=True,
            postgresql_where="auto_redeem",
        ),
    )

    project_id: Mapped[Key]
    id: Mapped[Key]
    reward_id: Mapped[str]
    campaign_id: Mapped[str]
    points: Mapped[int | None] = mapped_column(BigInteger)
    auto_redeem: Mapped[bool] = mapped_column(Boolean, server_default="false")


class RewardRedemption(Base, Dated):
    """A reward given for a redemption of points, or for a referral.

    Shapes: state is PENDING, COMPLETED or ROLLED_BACK; issued tells what was given, so that a
        rollback can take it back: {"voucher_id", "points" or "credits", "transaction_id",
        "quantity"}, whichever there are.
    """

    __tablename__ = "reward_redemptions"
    __table_args__ = (
        Index("ix_reward_redemptions_source", "project_id", "source_id"),
        Index("ix_reward_redemptions_customer", "project_id", "customer_id"),
    )

    project_id: Mapped[Key]
    id: Mapped[Key]
    state: Mapped[str]
    source_type: Mapped[str]
    source_id: Mapped[str]
    reward_id: Mapped[str]
    reward_assignment_id: Mapped[str | None]
    voucher_id: Mapped[str | None]
    campaign_id: Mapped[str | None]
    customer_id: Mapped[str | None]
    issued: Mapped[Document]
