"""What happened that earning rules may pay for, as the event tells it.

Source: spec campaigns-loyalty-referral-gift, section 7.3; events-webhooks-data, section 7.3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kupon.engine.loyalty.earning import ORDER_PAID, SEGMENT_ENTERED
from kupon.engine.loyalty.earning import TIER_EVENTS as TIER_EVENTS
from kupon.features.loyalties.service.earning_definitions import ANY_TIER
from kupon.features.orders.schemas import dump_order
from kupon.features.orders.service import order_events
from kupon.storage.queries.outbox import EventRow
from kupon.storage.tables.loyalties import EarningRule

Wire = Mapping[str, Any]

ORDER_WAS_PAID = "customer.order.paid"
CUSTOM_EVENT = "customer.custom_event"
REDEMPTION = "redemption.created"
# All that may be an occasion.
EVENTS = (ORDER_WAS_PAID, REDEMPTION, SEGMENT_ENTERED, CUSTOM_EVENT, *TIER_EVENTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """Something that happened to a customer.

    Shapes: name is the event as rules name it and type as feeds do; cause stands for it in
        accruals; object_id is the segment, the custom event's schema or the tier that it is about.
        campaign_id and voucher_id narrow it to the cards of one programme, or to one card; order
        is the wire's. details are those of the ledger's lines. depth is how many changes of tiers
        have led to it.
    """

    event: EventRow
    name: str
    type: str
    customer_id: str
    cause: str
    object_id: str | None = None
    campaign_id: str | None = None
    voucher_id: str | None = None
    order: Wire | None = None
    metadata: Wire | None = None
    details: Wire = field(default_factory=dict)
    depth: int = 0

    def concerns(self, rule: EarningRule) -> bool:
        """Whether it is what a rule on such events waits for; it must have been there already.

        UNCERTAIN: a rule on any tier is about those of its own programme (section 7.3).
        """
        if rule.created_at > self.event.created_at:
            return False
        if rule.loyalty_tier_id == ANY_TIER:
            owner: str = self.event.payload["campaign"]["id"]
            return owner == rule.campaign_id
        named = (rule.segment_id, rule.custom_event_schema_id, rule.loyalty_tier_id)
        return self.object_id == next((each for each in named if each is not None), None)


def occasion_of(event: EventRow) -> Occasion | None:
    """What an event may earn points for; None where nobody is concerned or nothing was paid."""
    return _READERS.get(event.name, _read_tier)(event)


def _read_paid_order(event: EventRow) -> Occasion:
    return _paid(event, event.payload["customer"]["id"], event.payload["order"])


def _read_redemption(event: EventRow) -> Occasion | None:
    row = event.payload["order"]
    if row is None or row["customer_id"] is None:
        return None
    if ORDER_WAS_PAID not in order_events(row["status"], event.payload["old_order_status"]):
        return None
    moments = {
        name: datetime.fromisoformat(row[name])
        for name in ("created_at", "updated_at")
        if row[name] is not None
    }
    return _paid(event, row["customer_id"], dump_order({**row, **moments}))


def _paid(event: EventRow, customer_id: str, order: Wire) -> Occasion:
    return Occasion(
        event=event,
        name=ORDER_PAID,
        type=ORDER_WAS_PAID,
        customer_id=customer_id,
        cause=f"order:{order['id']}",
        order=order,
        details={"order": {"id": order["id"], "source_id": order.get("source_id")}},
    )


def _read_segment(event: EventRow) -> Occasion:
    segment = event.payload["segment"]
    return Occasion(
        event=event,
        name=SEGMENT_ENTERED,
        type=SEGMENT_ENTERED,
        customer_id=event.payload["customer"]["id"],
        cause=f"outbox:{event.seq}",
        object_id=segment["id"],
        details={"segment": {"id": segment["id"], "name": segment["name"]}},
    )


def _read_custom_event(event: EventRow) -> Occasion:
    """A custom event; one that names a card is about that card alone."""
    happened, schema = event.payload["event"], event.payload["event_schema"]
    named = event.payload.get("loyalty") or {}
    return Occasion(
        event=event,
        name=schema["name"],
        type=CUSTOM_EVENT,
        customer_id=event.payload["customer"]["id"],
        cause=f"event:{happened['id']}",
        object_id=schema["id"],
        campaign_id=(named.get("campaign") or {}).get("id"),
        voucher_id=(named.get("voucher") or {}).get("id"),
        metadata=happened["metadata"],
        details={
            "custom_event": {"id": happened["id"], "type": happened["type"]},
            "event_schema": {"id": schema["id"], "name": schema["name"]},
        },
    )


def _read_tier(event: EventRow) -> Occasion | None:
    tier = event.payload.get("loyalty_tier_to") or event.payload.get("loyalty_tier")
    if tier is None:
        return None
    return Occasion(
        event=event,
        name=event.name,
        type=event.name,
        customer_id=event.payload["customer"]["id"],
        cause=f"outbox:{event.seq}",
        object_id=tier["id"],
        details={"loyalty_tier": {"id": tier["id"], "name": tier["name"]}},
        depth=event.payload["depth"],
    )


_READERS: Mapping[str, Callable[[EventRow], Occasion | None]] = {
    ORDER_WAS_PAID: _read_paid_order,
    REDEMPTION: _read_redemption,
    SEGMENT_ENTERED: _read_segment,
    CUSTOM_EVENT: _read_custom_event,
}
