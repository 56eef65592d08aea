"""Segments of customers, and who is in them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from kupon.storage.tables.base import Base, Dated, Json, Key, Moment


class Segment(Base, Dated):
    """A segment: static ones have no filter, only members.

    The members of the others are kept up to date in the background. `synced_at` is empty until
    all customers have been looked at since `watched_since`, the moment from which on entering and
    leaving count. `swept_on` is the last day on which all of them were looked at anew.
    """

    __tablename__ = "segments"
    __table_args__ = (Index("ix_segments_created", "project_id", "created_at"),)

    project_id: Mapped[Key]
    id: Mapped[Key]
    name: Mapped[str]
    type: Mapped[str]
    filter: Mapped[dict[str, Any] | None] = mapped_column(Json)
    watched_since: Mapped[Moment]
    synced_at: Mapped[datetime | None]
    swept_on: Mapped[date] = mapped_column(Date)


class SegmentMember(Base):
    """A customer in a segment."""

    __tablename__ = "segment_members"
    __table_args__ = (
        ForeignKeyConstraint(
            ["project_id", "segment_id"], ["segments.project_id", "segments.id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(
            ["project_id", "customer_id"],
            ["customers.project_id", "customers.id"],
            ondelete="CASCADE",
        ),
        Index("ix_segment_members_customer", "project_id", "customer_id"),
    )

    project_id: Mapped[Key]
    segment_id: Mapped[Key]
    customer_id: Mapped[Key]
