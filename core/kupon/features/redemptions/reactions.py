"""The activity feeds of customers as far as redemptions and rollbacks fill them.

Source: spec events-webhooks-data, sections 4.1, 4.2 and 4.7.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kupon.features.customers import service as customers
from kupon.features.customers.schemas import dump_simple_customer
from kupon.features.orders.schemas import dump_order, dump_simple_order
from kupon.features.orders.service import order_events
from kupon.features.redemptions.schemas import dump_redemption
from kupon.features.vouchers.schemas import (
    dump_campaign_summary,
    dump_simple_voucher,
    dump_voucher,
)
from kupon.storage import snapshots
from kupon.storage.queries import redemptions
from kupon.storage.queries.activities import Entry, Told
from kupon.storage.queries.campaigns import find_campaigns
from kupon.storage.queries.customers import find_customers
from kupon.storage.queries.outbox import EventRow
from kupon.storage.snapshots import VoucherFacts
from kupon.storage.tables.campaigns import Campaign
from kupon.storage.uow import UnitOfWork

EVENTS = (
    "redemption.created",
    "redemption.failed",
    "redemption.rolled_back",
    "redemption.rollback_failed",
)

Row = Mapping[str, Any]


def record_activity(uow: UnitOfWork, events: Sequence[EventRow]) -> None:
    """Write what redemption requests and rollbacks were for the customers who made them."""
    mine = [event for event in events if event.payload["customer_id"] is not None]
    ids = [id for event in mine for id in _told_ids(event)]
    rows = {row["id"]: row for row in redemptions.find_redemptions(uow, ids)}
    facts = [_Fact(event, rows) for event in mine]
    scene = _look_up(uow, facts)
    customers.record_activities(
        uow,
        [
            Told(fact.customer_id, fact.event, _entries(scene, fact))
            for fact in facts
            if fact.rows and fact.customer_id in scene.customers
        ],
    )


def _told_ids(event: EventRow) -> list[str]:
    ids: list[str] = event.payload.get("redemption_ids") or event.payload["rollback_ids"]
    return ids


class _Fact:
    """One event with its rows, as they were when it happened; none of those that were erased."""

    def __init__(self, event: EventRow, rows: Mapping[str, Row]) -> None:
        order = event.payload.get("order")
        self.event = event
        self.is_rollback = "rollback_ids" in event.payload
        self.rows = [_as_made(rows[id]) for id in _told_ids(event) if id in rows]
        self.order = None if order is None else _parsed(order)
        self.customer_id: str = event.payload["customer_id"]


def _as_made(row: Row) -> Row:
    # What is rolled back by now had succeeded.
    return row if row["result"] == "FAILURE" else {**row, "status": "SUCCEEDED"}


def _entries(scene: _Scene, fact: _Fact) -> list[Entry]:
    type = "customer.redemption.rollback" if fact.is_rollback else "customer.redemption"
    outcome = "succeeded" if fact.rows[0]["result"] == "SUCCESS" else "failed"
    told = [_redemption_entry(scene, row, f"{type}.{outcome}") for row in fact.rows]
    changes = _order_entries(scene, fact.order, fact.event.payload)
    if fact.is_rollback:
        return [*told, *changes]
    # An order exists before its codes are redeemed, and is paid for after that.
    return [*changes[:1], *told, *changes[1:]]


@dataclass(frozen=True, slots=True)
class _Scene:
    """What the rows of some events refer to, by id."""

    customers: Mapping[str, Row]
    vouchers: Mapping[str, VoucherFacts]
    campaigns: Mapping[str, Campaign]
    undone: Mapping[str, Row]

    def customer(self, customer_id: str | None) -> dict[str, Any] | None:
        found = None if customer_id is None else self.customers.get(customer_id)
        return None if found is None else dump_simple_customer(found)


def _look_up(uow: UnitOfWork, facts: Sequence[_Fact]) -> _Scene:
    rows = [row for fact in facts for row in fact.rows]
    vouchers = snapshots.find_vouchers(uow, _named(rows, "voucher_id"))
    holders = {voucher.holder_id for voucher in vouchers.values()}
    referrers = {fact.order["referrer_id"] for fact in facts if fact.order is not None}
    people = {row["customer_id"] for row in rows} | holders | referrers
    undone = redemptions.find_redemptions(uow, _named(rows, "redemption_id"))
    return _Scene(
        customers=find_customers(uow, [id for id in people if id is not None]),
        vouchers=vouchers,
        campaigns=find_campaigns(uow, _named(rows, "campaign_id")),
        undone={row["id"]: row for row in undone},
    )


def _named(rows: Iterable[Row], column: str) -> list[str]:
    return sorted({row[column] for row in rows if row[column] is not None})


def _parsed(row: Row) -> dict[str, Any]:
    """A row as it was before it became JSON."""
    moments = {
        name: datetime.fromisoformat(row[name])
        for name in ("created_at", "updated_at")
        if row.get(name) is not None
    }
    return {**row, **moments}


def _redemption_entry(scene: _Scene, row: Row, type: str) -> Entry:
    voucher = scene.vouchers.get(row["voucher_id"])
    campaign = scene.campaigns.get(row["campaign_id"])
    undone = scene.undone.get(row["redemption_id"])
    redemption = _simple_redemption(scene, row)
    data = {
        "customer": redemption.get("customer"),
        "order": redemption.get("order"),
        "campaign": None if campaign is None else dump_campaign_summary(campaign),
        "voucher": redemption.get("voucher"),
        "holder": None if voucher is None else scene.customer(voucher.holder_id),
        "redemption": redemption if undone is None else _simple_redemption(scene, undone),
        "redemption_rollback": None if undone is None else redemption,
    }
    return Entry(
        type=type,
        category="ACTION",
        data=_set_members(data),
        campaign_id=row["campaign_id"],
        campaign_type=None if campaign is None else campaign.campaign_type,
    )


def _order_entries(scene: _Scene, order: Row | None, payload: Row) -> list[Entry]:
    if order is None:
        return []
    data = _set_members(
        {
            "customer": scene.customer(order["customer_id"]),
            "referrer": scene.customer(order["referrer_id"]),
            "order": dump_order(order),
        }
    )
    events = order_events(order["status"], payload["old_order_status"])
    return [Entry(type=event, category="ACTION", data=data) for event in events]


def _simple_redemption(scene: _Scene, row: Row) -> dict[str, Any]:
    """The wire's SimpleRedemption."""
    voucher = scene.vouchers.get(row["voucher_id"])
    body = dump_redemption(
        row,
        customer=scene.customer(row["customer_id"]),
        voucher=None if voucher is None else _simple_voucher(voucher),
    )
    if body["order"] is not None:
        body["order"] = dump_simple_order(body["order"])
    # Reference: with a blank here, with an underscore elsewhere.
    body["status"] = body["status"].replace("_", " ")
    return {name: body[name] for name in _REDEMPTION if body.get(name) is not None}


_REDEMPTION = (
    "id",
    "customer_id",
    "tracking_id",
    "date",
    "amount",
    "order",
    "customer",
    "result",
    "status",
    "voucher",
    "redemption",
    "metadata",
    "failure_code",
    "failure_message",
    "reason",
    "channel",
    "object",
)


def _simple_voucher(voucher: VoucherFacts) -> dict[str, Any]:
    return dump_simple_voucher(dump_voucher(voucher, voucher.campaign_name, None))


def _set_members(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value is not None}
