"""What changed at which revision of a project's definitions."""

from __future__ import annotations

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from kupon.storage.tables.base import Base, Key


class DefinitionChange(Base):
    """One changed object; kind is the wire's name of what it is.

    An empty kind stands for everything: who bumped the revision did not say what changed.
    """

    __tablename__ = "definition_changes"

    project_id: Mapped[Key]
    revision: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    kind: Mapped[Key]
    object_id: Mapped[Key]
