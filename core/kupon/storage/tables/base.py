"""The declarative base and the column shapes that tables share."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from sqlalchemy import DateTime, MetaData, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# Python's None is SQL's NULL, not the JSON value null.
Json = JSONB(none_as_null=True)

Key = Annotated[str, mapped_column(Text, primary_key=True)]
Moment = Annotated[datetime, mapped_column(DateTime(timezone=True))]
Document = Annotated[dict[str, Any], mapped_column(Json, server_default="{}")]


class Base(DeclarativeBase):
    """Tables whose primary key begins with project_id, so that they can be spread by project."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {str: Text, datetime: DateTime(timezone=True), dict[str, Any]: Json}


class Dated:
    """Creation and last change; updated_at stays empty until the first change."""

    created_at: Mapped[Moment]
    updated_at: Mapped[Moment | None]
