"""Statements that remove a customer: the profile alone, or every trace of it.

Facts that other numbers rest on (uses of codes, amounts of orders) stay, without the person.
Source: spec api-conventions, section 14; events-webhooks-data, "Permanent customer deletion".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kupon.kit.errors import not_found
from kupon.storage.queries.outbound_people import suppress_customer
from kupon.storage.uow import UnitOfWork

_DELETE_FEED = "DELETE FROM activities WHERE project_id = %(project_id)s AND customer_id = %(id)s"


@dataclass(frozen=True, slots=True)
class Erased:
    """How many records were removed or made anonymous."""

    customers: int
    segments: int
    orders: int
    order_activities: int
    other_activities: int
    events: int


def delete_customer(uow: UnitOfWork, customer_id: str) -> int:
    """Remove a profile with its activity feed and memberships; whether there was one, as 1 or 0."""
    _execute(uow, _DELETE_FEED, customer_id)
    return _execute(
        uow, "DELETE FROM customers WHERE project_id = %(project_id)s AND id = %(id)s", customer_id
    )


def lock_traced_customer(uow: UnitOfWork, reference: str) -> str:
    """The id of a customer by id or source id, or the id itself where only traces are left.

    Raises:  not_found when nothing is known of it.
    Locks:   the customer's row.
    """
    found = uow.driver.execute(
        "SELECT id FROM customers WHERE project_id = %(project_id)s"
        " AND (id = %(id)s OR source_id = %(id)s) ORDER BY id = %(id)s DESC LIMIT 1 FOR UPDATE",
        {"project_id": uow.project_id, "id": reference},
    ).fetchone()
    found = (
        found
        or uow.driver.execute(
            "SELECT customer_id FROM orders WHERE project_id = %(project_id)s"
            " AND customer_id = %(id)s"
            " UNION ALL SELECT customer_id FROM redemptions WHERE project_id = %(project_id)s"
            " AND customer_id = %(id)s"
            " UNION ALL SELECT customer_id FROM publications WHERE project_id = %(project_id)s"
            " AND customer_id = %(id)s"
            " UNION ALL SELECT aggregate_id FROM events WHERE project_id = %(project_id)s"
            " AND aggregate_id = %(id)s AND payload #> '{customer,created_at}' IS NOT NULL LIMIT 1",
            {"project_id": uow.project_id, "id": reference},
        ).fetchone()
    )
    if found is None:
        raise not_found("customer", reference)
    customer_id: str = found[0]
    return customer_id


def erase_traces(uow: UnitOfWork, customer_id: str) -> Erased:
    """Delete what tells of a customer, and take the customer out of what must stay.

    Platforms that the project is connected with are to forget the customer too.
    Locks:  the customer's row must be locked.
    """
    suppress_customer(uow, _known_as(uow, customer_id))
    orders = _make_anonymous(uow, customer_id)
    order_activities = _execute(
        uow,
        "DELETE FROM activities WHERE project_id = %(project_id)s AND customer_id = %(id)s"
        " AND type LIKE 'customer.order.%%'",
        customer_id,
    )
    other_activities = _execute(uow, _DELETE_FEED, customer_id)
    # The feeds of others name this customer as their referrer or as a code's holder.
    _execute(
        uow,
        "UPDATE activities SET data = jsonb_set(data #- '{data,referrer}' #- '{data,holder}'"
        "  #- '{data,order,referrer}', '{data,order,referrer_id}', 'null', false)"
        " WHERE project_id = %(project_id)s"
        " AND %(id)s IN (data #>> '{data,referrer,id}', data #>> '{data,holder,id}')",
        customer_id,
    )
    events = _execute(
        uow,
        "DELETE FROM events WHERE project_id = %(project_id)s"
        " AND strpos(payload::text, %(id)s) > 0",
        customer_id,
    )
    segments = _execute(
        uow,
        "DELETE FROM segment_members WHERE project_id = %(project_id)s AND customer_id = %(id)s",
        customer_id,
    )
    _erase_loyalty(uow, customer_id)
    # What was sent to receivers, and what waits: the log keeps that it was.
    _execute(
        uow,
        "UPDATE send_outs SET envelope = '{}', answer = NULL, customer_id = NULL, next_at = NULL,"
        " state = CASE WHEN state IN ('PENDING', 'RETRYING', 'SUSPENDED') THEN 'CANCELED'"
        "  ELSE state END"
        " WHERE project_id = %(project_id)s"
        " AND (customer_id = %(id)s OR strpos(envelope::text, %(id)s) > 0)",
        customer_id,
    )
    for statement in _TOLD_BY_PLATFORMS:
        _execute(uow, statement, customer_id)
    # Answers kept for repeated requests spell the customer out.
    _execute(
        uow,
        "DELETE FROM idempotency_keys WHERE project_id = %(project_id)s"
        " AND position(convert_to(%(id)s, 'UTF8') IN body) > 0",
        customer_id,
    )
    return Erased(
        customers=delete_customer(uow, customer_id),
        segments=segments,
        orders=orders,
        order_activities=order_activities,
        other_activities=other_activities,
        events=events,
    )


def _known_as(uow: UnitOfWork, customer_id: str) -> dict[str, Any]:
    """By what platforms may know a customer; of one that was deleted, what events still tell."""
    row = uow.driver.execute(
        "SELECT source_id, name, email, phone FROM customers"
        " WHERE project_id = %(project_id)s AND id = %(id)s"
        " UNION ALL (SELECT payload #>> '{customer,source_id}', payload #>> '{customer,name}',"
        "  payload #>> '{customer,email}', payload #>> '{customer,phone}' FROM events"
        "  WHERE project_id = %(project_id)s AND aggregate_id = %(id)s"
        "  AND payload #> '{customer,created_at}' IS NOT NULL ORDER BY seq DESC LIMIT 1) LIMIT 1",
        {"project_id": uow.project_id, "id": customer_id},
    ).fetchone()
    values = row or (None, None, None, None)
    known = dict(zip(("source_id", "name", "email", "phone"), values, strict=True))
    return {"id": customer_id, **known, "object": "customer"}


def _make_anonymous(uow: UnitOfWork, customer_id: str) -> int:
    """Take a customer out of redemptions, orders and codes; how many orders.

    Locks:  redemptions, orders, codes: the order in which rollbacks take them.
    """
    _execute(
        uow,
        "UPDATE redemptions SET customer_id = NULL, tracking_id = NULL, metadata = '{}',"
        " order_figures = (order_figures - 'customer' - 'referrer') || jsonb_build_object("
        "  'customer_id', NULL, 'referrer_id', NULL, 'source_id', NULL, 'metadata', '{}'::jsonb,"
        "  'items', (SELECT coalesce(jsonb_agg(line - 'metadata' ORDER BY place), '[]')"
        "   FROM jsonb_array_elements(order_figures -> 'items')"
        "   WITH ORDINALITY AS lines(line, place)))"
        " WHERE project_id = %(project_id)s AND customer_id = %(id)s",
        customer_id,
    )
    orders = _execute(
        uow,
        "UPDATE orders SET customer_id = NULL, source_id = NULL, metadata = '{}', items = ("
        "  SELECT coalesce(jsonb_agg(line - 'metadata' ORDER BY place), '[]')"
        "  FROM jsonb_array_elements(items) WITH ORDINALITY AS lines(line, place)),"
        " updated_at = %(now)s WHERE project_id = %(project_id)s AND customer_id = %(id)s",
        customer_id,
    )
    _execute(
        uow,
        "UPDATE orders SET referrer_id = NULL"
        " WHERE project_id = %(project_id)s AND referrer_id = %(id)s",
        customer_id,
    )
    _take_codes_back(uow, customer_id)
    return orders


_LOYALTY = (
    # Points that nobody gets any more; the sums of cards are written under their locks.
    "WITH gone AS (DELETE FROM pending_points WHERE project_id = %(project_id)s"
    "  AND customer_id = %(id)s RETURNING voucher_id, points, status),"
    " left_over AS (SELECT voucher_id, sum(points)::bigint AS points FROM gone"
    "  WHERE status = 'PENDING' GROUP BY voucher_id)"
    " UPDATE vouchers v SET pending_points = v.pending_points - l.points FROM left_over l"
    " WHERE v.project_id = %(project_id)s AND v.id = l.voucher_id",
    "DELETE FROM loyalty_tier_memberships"
    " WHERE project_id = %(project_id)s AND customer_id = %(id)s",
    "DELETE FROM auto_redemptions WHERE project_id = %(project_id)s AND customer_id = %(id)s",
    "UPDATE reward_redemptions SET customer_id = NULL"
    " WHERE project_id = %(project_id)s AND customer_id = %(id)s",
    "DELETE FROM referrals WHERE project_id = %(project_id)s AND referrer_id = %(id)s",
    "DELETE FROM referral_payouts WHERE project_id = %(project_id)s AND referrer_id = %(id)s",
    # Who was referred still counts for the referrer, as nobody in particular.
    "UPDATE referrals SET referee_id = (SELECT min(f.id) FROM referrals f"
    "  WHERE f.project_id = %(project_id)s AND f.referee_id = %(id)s)"
    " WHERE project_id = %(project_id)s AND referee_id = %(id)s",
    "UPDATE referral_payouts SET cause = gen_random_uuid()::text"
    " WHERE project_id = %(project_id)s AND cause = %(id)s",
    "DELETE FROM custom_events WHERE project_id = %(project_id)s AND customer_id = %(id)s",
)


_TOLD_BY_PLATFORMS = (
    # What waits was told since, or is what asked for the erasure; a name is never part of another.
    "WITH person AS (SELECT to_json(source_id)::text AS name FROM customers"
    "  WHERE project_id = %(project_id)s AND id = %(id)s AND source_id IS NOT NULL)"
    " UPDATE inbox SET payload = '{}', subject = 'erased', error = NULL,"
    "  state = CASE WHEN state = 'PARKED' THEN 'IGNORED' ELSE state END FROM person"
    " WHERE project_id = %(project_id)s AND state <> 'WAITING'"
    " AND strpos(payload::text, person.name) > 0",
    "DELETE FROM customer_aliases a USING customers c WHERE a.project_id = %(project_id)s"
    " AND c.project_id = %(project_id)s AND c.id = %(id)s"
    " AND c.source_id IN (a.source_id, a.into_source_id)",
)


def _erase_loyalty(uow: UnitOfWork, customer_id: str) -> None:
    """Take a customer out of programmes, referrals and events.

    Locks:  codes by id, as _take_codes_back has done.
    """
    for statement in _LOYALTY:
        _execute(uow, statement, customer_id)


def _take_codes_back(uow: UnitOfWork, customer_id: str) -> None:
    """Take a customer out of codes and publications; the codes stay given away.

    Locks:  codes by id.
    """
    _execute(
        uow,
        "UPDATE vouchers v SET holder_id = NULL FROM (SELECT id FROM vouchers"
        "  WHERE project_id = %(project_id)s AND holder_id = %(id)s ORDER BY id FOR UPDATE) held"
        " WHERE v.project_id = %(project_id)s AND v.id = held.id",
        customer_id,
    )
    _execute(
        uow,
        "DELETE FROM redeemable_holders WHERE project_id = %(project_id)s AND customer_id = %(id)s",
        customer_id,
    )
    _execute(
        uow,
        "UPDATE publications SET customer_id = NULL, tracking_id = NULL, source_id = NULL,"
        " metadata = '{}' WHERE project_id = %(project_id)s AND customer_id = %(id)s",
        customer_id,
    )


def _execute(uow: UnitOfWork, statement: str, customer_id: str) -> int:
    return uow.driver.execute(
        statement, {"project_id": uow.project_id, "id": customer_id, "now": uow.now}
    ).rowcount
