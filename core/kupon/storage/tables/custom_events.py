"""Custom events that customers caused."""

from __future__ import annotations

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from kupon.storage.tables.base import Base, Document, Key, Moment


class CustomEvent(Base):
    """An event of the shop's own kind, as it was sent."""

    __tablename__ = "custom_events"
    __table_args__ = (
        Index("ix_custom_events_customer", "project_id", "customer_id", "name", "created_at"),
    )

    project_id: Mapped[Key]
    id: Mapped[Key]
    name: Mapped[str]
    schema_id: Mapped[str | None]
    customer_id: Mapped[str]
    event_metadata: Mapped[Document] = mapped_column("metadata")
    created_at: Mapped[Moment]
