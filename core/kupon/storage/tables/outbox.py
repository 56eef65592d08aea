"""What must happen after a commit: domain events, and the jobs that deliver them or do work."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Identity, Index, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from kupon.storage.tables.base import Base, Json, Key, Moment


class Event(Base):
    """A fact, staged in the transaction that made it true.

    `seq` orders the events of one aggregate: they are staged under the aggregate's row lock.
    `source` is the wire's event_source of the request that made it; empty for background work.
    `origin` is the mark of the connection that caused it, which is not told of it.
    """

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_waiting", "seq", postgresql_where=text("relayed_at IS NULL")),
        # Compressing what is soon deleted costs a redemption more than its space is worth.
        {"postgresql_with": {"toast_tuple_target": "8160"}},
    )

    project_id: Mapped[Key]
    seq: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    name: Mapped[str]
    aggregate_id: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    request_id: Mapped[str | None]
    source: Mapped[dict[str, Any] | None] = mapped_column(Json)
    origin: Mapped[str | None]
    created_at: Mapped[Moment]
    relayed_at: Mapped[datetime | None]


class Job(Base):
    """Work that a worker owes: a delivery of an event to a consumer, or a background task.

    `order_key` keeps jobs of one handler in the order of their ids where it is equal. A job that
    failed too often stays with `dead_at` set, and holds its key back no longer.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        # Of which no worker was told yet; so a backlog that was told costs the relay nothing.
        Index(
            "ix_jobs_untold",
            "available_at",
            "id",
            postgresql_where=text("dead_at IS NULL AND enqueued_at IS NULL"),
        ),
        Index(
            "ix_jobs_order",
            "order_key",
            "handler",
            "project_id",
            "id",
            postgresql_where=text("dead_at IS NULL"),
        ),
    )

    project_id: Mapped[Key]
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    handler: Mapped[str]
    order_key: Mapped[str]
    arguments: Mapped[dict[str, Any]] = mapped_column(Json)
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    available_at: Mapped[Moment]
    enqueued_at: Mapped[datetime | None]
    dead_at: Mapped[datetime | None]
    last_error: Mapped[str | None]
    created_at: Mapped[Moment]


class Schedule(Base):
    """When a periodic task is due next."""

    __tablename__ = "schedules"

    name: Mapped[Key]
    due_at: Mapped[Moment]
