"""The catalogue: products and their SKUs. Deleted rows go to the bin and keep their source_id."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kupon.storage.tables.base import Base, Dated, Document, Json, Key


class Product(Base, Dated):
    """A product; price in minor units."""

    __tablename__ = "products"
    __table_args__ = (
        UniqueConstraint("project_id", "source_id"),
        Index("ix_products_created", "project_id", "created_at"),
    )

    project_id: Mapped[Key]
    id: Mapped[Key]
    source_id: Mapped[str | None]
    name: Mapped[str | None]
    price: Mapped[int | None] = mapped_column(BigInteger)
    attributes: Mapped[list[str]] = mapped_column(Json, server_default="[]")
    image_url: Mapped[str | None]
    product_metadata: Mapped[Document] = mapped_column("metadata")
    binned_at: Mapped[datetime | None]


class Sku(Base, Dated):
    """A variant of a product; attributes maps the product's attribute names to values."""

    __tablename__ = "skus"
    __table_args__ = (
        UniqueConstraint("project_id", "source_id"),
        ForeignKeyConstraint(
            ["project_id", "product_id"], ["products.project_id", "products.id"], ondelete="CASCADE"
        ),
        Index("ix_skus_product", "project_id", "product_id", "created_at"),
    )

    project_id: Mapped[Key]
    id: Mapped[Key]
    product_id: Mapped[str]
    source_id: Mapped[str | None]
    sku: Mapped[str | None]
    price: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str | None]
    attributes: Mapped[dict[str, Any]] = mapped_column(Json, server_default="{}")
    image_url: Mapped[str | None]
    sku_metadata: Mapped[Document] = mapped_column("metadata")
    binned_at: Mapped[datetime | None]
