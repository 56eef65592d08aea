"""Customer profiles."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Date, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kupon.storage.tables.base import Base, Dated, Document, Json, Key


class Customer(Base, Dated):
    """A profile; source_id is the shop's own identifier and never changes."""

    __tablename__ = "customers"
    __table_args__ = (
        UniqueConstraint("project_id", "source_id"),
        Index("ix_customers_created", "project_id", "created_at"),
        Index("ix_customers_email", "project_id", "email"),
    )

    project_id: Mapped[Key]
    id: Mapped[Key]
    source_id: Mapped[str | None]
    name: Mapped[str | None]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    description: Mapped[str | None]
    birthdate: Mapped[date | None] = mapped_column(Date)
    address: Mapped[dict[str, Any] | None] = mapped_column(Json)
    customer_metadata: Mapped[Document] = mapped_column("metadata")
