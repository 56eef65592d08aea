"""Answers kept for repeated requests."""

from __future__ import annotations

from sqlalchemy import Index, Integer, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from kupon.storage.tables.base import Base, Key, Moment


class IdempotencyKey(Base):
    """A key that a client put on a POST, and the answer that its first request got."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index("ix_idempotency_keys_created", "created_at"),)

    project_id: Mapped[Key]
    key: Mapped[Key]
    method: Mapped[str]
    path: Mapped[str]
    body_hash: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int | None] = mapped_column(Integer)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[Moment]
