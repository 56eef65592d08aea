"""What happened to customers, as their activity feed shows it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kupon.storage.tables.base import Base, Json, Key, Moment


class Activity(Base):
    """One entry of a feed, written by a reaction to the event `event_seq`, once."""

    __tablename__ = "activities"
    __table_args__ = (
        UniqueConstraint("project_id", "event_seq", "type", "position"),
        Index("ix_activities_customer", "project_id", "customer_id", "id"),
    )

    project_id: Mapped[Key]
    id: Mapped[Key]
    customer_id: Mapped[str]
    campaign_id: Mapped[str | None]
    campaign_type: Mapped[str | None]
    type: Mapped[str]
    category: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(Json)
    group_id: Mapped[str | None]
    event_seq: Mapped[int] = mapped_column(BigInteger)
    position: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[Moment]
