"""Collections of products and SKUs."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from kupon.storage.tables.base import Base, Dated, Json, Key


class ProductCollection(Base, Dated):
    """A collection: static ones list their members as the wire does, the others have a filter."""

    __tablename__ = "product_collections"
    __table_args__ = (Index("ix_product_collections_created", "project_id", "created_at"),)

    project_id: Mapped[Key]
    id: Mapped[Key]
    name: Mapped[str]
    type: Mapped[str]
    products: Mapped[list[dict[str, Any]] | None] = mapped_column(Json)
    filter: Mapped[dict[str, Any] | None] = mapped_column(Json)
