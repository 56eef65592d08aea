"""What others are told of codes and of the balances of cards.

What cards paid is told with the redemptions.

Source: spec events-webhooks-data, section 4.3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kupon.features.customers import service as customers
from kupon.features.vouchers.schemas import dump_simple_voucher
from kupon.jobs.described import EFFECT, Described
from kupon.storage.queries.customers import find_customers
from kupon.storage.queries.outbox import EventRow
from kupon.storage.uow import UnitOfWork

_OF_POINTS = "voucher.loyalty_card"
_EXPIRED = f"{_OF_POINTS}.points_expired"
_GIFT_ADDED = "voucher.gift.balance_added"
_DELETED = "voucher.deleted"

# What the holder's feed tells as well.
TOLD = (
    _DELETED,
    _GIFT_ADDED,
    f"{_OF_POINTS}.points_added",
    _EXPIRED,
    f"{_OF_POINTS}.points_transferred",
    f"{_OF_POINTS}.pending_points.added",
    f"{_OF_POINTS}.pending_points.updated",
    f"{_OF_POINTS}.pending_points.activated",
    f"{_OF_POINTS}.pending_points.canceled",
)
# What only projects are told.
PLAIN = ("voucher.created", "voucher.updated", "voucher.enabled", "voucher.disabled")

_NULLABLE = ("customer", "campaign", "voucher", "transaction")
_PENDING = ("customer", "campaign", "voucher", "order")


def describe_plain(_: UnitOfWork, events: Sequence[EventRow], __: bool) -> Iterator[Described]:
    """What became of codes, as it is."""
    for event in events:
        yield _describe(event, None, event.name, event.payload)


def describe(uow: UnitOfWork, events: Sequence[EventRow], is_public: bool) -> Iterator[Described]:
    """What became of codes and balances, for projects and for those who hold them."""
    ids = {id for event in events if (id := _holder_id(event)) is not None}
    known = find_customers(uow, sorted(ids))
    for event in events:
        row = known.get(_holder_id(event) or "")
        holder = None if row is None else customers.dump_simple_customer(row)
        if is_public and event.name != f"{_OF_POINTS}.points_transferred":
            yield _describe(event, holder, event.name, _for_projects(event, holder))
        if holder is not None:
            yield _describe(event, holder, f"customer.{event.name}", _for_feed(event, holder))


def _holder_id(event: EventRow) -> str | None:
    holder_id: str | None = event.payload["voucher"].get("holder_id")
    return holder_id


def _for_projects(event: EventRow, holder: Mapping[str, Any] | None) -> dict[str, Any]:
    data = event.payload
    if event.name == _GIFT_ADDED:
        return {**data, "voucher": dump_simple_voucher(data["voucher"])}
    if not event.name.startswith(_OF_POINTS):
        return data
    nullable = _PENDING if "pending_points" in event.payload else _NULLABLE
    data = {**dict.fromkeys(nullable), **data, "customer": holder}
    if event.name == _EXPIRED:
        # An event for each bucket: one here, a list of it in the feed (the spec's C8).
        [data["buckets"]] = event.payload["buckets"]
    return data


def _for_feed(event: EventRow, holder: Mapping[str, Any]) -> dict[str, Any]:
    data = {"customer": holder, **event.payload}
    if event.name in (_DELETED, _GIFT_ADDED):
        data["voucher"] = dump_simple_voucher(event.payload["voucher"])
    return data


def _describe(
    event: EventRow, holder: Mapping[str, Any] | None, type: str, data: Mapping[str, Any]
) -> Described:
    campaign = event.payload.get("campaign") or {}
    voucher_id = event.payload["voucher"]["id"]
    is_of_feed = type.startswith("customer.")
    return Described(
        event=event,
        type=type,
        data=data,
        entity_id=holder["id"] if holder is not None and is_of_feed else voucher_id,
        category=EFFECT,
        customer_id=None if holder is None else holder["id"],
        campaign_id=campaign.get("id"),
        campaign_type=campaign.get("campaign_type"),
    )
