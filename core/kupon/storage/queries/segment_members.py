"""Statements on who is in which segment, and on the walks through all customers that find out.

Source: spec rules-and-qualification, section 15.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

from kupon.storage.uow import UnitOfWork

# A segment and a customer in it.
Membership = tuple[str, str]


def lock_customers(uow: UnitOfWork, customer_ids: Iterable[str]) -> None:
    """Wait until nobody else finds out what these customers are in.

    Locks:   an advisory lock for each customer, in one order, until the transaction ends. It is
        apart from the customers' rows, so that no request waits for it. Who reads a customer under
        the lock sees no less than those who had it before, and an event will tell of all the rest.
    """
    uow.driver.execute(
        "SELECT pg_advisory_xact_lock(key) FROM (SELECT DISTINCT"
        " hashtextextended('segments ' || %s || ' ' || id, 0) AS key"
        " FROM unnest(%s::text[]) AS id ORDER BY key) AS keys",
        (uow.project_id, list(customer_ids)),
    )


def find_memberships(uow: UnitOfWork, customer_ids: Sequence[str]) -> dict[str, set[str]]:
    """The segments that customers are in, by customer."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    rows = uow.driver.execute(
        "SELECT customer_id, segment_id FROM segment_members"
        " WHERE project_id = %s AND customer_id = ANY(%s)",
        (uow.project_id, list(customer_ids)),
    )
    for customer_id, segment_id in rows:
        found[customer_id].add(segment_id)
    return found


def insert_members(uow: UnitOfWork, members: Sequence[Membership]) -> set[Membership]:
    """Put customers into segments; those that were not in before, and that exist.

    Locks:   segments and customers against removal.
    """
    if not members:
        return set()
    inserted = uow.driver.execute(
        "INSERT INTO segment_members (project_id, segment_id, customer_id)"
        " SELECT s.project_id, s.id, c.id"
        " FROM unnest(%(segments)s::text[], %(customers)s::text[]) AS new(segment_id, customer_id)"
        " JOIN segments s ON s.project_id = %(project_id)s AND s.id = new.segment_id"
        " JOIN customers c ON c.project_id = %(project_id)s AND c.id = new.customer_id"
        " ORDER BY s.id, c.id FOR KEY SHARE OF s, c"
        " ON CONFLICT DO NOTHING RETURNING segment_id, customer_id",
        _columns(uow, members),
    )
    return {(segment_id, customer_id) for segment_id, customer_id in inserted}


def delete_members(uow: UnitOfWork, members: Sequence[Membership]) -> set[Membership]:
    """Take customers out of segments; those that were in.

    Locks:   call it after insert_members: removing a segment locks it before its members.
    """
    if not members:
        return set()
    deleted = uow.driver.execute(
        "DELETE FROM segment_members m"
        " USING unnest(%(segments)s::text[], %(customers)s::text[]) AS old(segment_id, customer_id)"
        " WHERE m.project_id = %(project_id)s AND m.segment_id = old.segment_id"
        " AND m.customer_id = old.customer_id RETURNING m.segment_id, m.customer_id",
        _columns(uow, members),
    )
    return {(segment_id, customer_id) for segment_id, customer_id in deleted}


def _columns(uow: UnitOfWork, members: Sequence[Membership]) -> dict[str, object]:
    return {
        "project_id": uow.project_id,
        "segments": [segment_id for segment_id, _ in members],
        "customers": [customer_id for _, customer_id in members],
    }


def insert_named(uow: UnitOfWork, segment_id: str, references: Sequence[str]) -> None:
    """Put the customers that are named by id or source id into a segment.

    Shapes:  names that nobody has are left out.
    Locks:   customers against removal.
    """
    uow.driver.execute(
        "INSERT INTO segment_members (project_id, segment_id, customer_id)"
        " SELECT c.project_id, %(segment_id)s, c.id FROM customers c"
        " WHERE c.project_id = %(project_id)s AND c.id IN ("
        "  SELECT id FROM customers"
        "  WHERE project_id = %(project_id)s AND id = ANY(%(references)s)"
        "  UNION SELECT id FROM customers"
        "  WHERE project_id = %(project_id)s AND source_id = ANY(%(references)s))"
        " ORDER BY c.id FOR KEY SHARE OF c ON CONFLICT DO NOTHING",
        {
            "project_id": uow.project_id,
            "segment_id": segment_id,
            "references": list(references),
        },
    )


def next_customers(uow: UnitOfWork, after: str, most: int) -> list[str]:
    """The ids of the customers that follow an id in a walk through all of them."""
    rows = uow.driver.execute(
        "SELECT id FROM customers WHERE project_id = %s AND id > %s ORDER BY id LIMIT %s",
        (uow.project_id, after, most),
    )
    return [id for (id,) in rows]


def swept_days(uow: UnitOfWork) -> list[tuple[str, str, date]]:
    """Every project with filtered segments, its time zone, and the oldest day of their sweeps."""
    return uow.driver.execute(
        "SELECT p.id, p.timezone, min(s.swept_on) FROM segments s"
        " JOIN projects p ON p.id = s.project_id WHERE s.type <> 'static' GROUP BY p.id"
    ).fetchall()


def begin_sweep(uow: UnitOfWork, project_id: str, handler: str, day: date) -> None:
    """Have a worker look at all customers of a project anew, and remember the day."""
    uow.driver.execute(
        "WITH swept AS (UPDATE segments SET swept_on = %(day)s"
        "  WHERE project_id = %(project_id)s AND type <> 'static')"
        " INSERT INTO jobs (project_id, handler, order_key, arguments, available_at, created_at)"
        """ VALUES (%(project_id)s, %(handler)s, '', '{"after": ""}', %(now)s, %(now)s)""",
        {"project_id": project_id, "handler": handler, "day": day, "now": uow.now},
    )
