"""What metadata and custom events may hold."""

from __future__ import annotations

from sqlalchemy import Boolean, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kupon.storage.tables.base import Base, Dated, Document, Key


class MetadataSchema(Base, Dated):
    """What the metadata of one kind of object may hold, or a kind of object nested in metadata.

    Shapes: properties as on the management surface, by their keys.
    """

    __tablename__ = "metadata_schemas"
    __table_args__ = (UniqueConstraint("project_id", "related_object"),)

    project_id: Mapped[Key]
    id: Mapped[Key]
    related_object: Mapped[str]
    properties: Mapped[Document]
    allow_defined_only: Mapped[bool] = mapped_column(Boolean, server_default="false")


class CustomEventSchema(Base, Dated):
    """A custom event and what its metadata may hold.

    Shapes: properties as on the wire, by their keys.
    """

    __tablename__ = "custom_event_schemas"
    __table_args__ = (UniqueConstraint("project_id", "name"),)

    project_id: Mapped[Key]
    id: Mapped[Key]
    name: Mapped[str]
    properties: Mapped[Document]
