"""Categories of campaigns, codes and tiers."""

from __future__ import annotations

from sqlalchemy import BigInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kupon.storage.tables.base import Base, Dated, Key


class Category(Base, Dated):
    """A named category; a lower hierarchy number is applied first."""

    __tablename__ = "categories"
    __table_args__ = (UniqueConstraint("project_id", "name"),)

    project_id: Mapped[Key]
    id: Mapped[Key]
    name: Mapped[str]
    hierarchy: Mapped[int] = mapped_column(BigInteger)
