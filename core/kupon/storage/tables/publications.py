"""Publications, and who holds which code."""

from __future__ import annotations

from sqlalchemy import ForeignKeyConstraint, Index, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from kupon.storage.tables.base import Base, Dated, Document, Key, Moment

# What customers may be to a code; referrers own the codes of referral campaigns.
OWNER = "OWNER"
REFERRER = "REFERRER"
REFEREE = "REFEREE"


class Publication(Base):
    """An attempt to give codes to a customer; it never changes, except to be made anonymous.

    Shapes: voucher_ids and voucher_codes belong together, place by place; a failure names the code
        that was asked for, if one was. made_by is the integration key that a message asked with.
    """

    __tablename__ = "publications"
    __table_args__ = (
        # A failed attempt may be repeated under its source id.
        Index(
            "uq_publications_source_id",
            "project_id",
            "source_id",
            unique=True,
            postgresql_where="result = 'SUCCESS' AND source_id IS NOT NULL",
        ),
        Index("ix_publications_created", "project_id", "created_at"),
        Index("ix_publications_campaign", "project_id", "campaign_id", "created_at"),
        Index("ix_publications_customer", "project_id", "customer_id"),
        Index("ix_publications_vouchers", "voucher_ids", postgresql_using="gin"),
    )

    project_id: Mapped[Key]
    id: Mapped[Key]
    campaign_id: Mapped[str | None]
    voucher_ids: Mapped[list[str]] = mapped_column(ARRAY(Text))
    voucher_codes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    voucher_type: Mapped[str]
    customer_id: Mapped[str | None]
    tracking_id: Mapped[str | None]
    source_id: Mapped[str | None]
    channel: Mapped[str]
    made_by: Mapped[str | None]
    publication_metadata: Mapped[Document] = mapped_column("metadata")
    result: Mapped[str]
    failure_code: Mapped[str | None]
    failure_message: Mapped[str | None]
    created_at: Mapped[Moment]


class RedeemableHolder(Base, Dated):
    """A customer's hold on a code; `vouchers.holder_id` repeats the owner's."""

    __tablename__ = "redeemable_holders"
    __table_args__ = (
        ForeignKeyConstraint(
            ["project_id", "voucher_id"], ["vouchers.project_id", "vouchers.id"], ondelete="CASCADE"
        ),
        UniqueConstraint("project_id", "voucher_id", "customer_id"),
        # A code belongs to one customer only, whoever else may use it.
        Index(
            "uq_redeemable_holders_owner",
            "project_id",
            "voucher_id",
            unique=True,
            postgresql_where="holder_role <> 'REFEREE'",
        ),
        Index("ix_redeemable_holders_customer", "project_id", "customer_id", "id"),
    )

    project_id: Mapped[Key]
    id: Mapped[Key]
    voucher_id: Mapped[str]
    campaign_id: Mapped[str | None]
    customer_id: Mapped[str]
    holder_role: Mapped[str]
    publication_id: Mapped[str | None]
    holder_metadata: Mapped[Document] = mapped_column("metadata")
