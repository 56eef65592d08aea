"""Progress and outcome of background work that a caller asked for."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from kupon.storage.tables.base import Base, Dated, Json, Key


class AsyncAction(Base, Dated):
    """One bulk operation. progress counts percent, processing_time milliseconds."""

    __tablename__ = "async_actions"
    __table_args__ = (Index("ix_async_actions_created", "project_id", "created_at"),)

    project_id: Mapped[Key]
    id: Mapped[Key]
    type: Mapped[str]
    status: Mapped[str]
    operation_status: Mapped[str]
    progress: Mapped[int] = mapped_column(Integer, server_default="0")
    processing_time: Mapped[int | None] = mapped_column(BigInteger)
    result: Mapped[dict[str, Any] | None] = mapped_column(Json)
    request_id: Mapped[str | None]
