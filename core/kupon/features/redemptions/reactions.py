"""What others are told of redemptions and rollbacks, and of what cards paid by them.

Source: spec events-webhooks-data, sections 4.1, 4.2 and 4.7.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from kupon.features.orders.schemas import dump_order
from kupon.features.orders.service import order_events
from kupon.features.redemptions import service
from kupon.features.redemptions.service import telling
from kupon.features.redemptions.service.telling import Scene
from kupon.jobs.described import Described
from kupon.kit.timestamps import format_moment
from kupon.storage.queries import redemptions
from kupon.storage.queries.outbox import EventRow
from kupon.storage.uow import UnitOfWork

EVENTS = (
    "redemption.created",
    "redemption.failed",
    "redemption.rolled_back",
    "redemption.rollback_failed",
)
GIFT_LINES = ("voucher.gift.transaction.created",)

Row = Mapping[str, Any]


def describe(uow: UnitOfWork, events: Sequence[EventRow], is_public: bool) -> Iterator[Described]:
    """What redemption requests and rollbacks were, for projects and for who made them."""
    mine = [each for each in events if is_public or each.payload["customer_id"] is not None]
    ids = [id for event in mine for id in _told_ids(event)]
    rows = {row["id"]: row for row in redemptions.find_redemptions(uow, ids)}
    facts = [_Fact(event, rows) for event in mine]
    referrers = [fact.order["referrer_id"] for fact in facts if fact.order is not None]
    scene = telling.look_up(uow, [row for fact in facts for row in fact.rows], referrers)
    for fact in facts:
        if fact.rows:
            yield from _describe(scene, fact, is_public)


def _told_ids(event: EventRow) -> list[str]:
    ids: list[str] = event.payload.get("redemption_ids") or event.payload["rollback_ids"]
    return ids


class _Fact:
    """One event with its rows, as they were when it happened; none of those that were erased."""

    def __init__(self, event: EventRow, rows: Mapping[str, Row]) -> None:
        order = event.payload.get("order")
        self.event = event
        self.is_rollback = "rollback_ids" in event.payload
        self.rows = [telling.as_made(rows[id]) for id in _told_ids(event) if id in rows]
        self.order = None if order is None else _parsed(order)
        self.customer_id: str | None = event.payload["customer_id"]


def _parsed(row: Row) -> dict[str, Any]:
    """A row as it was before it became JSON."""
    moments = {
        name: datetime.fromisoformat(row[name])
        for name in ("created_at", "updated_at")
        if row.get(name) is not None
    }
    return {**row, **moments}


def _describe(scene: Scene, fact: _Fact, is_public: bool) -> Iterator[Described]:
    changes = _orders(scene, fact)
    told = [each for row in fact.rows for each in _redemptions(scene, fact, row, is_public)]
    if fact.is_rollback:
        yield from (*told, *changes)
        return
    # An order exists before its codes are redeemed, and is paid for after that.
    yield from (*changes[:1], *told, *changes[1:])


def _redemptions(scene: Scene, fact: _Fact, row: Row, is_public: bool) -> Iterator[Described]:
    """A redemption for the project and, where its customer is still there, for the feed."""
    kind = "redemption.rollback" if fact.is_rollback else "redemption"
    type = f"{kind}.{'succeeded' if row['result'] == 'SUCCESS' else 'failed'}"
    campaign = scene.campaigns.get(row["campaign_id"])
    about: dict[str, Any] = {
        "event": fact.event,
        "customer_id": fact.customer_id if fact.customer_id in scene.customers else None,
        "campaign_id": row["campaign_id"],
        "campaign_type": None if campaign is None else campaign.campaign_type,
    }
    data = scene.describe(row)
    if is_public:
        dated = {} if fact.is_rollback else {"created_at": format_moment(row["created_at"])}
        yield Described(type=type, data={**data, **dated}, entity_id=row["id"], **about)
    customer_id = about["customer_id"]
    if customer_id is not None:
        yield Described(type=f"customer.{type}", data=data, entity_id=customer_id, **about)


def _orders(scene: Scene, fact: _Fact) -> list[Described]:
    customer_id = fact.customer_id
    if fact.order is None or customer_id is None or customer_id not in scene.customers:
        return []
    data = {
        "customer": scene.customer(fact.order["customer_id"]),
        "referrer": scene.customer(fact.order["referrer_id"]),
        "order": dump_order(fact.order),
    }
    return [
        Described(
            event=fact.event,
            type=type,
            data={name: value for name, value in data.items() if value is not None},
            entity_id=customer_id,
            customer_id=customer_id,
        )
        for type in order_events(fact.order["status"], fact.event.payload["old_order_status"])
    ]


def describe_gift_lines(
    uow: UnitOfWork, events: Sequence[EventRow], _: bool
) -> Iterator[Described]:
    """Movements on gift cards, which only projects are told of."""
    return service.describe_lines(uow, events)
