"""Promotion tiers and the stacks that use several of them as one."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from kupon.storage.tables.base import Base, Dated, Document, Key
from kupon.storage.tables.campaigns import Timed


class PromotionTier(Base, Dated, Timed):
    """A discount without a code. It has its campaign's time limits beside its own.

    Shapes: action is as on the wire; a lower hierarchy is applied first. The last three columns
        count what succeeded redemptions used, in minor units.
    """

    __tablename__ = "promotion_tiers"
    __table_args__ = (
        Index("ix_promotion_tiers_campaign", "project_id", "campaign_id", "hierarchy"),
        Index("ix_promotion_tiers_created", "project_id", "created_at"),
        # Room for the counts to change on their page, without touching the indexes.
        {"postgresql_with": {"fillfactor": "85"}},
    )

    project_id: Mapped[Key]
    id: Mapped[Key]
    campaign_id: Mapped[str]
    name: Mapped[str]
    banner: Mapped[str | None]
    action: Mapped[Document]
    hierarchy: Mapped[int] = mapped_column(BigInteger)
    is_active: Mapped[bool] = mapped_column(Boolean, server_default="true")
    category_id: Mapped[str | None]
    tier_metadata: Mapped[Document] = mapped_column("metadata")
    total_redeemed: Mapped[int] = mapped_column(BigInteger, server_default="0")
    total_amount: Mapped[int] = mapped_column(BigInteger, server_default="0")
    total_discount_amount: Mapped[int] = mapped_column(BigInteger, server_default="0")


class PromotionStack(Base, Dated):
    """Tiers of one campaign that are applied together, in the order in which they stand here."""

    __tablename__ = "promotion_stacks"
    __table_args__ = (
        Index("ix_promotion_stacks_campaign", "project_id", "campaign_id"),
        Index("ix_promotion_stacks_created", "project_id", "created_at"),
    )

    project_id: Mapped[Key]
    id: Mapped[Key]
    campaign_id: Mapped[str]
    name: Mapped[str]
    tier_ids: Mapped[list[str]] = mapped_column(ARRAY(Text))
    category_id: Mapped[str | None]
