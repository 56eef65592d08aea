"""Statements on what platforms are to be told.

No row is locked while a platform is called: the line of its connection's job keeps others away,
and what was removed or renewed meanwhile is left alone by whoever comes back with an outcome.

Source: spec adapters-marketing, sections 1.8 and 1.10.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import class_row
from psycopg.types.json import Jsonb
from sqlalchemy import select

from kupon.kit.errors import not_found
from kupon.storage.queries.outbox import ensure_job, release_job
from kupon.storage.tables.integrations import OutboundItem
from kupon.storage.uow import UnitOfWork

# The job that tells a connection's platform; its line is the connection's id.
PUSH = "integrations.push"

PROFILES, EVENTS, CODES, ERASURES = "profiles", "events", "codes", "erasures"
MERGES, ORDERS = "merges", "orders"
KINDS = (PROFILES, EVENTS, CODES, MERGES, ORDERS, ERASURES)
WAITING, REJECTED, PARKED, DONE = "WAITING", "REJECTED", "PARKED", "DONE"
# An erasure that goes on on the platform.
PENDING = "PENDING"
STATES = (WAITING, REJECTED, PARKED, PENDING, DONE)
# What was not taken, and may be told again by hand.
LEFT = (REJECTED, PARKED)
# No number that the database knows.
_BEYOND = 2**63
# What is looked up when it is told, so that one item is enough for any number of changes.
_LOOKED_UP = (PROFILES, CODES, ORDERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewItem:
    """Something to tell; payload is plain JSON."""

    connection_id: str
    kind: str
    item_id: str
    customer_id: str | None
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ItemRow:
    """Something that waits to be told."""

    seq: int
    item_id: str
    customer_id: str | None
    payload: dict[str, Any]
    attempts: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ReceiverRow:
    """A connection that may be told of something; outbound is as it is stored."""

    id: str
    adapter: str
    outbound: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of an item that was not taken; available_at where it waits for another try."""

    seq: int
    state: str
    reason: str
    available_at: datetime | None = None


def list_receivers(uow: UnitOfWork) -> list[ReceiverRow]:
    """All connections of the unit's project."""
    with uow.reader.cursor(row_factory=class_row(ReceiverRow)) as cursor:
        return cursor.execute(
            "SELECT id, adapter, outbound FROM connections WHERE project_id = %s ORDER BY id",
            (uow.project_id,),
        ).fetchall()


_INSERT = (
    "INSERT INTO outbound_items (project_id, connection_id, kind, item_id, customer_id, payload,"
    " available_at, created_at)"
    " VALUES (%(project)s, %(connection)s, %(kind)s, %(item)s, %(customer)s, %(payload)s,"
    " %(now)s, %(now)s)"
    " ON CONFLICT (project_id, connection_id, kind, item_id) DO "
)
# A new number, so that whoever tells the older state right now leaves the item where it is.
RENEW = (
    "UPDATE SET seq = DEFAULT, state = 'WAITING', attempts = 0, reason = NULL,"
    " payload = excluded.payload, available_at = excluded.available_at,"
    " created_at = excluded.created_at"
)


def insert_items(uow: UnitOfWork, items: Sequence[NewItem]) -> None:
    """Store what is to be told, and have it told after the commit; an event only once.

    Locks:   items of the same profiles and codes, in the order of their ids.
    """
    ordered = sorted(items, key=lambda each: (each.connection_id, each.kind, each.item_id))
    kept = [each for each in items if each.kind not in _LOOKED_UP]
    renewed = [each for each in ordered if each.kind in _LOOKED_UP]
    with uow.driver.cursor() as cursor:
        for action, group in (("NOTHING", kept), (RENEW, renewed)):
            if group:
                cursor.executemany(_INSERT + action, [_parameters(uow, each) for each in group])
    for connection_id in dict.fromkeys(each.connection_id for each in ordered):
        wake(uow, connection_id)


def _parameters(uow: UnitOfWork, item: NewItem) -> dict[str, Any]:
    return {
        "project": uow.project_id,
        "connection": item.connection_id,
        "kind": item.kind,
        "item": item.item_id,
        "customer": item.customer_id,
        "payload": Jsonb(dict(item.payload)),
        "now": uow.now,
    }


def wake(uow: UnitOfWork, connection_id: str) -> None:
    """Have a connection's items told after the commit."""
    ensure_job(uow, PUSH, connection_id, {"connection_id": connection_id})


def resume(uow: UnitOfWork, connection_id: str) -> None:
    """Have a connection's items told after the commit, however long they were to wait."""
    uow.driver.execute(
        "UPDATE outbound_items SET available_at = %(now)s WHERE project_id = %(project)s"
        " AND connection_id = %(connection)s AND state = 'WAITING' AND available_at > %(now)s",
        {"project": uow.project_id, "connection": connection_id, "now": uow.now},
    )
    release_job(uow, PUSH, connection_id)
    wake(uow, connection_id)


def find_due(uow: UnitOfWork, connection_id: str, kind: str, most: int) -> list[ItemRow]:
    """The oldest items of a kind that may be told now, in their order."""
    with uow.driver.cursor(row_factory=class_row(ItemRow)) as cursor:
        return cursor.execute(
            "SELECT seq, item_id, customer_id, payload, attempts, created_at FROM outbound_items"
            " WHERE project_id = %s AND connection_id = %s AND state = 'WAITING' AND kind = %s"
            " AND available_at <= %s ORDER BY seq LIMIT %s",
            (uow.project_id, connection_id, kind, uow.now, most),
        ).fetchall()


def find_untellable(uow: UnitOfWork, connection_id: str, kind: str) -> list[int]:
    """The numbers of what waits of a kind of which the platform can't be told."""
    rows = uow.driver.execute(
        "SELECT seq FROM outbound_items WHERE project_id = %s AND connection_id = %s"
        " AND state = 'WAITING' AND kind = %s ORDER BY seq LIMIT 1000",
        (uow.project_id, connection_id, kind),
    )
    return [seq for (seq,) in rows]


_WAITING = (
    " FROM outbound_items WHERE project_id = %(project)s AND connection_id = %(connection)s"
    " AND state = 'WAITING'"
)


def next_due(uow: UnitOfWork, connection_id: str) -> datetime | None:
    """When the next item of a connection may be told, or any that may be now; None for none.

    Behind one that may be told now there may be a million, at which nobody needs to look.
    """
    row = uow.driver.execute(
        "SELECT coalesce("
        f"(SELECT available_at{_WAITING} AND available_at <= %(now)s LIMIT 1),"
        f" (SELECT min(available_at){_WAITING}))",
        {"project": uow.project_id, "connection": connection_id, "now": uow.now},
    ).fetchone()
    found: datetime | None = None if row is None else row[0]
    return found


def lock_items(uow: UnitOfWork, seqs: Sequence[int]) -> None:
    """Keep others from renewing or removing items, before their outcomes are noted.

    Locks:   the items, in the order in which `insert_items` renews them. Whoever locks customers
        too does that before.
    """
    uow.driver.execute(
        "SELECT seq FROM outbound_items WHERE project_id = %s AND seq = ANY(%s)"
        " ORDER BY kind, item_id FOR UPDATE",
        (uow.project_id, list(seqs)),
    )


def delete_items(uow: UnitOfWork, seqs: Sequence[int]) -> None:
    """The platform took these; those that were renewed meanwhile have other numbers and stay."""
    if seqs:
        uow.driver.execute(
            "DELETE FROM outbound_items WHERE project_id = %s AND seq = ANY(%s)",
            (uow.project_id, list(seqs)),
        )


def settle_items(uow: UnitOfWork, settled: Sequence[Settled]) -> None:
    """Note what became of items that were not taken, each as tried once more."""
    if not settled:
        return
    uow.driver.execute(
        "UPDATE outbound_items i SET state = s.state, reason = left(s.reason, 500),"
        " attempts = i.attempts + 1, available_at = coalesce(s.available_at, i.available_at)"
        " FROM unnest(%(seqs)s::bigint[], %(states)s::text[], %(reasons)s::text[],"
        "  %(moments)s::timestamptz[]) AS s(seq, state, reason, available_at)"
        " WHERE i.project_id = %(project)s AND i.seq = s.seq",
        {
            "project": uow.project_id,
            "seqs": [each.seq for each in settled],
            "states": [each.state for each in settled],
            "reasons": [each.reason for each in settled],
            "moments": [each.available_at for each in settled],
        },
    )


def replay_items(
    uow: UnitOfWork, connection_id: str, *, states: Sequence[str], seqs: Sequence[int] | None
) -> int:
    """Tell items again that were rejected or given up; how many. None for all of them.

    Shapes:  they count as tried before.
    """
    rows = uow.driver.execute(
        "UPDATE outbound_items SET state = 'WAITING', attempts = 1, reason = NULL,"
        " available_at = %(now)s, created_at = %(now)s"
        " WHERE project_id = %(project)s AND connection_id = %(connection)s"
        " AND state = ANY(%(states)s) AND (%(seqs)s::bigint[] IS NULL OR seq = ANY(%(seqs)s))",
        {
            "project": uow.project_id,
            "connection": connection_id,
            "now": uow.now,
            "states": list(states),
            "seqs": None if seqs is None else list(seqs),
        },
    )
    if rows.rowcount:
        wake(uow, connection_id)
    return rows.rowcount


def count_items(uow: UnitOfWork, connection_id: str) -> dict[str, int]:
    """How many items a connection has in each state."""
    rows = uow.driver.execute(
        "SELECT state, count(*) FROM outbound_items WHERE project_id = %s AND connection_id = %s"
        " GROUP BY state ORDER BY state",
        (uow.project_id, connection_id),
    )
    return dict(rows.fetchall())


def list_items(
    uow: UnitOfWork,
    connection_id: str,
    *,
    states: Sequence[str],
    kinds: Sequence[str],
    before: int | None,
    limit: int,
) -> Sequence[OutboundItem]:
    """Items of a connection, the newest first.

    Shapes:  before is the number after which the last page has ended.
    """
    statement = select(OutboundItem).where(
        OutboundItem.project_id == uow.project_id,
        OutboundItem.connection_id == connection_id,
        OutboundItem.state.in_(states),
        OutboundItem.kind.in_(kinds),
    )
    if before is not None:
        statement = statement.where(OutboundItem.seq < before)
    return uow.session.scalars(statement.order_by(OutboundItem.seq.desc()).limit(limit)).all()


def get_item(uow: UnitOfWork, connection_id: str, seq: int) -> OutboundItem:
    """An item by its number.

    Raises:  not_found.
    """
    row = uow.session.get(OutboundItem, (uow.project_id, seq)) if seq < _BEYOND else None
    if row is None or row.connection_id != connection_id:
        raise not_found("outbound_item", str(seq))
    return row


def purge_items(uow: UnitOfWork, before: datetime) -> int:
    """Forget, in all projects, what was rejected or given up before a moment; how many."""
    return uow.driver.execute(
        "DELETE FROM outbound_items WHERE state IN ('REJECTED', 'PARKED')"
        " AND kind <> 'erasures' AND created_at < %s",
        (before,),
    ).rowcount


def wake_forgotten(uow: UnitOfWork) -> int:
    """Have what waits in active connections of all projects told where no job is left; how many.

    That is what a connection left behind whose job met a pause or a failure of the platform.
    """
    return uow.driver.execute(
        "INSERT INTO jobs (project_id, handler, order_key, arguments, available_at, created_at)"
        " SELECT c.project_id, %(handler)s, c.id, jsonb_build_object('connection_id', c.id),"
        "  %(now)s, %(now)s FROM connections c WHERE c.status = 'ACTIVE'"
        " AND EXISTS (SELECT 1 FROM outbound_items i WHERE i.project_id = c.project_id"
        "  AND i.connection_id = c.id AND i.state = 'WAITING' AND i.available_at <= %(now)s)"
        " AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.project_id = c.project_id"
        "  AND j.handler = %(handler)s AND j.order_key = c.id AND j.dead_at IS NULL)",
        {"handler": PUSH, "now": uow.now},
    ).rowcount
