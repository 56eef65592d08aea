"""Orders as they were last calculated."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kupon.storage.tables.base import Base, Dated, Document, Json, Key


class Order(Base, Dated):
    """An order; money in minor units.

    `items` holds the lines as answers print them; `redemptions` maps each redemption request to
    its children and rollbacks. Sums that follow from these are not stored. A discount amount is
    empty as long as no discount of its kind was evaluated: answers leave it out then.
    """

    __tablename__ = "orders"
    __table_args__ = (
        UniqueConstraint("project_id", "source_id"),
        Index("ix_orders_created", "project_id", "created_at"),
        Index("ix_orders_customer", "project_id", "customer_id"),
        # Room for a row to change on its page, without touching the indexes.
        {"postgresql_with": {"fillfactor": "85"}},
    )

    project_id: Mapped[Key]
    id: Mapped[Key]
    source_id: Mapped[str | None]
    status: Mapped[str]
    customer_id: Mapped[str | None]
    referrer_id: Mapped[str | None]
    amount: Mapped[int | None] = mapped_column(BigInteger)
    initial_amount: Mapped[int | None] = mapped_column(BigInteger)
    discount_amount: Mapped[int | None] = mapped_column(BigInteger)
    applied_discount_amount: Mapped[int | None] = mapped_column(BigInteger)
    items_discount_amount: Mapped[int | None] = mapped_column(BigInteger)
    items_applied_discount_amount: Mapped[int | None] = mapped_column(BigInteger)
    items: Mapped[list[dict[str, Any]]] = mapped_column(Json, server_default="[]")
    redemptions: Mapped[Document]
    order_metadata: Mapped[Document] = mapped_column("metadata")
