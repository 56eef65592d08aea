"""Campaigns of every type."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Date, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kupon.storage.tables.base import Base, Dated, Document, Json, Key

LOYALTY_PROGRAM = "LOYALTY_PROGRAM"
REFERRAL_PROGRAM = "REFERRAL_PROGRAM"


class Timed:
    """Time limits as the wire has them; codes carry their own copy."""

    start_date: Mapped[datetime | None]
    expiration_date: Mapped[datetime | None]
    validity_timeframe: Mapped[dict[str, Any] | None] = mapped_column(Json)
    validity_day_of_week: Mapped[list[int] | None] = mapped_column(Json)
    validity_hours: Mapped[dict[str, Any] | None] = mapped_column(Json)


class Campaign(Base, Dated, Timed):
    """A campaign; `voucher` is the template of its codes. Binned rows keep their name."""

    __tablename__ = "campaigns"
    __table_args__ = (
        UniqueConstraint("project_id", "name"),
        Index("ix_campaigns_created", "project_id", "created_at"),
        # What qualification offers codes of, however many campaigns of promotions there are.
        Index(
            "ix_campaigns_offered",
            "project_id",
            "created_at",
            "id",
            postgresql_where="campaign_type <> 'PROMOTION'",
        ),
    )

    project_id: Mapped[Key]
    id: Mapped[Key]
    name: Mapped[str]
    description: Mapped[str | None]
    campaign_type: Mapped[str]
    type: Mapped[str]
    category_id: Mapped[str | None]
    auto_join: Mapped[bool] = mapped_column(Boolean, server_default="false")
    join_once: Mapped[bool] = mapped_column(Boolean, server_default="false")
    use_voucher_metadata_schema: Mapped[bool] = mapped_column(Boolean, server_default="false")
    is_active: Mapped[bool] = mapped_column(Boolean, server_default="true")
    is_protected: Mapped[bool] = mapped_column(Boolean, server_default="false")
    activity_duration_after_publishing: Mapped[str | None]
    creation_status: Mapped[str]
    vouchers_generation_status: Mapped[str]
    vouchers_count: Mapped[int] = mapped_column(BigInteger, server_default="0")
    voucher: Mapped[Document]
    loyalty_tiers_expiration: Mapped[dict[str, Any] | None] = mapped_column(Json)
    referral_program: Mapped[dict[str, Any] | None] = mapped_column(Json)
    campaign_metadata: Mapped[Document] = mapped_column("metadata")
    binned_at: Mapped[datetime | None]


class CampaignDay(Base):
    """How many codes of a campaign came and went on one day of the project; deletion keeps it.

    With them came what cards began with, and went what was left on them.
    """

    __tablename__ = "campaign_days"

    project_id: Mapped[Key]
    campaign_id: Mapped[Key]
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    vouchers_created: Mapped[int] = mapped_column(BigInteger, server_default="0")
    vouchers_deleted: Mapped[int] = mapped_column(BigInteger, server_default="0")
    balance_created: Mapped[int] = mapped_column(BigInteger, server_default="0")
    balance_deleted: Mapped[int] = mapped_column(BigInteger, server_default="0")
