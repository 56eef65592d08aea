"""Receivers of events, and what was sent to them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ForeignKeyConstraint, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from kupon.storage.tables.base import Base, Dated, Document, Json, Key, Moment


class EventEndpoint(Base, Dated):
    """A receiver of events of a project.

    Shapes: sink names its kind ("webhook"); events are the types that it wants, as the caller spelt
        them, ["*"] for all; settings may be shown, secrets are encrypted. failures counts tries in
        a row that nobody took, after many of which nothing is sent until blocked_until; what had
        none for too long is disabled, and keeps what it would have got.
    """

    __tablename__ = "event_endpoints"
    __table_args__ = (Index("ix_event_endpoints_created", "project_id", "created_at"),)

    project_id: Mapped[Key]
    id: Mapped[Key]
    sink: Mapped[str]
    events: Mapped[list[str]] = mapped_column(ARRAY(Text))
    settings: Mapped[Document]
    secrets: Mapped[str | None]
    is_active: Mapped[bool] = mapped_column(Boolean, server_default="true")
    failures: Mapped[int] = mapped_column(Integer, server_default="0")
    blocked_until: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    disabled_for: Mapped[str | None]


class SendOut(Base):
    """One event on its way to one endpoint.

    Shapes: state is PENDING, RETRYING, SUCCEEDED, FAILED, SUSPENDED or CANCELED; envelope is the
        event as the sink gets it. customer_id is whom it tells of; tries count from first_tried_at.
    """

    __tablename__ = "send_outs"
    __table_args__ = (
        ForeignKeyConstraint(
            ["project_id", "endpoint_id"],
            ["event_endpoints.project_id", "event_endpoints.id"],
            ondelete="CASCADE",
        ),
        Index("uq_send_outs_event", "project_id", "endpoint_id", "event_id", unique=True),
        Index("ix_send_outs_created", "project_id", "created_at"),
        Index("ix_send_outs_endpoint", "project_id", "endpoint_id", "created_at"),
        Index("ix_send_outs_customer", "project_id", "customer_id"),
        Index(
            "ix_send_outs_due",
            "project_id",
            "endpoint_id",
            "next_at",
            postgresql_where=text("state IN ('PENDING', 'RETRYING')"),
        ),
    )

    project_id: Mapped[Key]
    id: Mapped[Key]
    endpoint_id: Mapped[str]
    event_id: Mapped[str]
    type: Mapped[str]
    customer_id: Mapped[str | None]
    envelope: Mapped[dict[str, Any]] = mapped_column(Json)
    state: Mapped[str] = mapped_column(server_default="PENDING")
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    status: Mapped[int | None] = mapped_column(Integer)
    answer: Mapped[str | None]
    error: Mapped[str | None]
    took_ms: Mapped[int | None] = mapped_column(Integer)
    created_at: Mapped[Moment]
    first_tried_at: Mapped[datetime | None]
    executed_at: Mapped[datetime | None]
    next_at: Mapped[datetime | None]


class ProjectPlugin(Base, Dated):
    """That a plugin is active for a project, with its settings."""

    __tablename__ = "project_plugins"

    project_id: Mapped[Key]
    plugin: Mapped[Key]
    settings: Mapped[Document]
    secrets: Mapped[str | None]
