"""What happened to segments and product collections, as their activity feeds show it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from kupon.storage.tables.base import Base, Json, Key, Moment


class DefinitionActivity(Base):
    """One entry of a feed, written with the change that it tells of."""

    __tablename__ = "definition_activities"
    __table_args__ = (
        Index("ix_definition_activities_object", "project_id", "related_object_id", "id"),
    )

    project_id: Mapped[Key]
    id: Mapped[Key]
    related_object_id: Mapped[str]
    type: Mapped[str]
    category: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(Json)
    group_id: Mapped[str | None]
    created_at: Mapped[Moment]
