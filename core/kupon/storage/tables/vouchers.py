"""Codes, the movements of their balances, and what validation sessions hold of them."""

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
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from kupon.engine.balances import Balance
from kupon.storage.tables.base import Base, Dated, Document, Json, Key, Moment
from kupon.storage.tables.campaigns import Timed


class Voucher(Base, Dated, Timed):
    """A code. `code_key` is what must be unique: the code, folded where the project says so.

    `locks_revision` grows with every session lock taken on the code, so that a redemption can
    tell in its own UPDATE whether a lock has come since it looked. `made_by` is the integration key
    that asked for exactly this code.

    Cards have a balance: all that came in, less what was taken off by hand, expired and redeemed
    (less what rollbacks gave back). Every movement is a row of `voucher_transactions`, only what
    a card began with is none.
    """

    __tablename__ = "vouchers"
    __table_args__ = (
        UniqueConstraint("project_id", "code_key"),
        CheckConstraint(
            "redemption_quantity IS NULL OR redeemed_quantity <= redemption_quantity",
            name="not_oversold",
        ),
        CheckConstraint("redeemed_quantity >= 0", name="redeemed_not_negative"),
        CheckConstraint(
            "balance_income - balance_subtracted - balance_expired - balance_redeemed >= 0",
            name="balance_not_negative",
        ),
        CheckConstraint(
            "least(balance_income, balance_subtracted, balance_expired, balance_redeemed) >= 0",
            name="balance_parts_not_negative",
        ),
        CheckConstraint("pending_points >= 0", name="pending_not_negative"),
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
        # What a publication takes from: empty where all codes are given away.
        Index(
            "ix_vouchers_publishable",
            "project_id",
            "campaign_id",
            "id",
            postgresql_where="publish_count = 0 AND is_active AND binned_at IS NULL",
        ),
        # The walks of a loyalty programme through all that somebody holds.
        Index(
            "ix_vouchers_cards",
            "project_id",
            "campaign_id",
            "id",
            postgresql_where="type = 'LOYALTY_CARD' AND holder_id IS NOT NULL",
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
    gift_effect: Mapped[str | None]
    is_active: Mapped[bool] = mapped_column(Boolean, server_default="true")
    additional_info: Mapped[str | None]
    voucher_metadata: Mapped[Document] = mapped_column("metadata")
    redemption_quantity: Mapped[int | None] = mapped_column(BigInteger)
    redeemed_quantity: Mapped[int] = mapped_column(BigInteger, server_default="0")
    balance_income: Mapped[int] = mapped_column(BigInteger, server_default="0")
    balance_subtracted: Mapped[int] = mapped_column(BigInteger, server_default="0")
    balance_expired: Mapped[int] = mapped_column(BigInteger, server_default="0")
    balance_redeemed: Mapped[int] = mapped_column(BigInteger, server_default="0")
    pending_points: Mapped[int] = mapped_column(BigInteger, server_default="0")
    next_expiration_date: Mapped[date | None] = mapped_column(Date)
    next_expiration_points: Mapped[int | None] = mapped_column(BigInteger)
    locks_revision: Mapped[int] = mapped_column(BigInteger, server_default="0")
    publish_count: Mapped[int] = mapped_column(BigInteger, server_default="0")
    holder_id: Mapped[str | None]
    made_by: Mapped[str | None]
    binned_at: Mapped[datetime | None]

    @property
    def balance(self) -> Balance:
        """The balance of a card; nothing of anything else."""
        return Balance(
            self.balance_income,
            self.balance_subtracted,
            self.balance_expired,
            self.balance_redeemed,
        )


class VoucherTransaction(Base):
    """One movement of a card's balance, never changed.

    `seq` is drawn under the lock of the card's row, so that the lines of a card follow each other
    whatever clocks say; ids only name them. `amount` is signed; `total_after` is what came in
    less what was taken off and expired, `balance_after` what could be spent. `details` are those
    of the wire's that no column has.
    """

    __tablename__ = "voucher_transactions"
    __table_args__ = (
        Index("ix_voucher_transactions_voucher", "project_id", "voucher_id", "seq"),
        Index(
            "ix_voucher_transactions_campaign",
            "project_id",
            "campaign_id",
            "seq",
            postgresql_where="campaign_id IS NOT NULL",
        ),
        Index(
            "uq_voucher_transactions_source",
            "project_id",
            "source_id",
            unique=True,
            postgresql_where="source_id IS NOT NULL",
        ),
        # A redemption takes once, and once it is given back.
        Index(
            "uq_voucher_transactions_redemption",
            "project_id",
            "redemption_id",
            "type",
            unique=True,
            postgresql_where="redemption_id IS NOT NULL",
        ),
    )

    project_id: Mapped[Key]
    id: Mapped[Key]
    seq: Mapped[int] = mapped_column(BigInteger, Identity())
    voucher_id: Mapped[str]
    campaign_id: Mapped[str | None]
    type: Mapped[str]
    source: Mapped[str | None]
    reason: Mapped[str | None]
    source_id: Mapped[str | None]
    amount: Mapped[int] = mapped_column(BigInteger)
    total_after: Mapped[int] = mapped_column(BigInteger)
    balance_after: Mapped[int] = mapped_column(BigInteger)
    operation_type: Mapped[str]
    order_id: Mapped[str | None]
    redemption_id: Mapped[str | None]
    rollback_id: Mapped[str | None]
    related_transaction_id: Mapped[str | None]
    details: Mapped[dict[str, Any] | None] = mapped_column(Json)
    created_at: Mapped[Moment]


class SessionLock(Base):
    """What one validation session holds of a code until it expires or is released.

    That is one use, and of a card so many credits.
    """

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
    credits: Mapped[int] = mapped_column(BigInteger, server_default="0")
    expires_at: Mapped[Moment]
