"""What was deleted but not for good, as the bin lists it."""

from __future__ import annotations

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from kupon.storage.tables.base import Base, Key, Moment


class BinEntry(Base):
    """One deleted resource. What went into the bin together with it has no entry of its own."""

    __tablename__ = "trash_bin_entries"
    __table_args__ = (
        UniqueConstraint("project_id", "resource_type", "resource_id"),
        Index(
            "ix_trash_bin_entries_parent",
            "project_id",
            "resource_parent_id",
            postgresql_where="resource_parent_id IS NOT NULL",
        ),
    )

    project_id: Mapped[Key]
    id: Mapped[Key]
    resource_type: Mapped[str]
    resource_id: Mapped[str]
    resource_name: Mapped[str]
    resource_parent_id: Mapped[str | None]
    created_at: Mapped[Moment]
