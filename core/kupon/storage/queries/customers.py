"""Statements on customers: profiles and what their orders and redemptions come to.

Rows are dicts of the table's columns without project_id.
Source: spec api-conventions, sections 7, 9 and 11; campaigns-loyalty-referral-gift, section 10.2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, tzinfo
from typing import Any, NamedTuple

from psycopg.rows import class_row, dict_row
from psycopg.types.json import Jsonb
from sqlalchemy import exists, select

from kupon.kit.errors import not_found
from kupon.kit.pages import PageRequest
from kupon.storage.criteria import MomentField, TextField
from kupon.storage.listing import Listing, Page, fetch_page
from kupon.storage.tables.customers import Customer
from kupon.storage.tables.segments import SegmentMember
from kupon.storage.uow import UnitOfWork

# What a caller may say about a customer, besides naming it.
PROFILE = (
    "name",
    "email",
    "phone",
    "description",
    "birthdate",
    "address",
    "metadata",
)
_COLUMNS = ", ".join(("id", "source_id", *PROFILE, "created_at", "updated_at"))

Row = dict[str, Any]


def find_customer(
    uow: UnitOfWork,
    *,
    id: str | None = None,
    source_id: str | None = None,
    is_locked: bool = False,
) -> Row | None:
    """The customer of an id, else the one of a source id; None where there is none.

    Shapes:  an id that finds nothing is not tried as a source id, nor does the source id count
        next to it.
    Locks:   the customer's row, when asked to.
    """
    column, value = ("id", id) if id is not None else ("source_id", source_id)
    return _fetch(
        uow,
        f"SELECT {_COLUMNS} FROM customers"
        f" WHERE project_id = %(project_id)s AND {column} = %(value)s"
        f"{' FOR UPDATE' if is_locked else ''}",
        {"value": value},
    )


def get_customer(uow: UnitOfWork, reference: str, *, is_locked: bool = False) -> Row:
    """The customer that a path names: by id, else by source id.

    Raises:  not_found.
    Locks:   the customer's row, when asked to.
    """
    row = _fetch(
        uow,
        f"SELECT {_COLUMNS} FROM customers"
        " WHERE project_id = %(project_id)s AND (id = %(value)s OR source_id = %(value)s)"
        f" ORDER BY id = %(value)s DESC LIMIT 1{' FOR UPDATE' if is_locked else ''}",
        {"value": reference},
    )
    if row is None:
        raise not_found("customer", reference)
    return row


def find_customers(uow: UnitOfWork, ids: Sequence[str]) -> dict[str, Row]:
    """Those of the given customers that exist, by id."""
    with uow.driver.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            f"SELECT {_COLUMNS} FROM customers WHERE project_id = %s AND id = ANY(%s)",
            (uow.project_id, list(ids)),
        )
        return {row["id"]: row for row in rows}


def insert_customer(
    uow: UnitOfWork, customer_id: str, source_id: str | None, profile: Mapping[str, Any]
) -> Row | None:
    """Store a new customer; None when the project has the source id.

    Shapes:  profile holds some of PROFILE.
    """
    return _fetch(
        uow,
        "INSERT INTO customers (project_id, id, source_id, name, email, phone, description,"
        " birthdate, address, metadata, created_at)"
        " VALUES (%(project_id)s, %(id)s, %(source_id)s, %(name)s, %(email)s, %(phone)s,"
        " %(description)s, %(birthdate)s, %(address)s,"
        " coalesce(%(metadata)s::jsonb, '{}'), %(now)s)"
        f" ON CONFLICT (project_id, source_id) DO NOTHING RETURNING {_COLUMNS}",
        dict.fromkeys(PROFILE)
        | _parameters(profile)
        | {"id": customer_id, "source_id": source_id, "now": uow.now},
    )


def update_customer(uow: UnitOfWork, customer_id: str, changes: Mapping[str, Any]) -> Row | None:
    """Change a profile; None when the customer is gone.

    Shapes:  changes holds some of PROFILE; metadata holds only the keys that change, the others
        stay, whoever else writes at the same time.
    """
    assignments = [
        "metadata = metadata || %(metadata)s" if name == "metadata" else f"{name} = %({name})s"
        for name in changes
    ]
    return _fetch(
        uow,
        f"UPDATE customers SET {', '.join(assignments)}, updated_at = %(now)s"
        f" WHERE project_id = %(project_id)s AND id = %(id)s RETURNING {_COLUMNS}",
        _parameters(changes) | {"id": customer_id, "now": uow.now},
    )


def _parameters(profile: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: Jsonb(value) if isinstance(value, dict) else value for name, value in profile.items()
    }


def _fetch(uow: UnitOfWork, statement: str, parameters: dict[str, Any]) -> Row | None:
    with uow.driver.cursor(row_factory=dict_row) as cursor:
        parameters["project_id"] = uow.project_id
        return cursor.execute(statement, parameters).fetchone()


def _starts_after(when: date) -> Any:
    moment = when if isinstance(when, datetime) else datetime.combine(when, time.min, UTC)
    return Customer.created_at < moment


def _is_in_segment(segment_id: str) -> Any:
    return exists(
        select(SegmentMember.customer_id).where(
            SegmentMember.project_id == Customer.project_id,
            SegmentMember.customer_id == Customer.id,
            SegmentMember.segment_id == segment_id,
        )
    )


_CUSTOMERS = Listing(
    Customer,
    fields={
        "email": TextField(Customer.email),
        "name": TextField(Customer.name),
        "city": TextField(Customer.address["city"].astext),
        "source_id": TextField(Customer.source_id),
        "created_at": MomentField(Customer.created_at),
        "updated_at": MomentField(Customer.updated_at),
    },
    shortcuts={
        "starting_after": _starts_after,
        "segment_id": _is_in_segment,
    },
)


def list_customers(uow: UnitOfWork, request: PageRequest, tz: tzinfo) -> Page[Row]:
    """One page of customers."""
    page = fetch_page(uow, _CUSTOMERS, request, tz=tz)
    return Page([_as_row(customer) for customer in page.rows], page.total, page.has_more)


def _as_row(customer: Customer) -> Row:
    return {
        column.name: getattr(customer, attribute.key)
        for attribute in Customer.__mapper__.column_attrs
        for column in attribute.columns
        if column.name != "project_id"
    }


class Programme(NamedTuple):
    """What a customer came to in a loyalty programme; tier_id is None outside of its tiers."""

    name: str
    points: int
    tier_id: str | None


@dataclass(frozen=True, slots=True)
class Summary:
    """What a customer's redemptions and orders come to.

    Units:   minor units, after discounts; average_amount is rounded half up.
    Shapes:  redemptions count each code of a stack, not the stack; orders are those that are
        PAID or FULFILLED, the last one is the one created last. What gift cards paid is less
        what rollbacks gave back, what they have to go is left on those that the customer holds.
        Points are what came in less what was taken off and expired; programmes are those whose
        cards the customer holds. referred_customers are those that this one brought, each once,
        referred those by the names of the campaigns; referrals tell who brought this one.
    """

    customer_id: str = ""
    succeeded: int = 0
    failed: int = 0
    rollback_succeeded: int = 0
    rollback_failed: int = 0
    gift_redeemed_amount: int = 0
    gift_amount_to_go: int = 0
    redeemed_points: int = 0
    points_to_go: int = 0
    points: int = 0
    programmes: Sequence[Programme] = ()
    referred_customers: int = 0
    referred: Sequence[tuple[str, int]] = ()
    referrals: Sequence[Mapping[str, Any]] = ()
    order_count: int = 0
    total_amount: int = 0
    average_amount: int = 0
    last_order_amount: int = 0
    last_order_date: datetime | None = None

    @property
    def tier_ids(self) -> frozenset[str]:
        """The loyalty tiers that the customer is in."""
        return frozenset(each.tier_id for each in self.programmes if each.tier_id is not None)


_SUMMARIES = (
    "SELECT c.id AS customer_id, r.*, o.*, p.*, h.*, b.*, f.*"
    " FROM unnest(%(ids)s::text[]) AS c(id)"
    " CROSS JOIN (SELECT (%(now)s AT TIME ZONE timezone)::date AS day FROM projects"
    "  WHERE id = %(project_id)s) AS today"
    " CROSS JOIN LATERAL (SELECT"
    "  count(*) FILTER (WHERE is_rollback IS FALSE AND result = 'SUCCESS') AS succeeded,"
    "  count(*) FILTER (WHERE is_rollback IS FALSE AND result = 'FAILURE') AS failed,"
    "  count(*) FILTER (WHERE is_rollback AND result = 'SUCCESS') AS rollback_succeeded,"
    "  count(*) FILTER (WHERE is_rollback AND result = 'FAILURE') AS rollback_failed"
    "  FROM (SELECT result, object = 'redemption_rollback' AS is_rollback FROM redemptions"
    "   WHERE project_id = %(project_id)s AND customer_id = c.id"
    "   AND related_object_type <> 'redemption') AS redeemed) AS r"
    " CROSS JOIN LATERAL (SELECT count(*) AS order_count,"
    "  coalesce(sum(spent), 0)::bigint AS total_amount,"
    "  coalesce(round(avg(spent)), 0)::bigint AS average_amount,"
    "  coalesce((array_agg(spent ORDER BY created_at DESC, id DESC))[1], 0) AS last_order_amount,"
    "  max(created_at) AS last_order_date"
    "  FROM (SELECT id, created_at, greatest(coalesce(amount, 0) - coalesce(discount_amount, 0)"
    "   - coalesce(items_discount_amount, 0), 0) AS spent FROM orders"
    "   WHERE project_id = %(project_id)s AND customer_id = c.id"
    "   AND status IN ('PAID', 'FULFILLED')) AS bought) AS o"
    " CROSS JOIN LATERAL (SELECT coalesce(-sum(t.amount), 0)::bigint AS gift_redeemed_amount"
    "  FROM redemptions JOIN voucher_transactions t ON t.project_id = redemptions.project_id"
    "   AND t.redemption_id = redemptions.id"
    "   AND t.type IN ('CREDITS_REDEMPTION', 'CREDITS_REFUND')"
    "  WHERE redemptions.project_id = %(project_id)s AND redemptions.customer_id = c.id"
    "  AND redemptions.object = 'redemption' AND redemptions.amount IS NOT NULL) AS p"
    " CROSS JOIN LATERAL (SELECT"
    "  coalesce(sum(total - redeemed) FILTER (WHERE is_gift), 0)::bigint AS gift_amount_to_go,"
    "  coalesce(sum(total - redeemed) FILTER (WHERE NOT is_gift), 0)::bigint AS points_to_go,"
    "  coalesce(sum(redeemed) FILTER (WHERE NOT is_gift), 0)::bigint AS redeemed_points,"
    "  coalesce(sum(total) FILTER (WHERE NOT is_gift), 0)::bigint AS points,"
    "  coalesce(jsonb_agg(jsonb_build_array(name, total, tier_id) ORDER BY name)"
    "   FILTER (WHERE NOT is_gift), '[]') AS programmes"
    "  FROM (SELECT v.type = 'GIFT_VOUCHER' AS is_gift, k.name, m.tier_id,"
    "    v.balance_income - v.balance_subtracted - v.balance_expired AS total,"
    "    v.balance_redeemed AS redeemed"
    "   FROM vouchers v LEFT JOIN campaigns k"
    "    ON k.project_id = v.project_id AND k.id = v.campaign_id"
    "   LEFT JOIN loyalty_tier_memberships m"
    "    ON m.project_id = v.project_id AND m.voucher_id = v.id AND m.starts_on <= today.day"
    "   WHERE v.project_id = %(project_id)s AND v.holder_id = c.id"
    "   AND v.type IN ('GIFT_VOUCHER', 'LOYALTY_CARD')"
    "   AND v.binned_at IS NULL AND k.binned_at IS NULL) AS held) AS h"
    " CROSS JOIN LATERAL (SELECT"
    "  coalesce(jsonb_agg(jsonb_build_array(name, count) ORDER BY name), '[]') AS referred,"
    "  (SELECT count(DISTINCT f.referee_id) FROM referrals f"
    "   JOIN campaigns k ON k.project_id = f.project_id AND k.id = f.campaign_id"
    "   WHERE f.project_id = %(project_id)s AND f.referrer_id = c.id AND k.binned_at IS NULL)"
    "   AS referred_customers"
    "  FROM (SELECT k.name, count(*) AS count FROM referrals f"
    "   JOIN campaigns k ON k.project_id = f.project_id AND k.id = f.campaign_id"
    "   WHERE f.project_id = %(project_id)s AND f.referrer_id = c.id AND k.binned_at IS NULL"
    "   GROUP BY k.name) AS brought) AS b"
    " CROSS JOIN LATERAL (SELECT coalesce(jsonb_agg(jsonb_build_object("
    "   'campaign_id', f.campaign_id, 'referrer_id', f.referrer_id,"
    "   'related_object_id', f.related_object_id,"
    "   'related_object_type', f.related_object_type, 'date', f.created_at)"
    "   ORDER BY f.created_at, f.id), '[]') AS referrals"
    "  FROM referrals f WHERE f.project_id = %(project_id)s AND f.referee_id = c.id) AS f"
)


def summarize(uow: UnitOfWork, customer_ids: Sequence[str]) -> dict[str, Summary]:
    """The summaries of several customers by id, in one statement."""
    if not customer_ids:
        return {}
    with uow.driver.cursor(row_factory=class_row(Summary)) as cursor:
        found = cursor.execute(
            _SUMMARIES,
            {"ids": list(customer_ids), "project_id": uow.project_id, "now": uow.now},
        )
        return {summary.customer_id: _read(summary) for summary in found}


def _read(summary: Summary) -> Summary:
    """A summary with its lists as they are meant; the statement has them as JSON."""
    return replace(
        summary,
        programmes=[Programme(*each) for each in summary.programmes],
        referred=[(name, count) for name, count in summary.referred],
        referrals=[
            {**each, "date": datetime.fromisoformat(each["date"])} for each in summary.referrals
        ],
    )
