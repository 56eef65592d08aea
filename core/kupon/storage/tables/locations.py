"""Places on the map."""

from __future__ import annotations

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from kupon.storage.tables.base import Base, Dated, Document, Key


class Location(Base, Dated):
    """A named circle or polygon; shape as on the wire."""

    __tablename__ = "locations"
    __table_args__ = (Index("ix_locations_created", "project_id", "created_at"),)

    project_id: Mapped[Key]
    id: Mapped[Key]
    name: Mapped[str]
    shape: Mapped[Document]
