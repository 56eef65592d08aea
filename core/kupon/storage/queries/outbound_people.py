"""Statements on persons in what platforms are to be told: who is gone, who was merged.

Source: spec adapters-marketing, sections 1.3 and 1.10.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from kupon.storage.queries.outbound_items import (
    MERGES,
    PROFILES,
    NewItem,
    insert_items,
    list_receivers,
    wake,
)
from kupon.storage.uow import UnitOfWork


def hold_customers(uow: UnitOfWork, customer_ids: Sequence[str]) -> set[str]:
    """Those of some customers that exist.

    Locks:  their rows against removal, by id: nobody is erased while something is stored of them.
    """
    if not customer_ids:
        return set()
    rows = uow.driver.execute(
        "SELECT id FROM customers WHERE project_id = %s AND id = ANY(%s) ORDER BY id FOR KEY SHARE",
        (uow.project_id, sorted(set(customer_ids))),
    )
    return {id for (id,) in rows}


# What waits of who is gone is the remaining one's; so no pair depends on another one.
_REDIRECT = (
    "UPDATE outbound_items SET customer_id = %(kept)s, payload = CASE kind"
    "  WHEN 'events' THEN jsonb_set(payload, '{data,customer}',"
    "   coalesce(payload #> '{data,customer}', '{}') || %(customer)s)"
    "  ELSE jsonb_set(payload, '{customer}', %(customer)s) END"
    " WHERE project_id = %(project)s AND customer_id = %(gone)s AND kind IN ('events', 'merges')",
    "DELETE FROM outbound_items WHERE project_id = %(project)s AND customer_id = %(gone)s"
    " AND kind = 'profiles'",
    "DELETE FROM pushed_profiles WHERE project_id = %(project)s AND customer_id = %(gone)s",
)


def redirect(uow: UnitOfWork, gone: Mapping[str, Any], kept: Mapping[str, Any]) -> None:
    """Have all platforms told that two customers are one, and what the one is now.

    Shapes:  both are what platforms may know them by, `id` among it. The connection that has merged
        them is not told of that.
    Locks:   both customers' rows must be locked.
    """
    told = {name: value for name, value in kept.items() if value is not None}
    values = {"project": uow.project_id, "gone": gone["id"], "kept": kept["id"]}
    for statement in _REDIRECT:
        uow.driver.execute(statement, values | {"customer": Jsonb(told)})
    pair = {"gone": dict(gone), "customer": told}
    for row in list_receivers(uow):
        insert_items(uow, _news(row.id, pair, is_origin=uow.origin == f"connection:{row.id}"))


def _news(connection_id: str, pair: Mapping[str, Any], *, is_origin: bool) -> list[NewItem]:
    kept = pair["customer"]["id"]
    profile = NewItem(
        connection_id=connection_id, kind=PROFILES, item_id=kept, customer_id=kept, payload={}
    )
    if is_origin:
        return [profile]
    merge = NewItem(
        connection_id=connection_id,
        kind=MERGES,
        item_id=pair["gone"]["id"],
        customer_id=kept,
        payload=pair,
    )
    return [merge, profile]


_SUPPRESS = (
    "DELETE FROM outbound_items WHERE project_id = %(project)s AND customer_id = %(customer)s"
    " AND kind <> 'erasures'",
    "DELETE FROM pushed_profiles WHERE project_id = %(project)s AND customer_id = %(customer)s",
    # Events of others name the customer as the holder of a code, or as who referred them.
    "UPDATE outbound_items SET payload = payload #- '{data,holder}' #- '{data,referrer}'"
    "  #- '{data,order,referrer}' #- '{data,order,referrer_id}'"
    " WHERE project_id = %(project)s AND kind = 'events' AND %(customer)s IN ("
    "  payload #>> '{data,holder,id}', payload #>> '{data,referrer,id}',"
    "  payload #>> '{data,order,referrer_id}')",
)
_ERASE = (
    "INSERT INTO outbound_items (project_id, connection_id, kind, item_id, customer_id, payload,"
    " available_at, created_at)"
    " SELECT project_id, id, 'erasures', %(item)s, %(customer)s, %(payload)s, %(now)s, %(now)s"
    " FROM connections WHERE project_id = %(project)s"
    " AND 'connection:' || id IS DISTINCT FROM %(origin)s::text ORDER BY id"
    " ON CONFLICT (project_id, connection_id, kind, item_id) DO NOTHING RETURNING connection_id"
)


def suppress_customer(uow: UnitOfWork, customer: Mapping[str, Any]) -> None:
    """Drop all that waits to be told of a customer, and have every platform forget the person.

    Shapes:  customer is what platforms may know the person by, its `id` among it. The connection
        that caused the erasure is not told of it.
    Locks:   the customer's row must be locked, so that nothing new is stored meanwhile.
    """
    values = {"project": uow.project_id, "customer": customer["id"]}
    for statement in _SUPPRESS:
        uow.driver.execute(statement, values)
    for number, known_as in enumerate((customer, *_former(uow, customer))):
        item = f"{customer['id']}.{number}" if number else customer["id"]
        payload = Jsonb({"customer": dict(known_as)})
        rows = uow.driver.execute(
            _ERASE,
            {**values, "item": item, "payload": payload, "origin": uow.origin, "now": uow.now},
        ).fetchall()
        for (connection_id,) in rows:
            wake(uow, connection_id)


def _former(uow: UnitOfWork, customer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Who was merged into a customer: platforms that were not told of it know them still."""
    rows = uow.driver.execute(
        "SELECT source_id FROM customer_aliases WHERE project_id = %s AND into_source_id = %s"
        " ORDER BY source_id",
        (uow.project_id, customer.get("source_id")),
    )
    return [{"id": customer["id"], "source_id": each, "object": "customer"} for (each,) in rows]


def finish_erasure(uow: UnitOfWork, seq: int, receipt: str) -> None:
    """Keep of an erasure that it was done, and nothing that tells of whom."""
    uow.driver.execute(
        "UPDATE outbound_items SET state = 'DONE', payload = '{}', reason = left(%s, 500),"
        " attempts = attempts + 1, available_at = %s WHERE project_id = %s AND seq = %s",
        (receipt, uow.now, uow.project_id, seq),
    )


def leave_pending(uow: UnitOfWork, seq: int, ref: str, note: str, asked_at: datetime) -> None:
    """Keep of an erasure what the platform calls it, and nothing that tells of whom."""
    uow.driver.execute(
        "UPDATE outbound_items SET state = 'PENDING', payload = %s, reason = left(%s, 500),"
        " attempts = attempts + 1, available_at = %s WHERE project_id = %s AND seq = %s",
        (Jsonb({"ref": ref}), note, asked_at, uow.project_id, seq),
    )


def ask_pending(uow: UnitOfWork) -> int:
    """Have asked, in all projects, what became of erasures whose time it is; how many."""
    return uow.driver.execute(
        "UPDATE outbound_items SET state = 'WAITING'"
        " WHERE kind = 'erasures' AND state = 'PENDING' AND available_at <= %s",
        (uow.now,),
    ).rowcount
