"""Redemptions, failed ones included, and their rollbacks."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Index
from sqlalchemy.orm import Mapped, mapped_column

from kupon.storage.tables.base import Base, Document, Json, Key, Moment


class Redemption(Base):
    """One redemption or rollback; `object` tells which.

    Shapes: parent_id names the request's parent in a stack; redemption_id names what a rollback
        took back; order_figures is the order as answered at that step; rollback_order_mode is
        set on rollbacks. status of a redemption that was rolled back is ROLLED_BACK, its result
        stays SUCCESS.
    """

    __tablename__ = "redemptions"
    __table_args__ = (
        Index("ix_redemptions_created", "project_id", "created_at"),
        Index("ix_redemptions_voucher", "project_id", "voucher_id", "created_at"),
        Index("ix_redemptions_customer", "project_id", "customer_id", "created_at"),
        Index(
            "ix_redemptions_parent",
            "project_id",
            "parent_id",
            postgresql_where="parent_id IS NOT NULL",
        ),
        # A redemption is rolled back once: the index refuses a second success.
        Index(
            "uq_redemptions_rolled_back",
            "project_id",
            "redemption_id",
            unique=True,
            postgresql_where="object = 'redemption_rollback' AND result = 'SUCCESS'",
        ),
    )

    project_id: Mapped[Key]
    id: Mapped[Key]
    object: Mapped[str]
    created_at: Mapped[Moment]
    parent_id: Mapped[str | None]
    redemption_id: Mapped[str | None]
    customer_id: Mapped[str | None]
    tracking_id: Mapped[str | None]
    order_id: Mapped[str | None]
    related_object_type: Mapped[str]
    related_object_id: Mapped[str]
    voucher_id: Mapped[str | None]
    voucher_code: Mapped[str | None]
    campaign_id: Mapped[str | None]
    campaign_name: Mapped[str | None]
    amount: Mapped[int | None] = mapped_column(BigInteger)
    result: Mapped[str]
    status: Mapped[str]
    failure_code: Mapped[str | None]
    failure_message: Mapped[str | None]
    reason: Mapped[str | None]
    rollback_order_mode: Mapped[str | None]
    session_key: Mapped[str | None]
    channel_id: Mapped[str | None]
    channel_type: Mapped[str]
    order_figures: Mapped[dict[str, Any] | None] = mapped_column(Json)
    redemption_metadata: Mapped[Document] = mapped_column("metadata")
