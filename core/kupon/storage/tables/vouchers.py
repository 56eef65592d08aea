"""Codes, and the uses of them that validation sessions hold."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from kupon.storage.tables.base import Base, Dated, Document, Json, Key, Moment
from kupon.storage.tables.campaigns import Timed


class Voucher(Base, Dated, Timed):
    """A code. `code_key` is what must be unique: the code, folded where the project says so.

    `locks_revision` grows with every session lock taken on the code, so that a redemption can
    tell in its own UPDATE whether a lock has come since it looked.
    """

    __tablename__ = "vouchers"
    __table_args__ = (
        UniqueConstraint("project_id", "code_key"),
        CheckConstraint(
            "redemption_quantity IS NULL OR redeemed_quantity <= redemption_quantity",
            name="not_oversold",
        ),
        CheckConstraint("redeemed_quantity >= 0", name="redeemed_not_negative"),
        Index("ix_vouchers_campaign", "project_id", "campaign_id", "created_at"),
        Index("ix_vouchers_created", "project_id", "created_at"),
        Index(
            "ix_vouchers_holder",
            "project_id",
            "holder_id",
            postgresql_where="holder_id IS NOT NULL",
        ),
        # What qualification offers to everybody: codes without a campaign, the newest first.
        Index(
            "ix_vouchers_standalone",
            "project_id",
            "created_at",
            "id",
            postgresql_where="campaign_id IS NULL",
        ),
        # Room for a row to change on its page, without touching the indexes.
        {"postgresql_with": {"fillfactor": "85"}},
    )

    project_id: Mapped[Key]
    id: Mapped[Key]
    code: Mapped[str]
    code_key: Mapped[str]
    type: Mapped[str]
    campaign_id: Mapped[str | None]
    category_id: Mapped[str | None]
    discount: Mapped[dict[str, Any] | None] = mapped_column(Json)
    is_active: Mapped[bool] = mapped_column(Boolean, server_default="true")
    additional_info: Mapped[str | None]
    voucher_metadata: Mapped[Document] = mapped_column("metadata")
    redemption_quantity: Mapped[int | None] = mapped_column(BigInteger)
    redeemed_quantity: Mapped[int] = mapped_column(BigInteger, server_default="0")
    locks_revision: Mapped[int] = mapped_column(BigInteger, server_default="0")
    publish_count: Mapped[int] = mapped_column(BigInteger, server_default="0")
    holder_id: Mapped[str | None]
    binned_at: Mapped[datetime | None]


class SessionLock(Base):
    """One use of a code held by one validation session until it expires or is released."""

    __tablename__ = "session_locks"
    __table_args__ = (
        ForeignKeyConstraint(
            ["project_id", "voucher_id"], ["vouchers.project_id", "vouchers.id"], ondelete="CASCADE"
        ),
        Index("ix_session_locks_key", "project_id", "session_key"),
        Index("ix_session_locks_expiry", "expires_at"),
    )

    project_id: Mapped[Key]
    voucher_id: Mapped[Key]
    session_key: Mapped[Key]
    expires_at: Mapped[Moment]
