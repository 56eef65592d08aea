"""Connections with platforms, what comes in over them, and what goes out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from kupon.storage.tables.base import Base, Dated, Document, Json, Key, Moment


class Connection(Base, Dated):
    """A project's link with one account of a platform.

    Shapes: token is the last part of its address; settings are what may be shown, secrets the rest,
        encrypted; state is what provisioning returned, provision_at when that is repeated; outbound
        says what the platform is told, as on the wire, schedule when what is pulled. status is
        ACTIVE, PAUSED (by somebody) or BROKEN (by the platform). failures counts those in a row;
        blocked_until is when the circuit closes again.
    """

    __tablename__ = "connections"
    __table_args__ = (
        UniqueConstraint("token"),
        UniqueConstraint("project_id", "name"),
        Index("ix_connections_adapter", "project_id", "adapter"),
    )

    project_id: Mapped[Key]
    id: Mapped[Key]
    adapter: Mapped[str]
    name: Mapped[str]
    token: Mapped[str]
    key_id: Mapped[str | None]
    settings: Mapped[Document]
    secrets: Mapped[str | None]
    state: Mapped[Document]
    outbound: Mapped[Document]
    schedule: Mapped[Document]
    provision_at: Mapped[datetime | None]
    status: Mapped[str] = mapped_column(server_default="ACTIVE")
    last_error: Mapped[str | None]
    last_error_at: Mapped[datetime | None]
    last_success_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(Integer, server_default="0")
    blocked_until: Mapped[datetime | None]


def _of_connection() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["project_id", "connection_id"],
        ["connections.project_id", "connections.id"],
        ondelete="CASCADE",
    )


class InboxEntry(Base):
    """An event of a platform, stored before it is answered.

    Shapes: delivery_id is the platform's name of it; state is WAITING, DONE, IGNORED or PARKED,
        which is a dead letter until somebody replays it. told_state is the last one that its sender
        was told of, empty before the first, None where nobody wants to know.
    """

    __tablename__ = "inbox"
    __table_args__ = (
        _of_connection(),
        UniqueConstraint("project_id", "connection_id", "delivery_id"),
        Index(
            "ix_inbox_waiting",
            "project_id",
            "connection_id",
            "subject",
            "seq",
            postgresql_where=text("state = 'WAITING'"),
        ),
        Index("ix_inbox_state", "project_id", "connection_id", "state", "seq"),
        Index("ix_inbox_received", "received_at"),
        Index(
            "ix_inbox_untold",
            "project_id",
            "connection_id",
            "seq",
            postgresql_where=text("told_state <> state AND state <> 'WAITING'"),
        ),
    )

    project_id: Mapped[Key]
    seq: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    connection_id: Mapped[str]
    delivery_id: Mapped[str]
    event: Mapped[str]
    subject: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    occurred_at: Mapped[datetime | None]
    received_at: Mapped[Moment]
    state: Mapped[str] = mapped_column(server_default="WAITING")
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    error: Mapped[str | None]
    processed_at: Mapped[datetime | None]
    told_state: Mapped[str | None]


class PlatformRecord(Base):
    """The newest state of a platform's object that was applied; older ones are passed over.

    Shapes: missing_in is the run of a sweep that has not come across the object yet.
    """

    __tablename__ = "platform_records"
    __table_args__ = (
        _of_connection(),
        Index(
            "ix_platform_records_missing",
            "project_id",
            "missing_in",
            "source_id",
            postgresql_where="missing_in IS NOT NULL",
        ),
    )

    project_id: Mapped[Key]
    connection_id: Mapped[Key]
    kind: Mapped[Key]
    source_id: Mapped[Key]
    version: Mapped[int | None] = mapped_column(BigInteger)
    at: Mapped[datetime | None]
    is_deleted: Mapped[bool] = mapped_column(server_default="false")
    missing_in: Mapped[str | None]


class SyncRun(Base, Dated):
    """A pull of one resource, from its beginning to its end or to where it was stopped.

    Shapes: mode is FULL or INCREMENTAL; state is WAITING, RUNNING, DONE, FAILED or CANCELED; cursor
        is the platform's, committed with each page; since bounds an incremental one. A sweep marks
        as deleted, in the end, what it has not come across; deleted counts that.
    """

    __tablename__ = "sync_runs"
    __table_args__ = (
        _of_connection(),
        Index("ix_sync_runs_connection", "project_id", "connection_id", "created_at"),
        # One at a time of a resource.
        Index(
            "uq_sync_runs_open",
            "project_id",
            "connection_id",
            "resource",
            unique=True,
            postgresql_where="state IN ('WAITING', 'RUNNING')",
        ),
    )

    project_id: Mapped[Key]
    id: Mapped[Key]
    connection_id: Mapped[str]
    resource: Mapped[str]
    mode: Mapped[str]
    is_sweep: Mapped[bool] = mapped_column(server_default="false")
    state: Mapped[str] = mapped_column(server_default="WAITING")
    since: Mapped[datetime | None]
    cursor: Mapped[str | None]
    total: Mapped[int | None] = mapped_column(BigInteger)
    done: Mapped[int] = mapped_column(BigInteger, server_default="0")
    skipped: Mapped[int] = mapped_column(BigInteger, server_default="0")
    deleted: Mapped[int] = mapped_column(BigInteger, server_default="0")
    failed: Mapped[list[dict[str, Any]]] = mapped_column(Json, server_default="[]")
    error: Mapped[str | None]
    finished_at: Mapped[datetime | None]


class OutboundItem(Base):
    """What a platform is to be told: a profile, an event, a code, or to forget a customer.

    Shapes: kind is profiles, events, codes or erasures; item_id is the same for every try, and of
        profiles and codes the id of what is looked up when it is told. state is WAITING, REJECTED
        or PARKED; what was taken is deleted and counted in the connection's statistics, but for
        erasures, which stay as DONE, without what they were about, for proof.
    """

    __tablename__ = "outbound_items"
    __table_args__ = (
        _of_connection(),
        UniqueConstraint("project_id", "connection_id", "kind", "item_id"),
        Index("ix_outbound_items_state", "project_id", "connection_id", "state", "kind", "seq"),
        Index("ix_outbound_items_customer", "project_id", "customer_id"),
    )

    project_id: Mapped[Key]
    seq: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    connection_id: Mapped[str]
    kind: Mapped[str]
    item_id: Mapped[str]
    customer_id: Mapped[str | None]
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    state: Mapped[str] = mapped_column(server_default="WAITING")
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    available_at: Mapped[Moment]
    reason: Mapped[str | None]
    created_at: Mapped[Moment]


class PushedProfile(Base):
    """What a platform last got of a customer, so that it only hears of changes."""

    __tablename__ = "pushed_profiles"
    __table_args__ = (_of_connection(),)

    project_id: Mapped[Key]
    connection_id: Mapped[Key]
    customer_id: Mapped[Key]
    digest: Mapped[str]
    pushed_at: Mapped[Moment]


class ToldCode(Base):
    """A code that a platform has been told of, so that it hears of what befalls the campaign."""

    __tablename__ = "told_codes"
    __table_args__ = (
        _of_connection(),
        Index("ix_told_codes_campaign", "project_id", "connection_id", "campaign_id", "voucher_id"),
    )

    project_id: Mapped[Key]
    connection_id: Mapped[Key]
    voucher_id: Mapped[Key]
    campaign_id: Mapped[str | None]
    code: Mapped[str]


class ConnectionCount(Base):
    """What went through a connection on one day of the project, by kind ("inbox.done")."""

    __tablename__ = "connection_counts"
    __table_args__ = (_of_connection(),)

    project_id: Mapped[Key]
    connection_id: Mapped[Key]
    day: Mapped[Key]
    kind: Mapped[Key]
    count: Mapped[int] = mapped_column(BigInteger, server_default="0")


class PlatformCheckout(Base, Dated):
    """An order of a platform and what became of its incentives.

    Shapes: state is LOCKED, REDEEMED, REDEEM_FAILED, ROLLED_BACK or RELEASED; redeemables are what
        the order wants, passed_over those that did not apply, as {id, reason}; redemption_ids are
        what a rollback takes back; digest tells the lines that were redeemed.
    """

    __tablename__ = "platform_checkouts"
    __table_args__ = (
        _of_connection(),
        Index("ix_platform_checkouts_key", "project_id", "connection_id", "checkout_key"),
        Index("ix_platform_checkouts_created", "project_id", "connection_id", "created_at"),
    )

    project_id: Mapped[Key]
    connection_id: Mapped[Key]
    order_source_id: Mapped[Key]
    checkout_key: Mapped[str | None]
    state: Mapped[str]
    redeemables: Mapped[list[dict[str, Any]]] = mapped_column(Json, server_default="[]")
    passed_over: Mapped[list[dict[str, Any]]] = mapped_column(Json, server_default="[]")
    redemption_ids: Mapped[list[str]] = mapped_column(Json, server_default="[]")
    digest: Mapped[str | None]
    error: Mapped[str | None]


class CustomerAlias(Base):
    """That a source id means another customer, since the two were merged."""

    __tablename__ = "customer_aliases"
    __table_args__ = (Index("ix_customer_aliases_into", "project_id", "into_source_id"),)

    project_id: Mapped[Key]
    source_id: Mapped[Key]
    into_source_id: Mapped[str]
