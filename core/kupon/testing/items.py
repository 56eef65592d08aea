"""Canonical items, as the core hands them to `push`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from kupon.hooks.adapter import CodeItem, EventItem, Item, MergeItem, OrderItem, ProfileItem

_AT: Final = datetime(2026, 2, 3, 10, 0, tzinfo=UTC)
_TYPE: Final = "customer.redemption.succeeded"
_NAMES: Final = {
    "title": "Customer Redemption Succeeded",
    "short": "kupon_redemption_succeeded",
    "dotted": _TYPE,
    "upper_dotted": "EVENTS.CUSTOMER.REDEMPTION.SUCCEEDED",
}


def make_items(kind: str, count: int, *, event_names: str = "dotted") -> list[Item]:
    """So many different items of a kind: `profiles`, `events`, `codes`, `merges` or `orders`."""
    return [_item(kind, number, _NAMES[event_names]) for number in range(1, count + 1)]


def key_of(item: Item) -> str:
    """By what a played platform knows an item: the customer's source id, or the code.

    Shapes:  of a merge the source id of who is gone, of an order its own.
    """
    if isinstance(item, OrderItem):
        return item.source_id
    if isinstance(item, MergeItem):
        return str(item.gone["source_id"])
    if isinstance(item, CodeItem):
        return str(item.voucher["code"])
    return str(item.customer["source_id"])


def make_customer_body(number: int) -> dict[str, Any]:
    """A customer as the wire has it, with a name that is not plain ASCII."""
    return {
        "id": f"cust_{number:04}",
        "source_id": f"customer-{number}",
        "name": f"Zoë Łódź {number}",
        "email": f"zoe{number}@example.com",
        "phone": f"+4830123456{number:02}",
        "address": {"city": "Łódź", "country": "PL"},
        "metadata": {"shoe_size": 38},
        "object": "customer",
    }


def _item(kind: str, number: int, name: str) -> Item:
    customer = make_customer_body(number)
    if kind == "profiles":
        # A code that looks like a number stays text; a balance of 0 is told.
        attributes = {"voucher_code": f"00{number:04}", "loyalty_balance": 0}
        return ProfileItem(id=f"prof_{number}", customer=customer, attributes=attributes)
    if kind == "merges":
        gone = customer | {"id": f"cust_1{number:03}", "source_id": f"former-{number}"}
        return MergeItem(id=f"merge_{number}", customer=customer, gone=gone)
    voucher = _voucher(number)
    if kind == "orders":
        return OrderItem(
            id=f"order_{number}",
            source_id=f"order-{number}",
            state="REDEEMED",
            codes=[voucher["code"]],
            redemption_ids=[f"r_{number:04}"],
            passed_over=[("UNKNOWN", "not_found: Resource not found")],
        )
    if kind == "codes":
        return CodeItem(id=f"code_{number}", voucher=voucher)
    return EventItem(
        id=f"ev_{number}",
        type=_TYPE,
        name=name,
        customer=customer,
        occurred_at=_AT + timedelta(seconds=number),
        data={"customer": customer, "voucher": voucher},
        properties={
            "kupon_event_id": f"ev_{number}",
            "voucher_code": voucher["code"],
            "order_amount": 12900,
            "order_amount_major": 129.0,
            "loyalty_balance": 0,
        },
    )


def _voucher(number: int) -> dict[str, Any]:
    return {
        "id": f"v_{number:04}",
        "code": f"SPRING-{number}",
        "campaign": "Spring",
        "campaign_id": "camp_0001",
        "type": "DISCOUNT_VOUCHER",
        "discount": {"type": "PERCENT", "percent_off": 20.0, "effect": "APPLY_TO_ORDER"},
        "start_date": "2026-02-01T00:00:00.000Z",
        "expiration_date": "2026-12-31T23:59:59.000Z",
        "redemption": {"quantity": 1, "redeemed_quantity": 0, "object": "list"},
        "active": True,
        "metadata": {},
        "object": "voucher",
    }
