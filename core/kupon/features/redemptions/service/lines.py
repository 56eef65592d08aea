"""What projects are told of movements on cards: the card, and what it was moved by.

Source: spec events-webhooks-data, sections 4.1 and 4.3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kupon.features.customers.schemas import dump_simple_customer
from kupon.features.orders.schemas import dump_order, dump_simple_order
from kupon.features.redemptions.service.telling import describe_redemptions
from kupon.features.vouchers import service as vouchers
from kupon.features.vouchers.schemas import dump_campaign_summary
from kupon.jobs.described import EFFECT, Described
from kupon.storage.queries.customers import find_customers
from kupon.storage.queries.holders import find_codes
from kupon.storage.queries.orders import find_order
from kupon.storage.queries.outbox import EventRow
from kupon.storage.uow import UnitOfWork

Wire = dict[str, Any]


def describe_lines(uow: UnitOfWork, events: Sequence[EventRow]) -> Iterator[Described]:
    """Movements with all that the wire tells of them; null where there is none."""
    cards = _describe_cards(uow, events)
    known = describe_redemptions(uow, [id for event in events for id in _redemption_ids(event)])
    for event in events:
        about = cards.get(event.payload["transaction"]["voucher_id"], {})
        redemption, rollback = (known.get(id or "") for id in _named(event))
        data = {
            "transaction": event.payload["transaction"],
            "balance": event.payload["balance"],
            "voucher": about.get("voucher"),
            "campaign": about.get("campaign"),
            "holder": about.get("holder"),
            "order": _order(uow, event, rollback or redemption),
            "redemption": redemption,
            "rollback": rollback,
        }
        campaign = about.get("campaign") or {}
        yield Described(
            event=event,
            type=event.name,
            data=data,
            entity_id=event.payload["transaction"]["voucher_id"],
            category=EFFECT,
            customer_id=(about.get("holder") or {}).get("id"),
            campaign_id=campaign.get("id"),
            campaign_type=campaign.get("campaign_type"),
        )


def _describe_cards(uow: UnitOfWork, events: Sequence[EventRow]) -> dict[str, Wire]:
    """Cards with their campaigns and holders, by the card's id."""
    ids = sorted({event.payload["transaction"]["voucher_id"] for event in events})
    found = find_codes(uow, ids)
    holders = find_customers(
        uow, sorted({each.voucher.holder_id for each in found if each.voucher.holder_id})
    )
    people = {id: dump_simple_customer(row) for id, row in holders.items()}
    return {
        each.voucher.id: {
            "voucher": wire,
            "campaign": None if each.campaign is None else dump_campaign_summary(each.campaign),
            "holder": people.get(each.voucher.holder_id or ""),
        }
        for each, wire in zip(found, vouchers.dump_all(uow, found), strict=True)
    }


def _named(event: EventRow) -> tuple[str | None, str | None]:
    """The redemption and the rollback by which a card was moved."""
    details: Mapping[str, Any] = event.payload["transaction"]["details"] or {}
    redemption, rollback = (details.get(name) or {} for name in ("redemption", "rollback"))
    return redemption.get("id"), rollback.get("id")


def _redemption_ids(event: EventRow) -> list[str]:
    return [id for id in _named(event) if id is not None]


def _order(uow: UnitOfWork, event: EventRow, redemption: Wire | None) -> Wire | None:
    if redemption is not None:
        return redemption.get("order")
    details = event.payload["transaction"]["details"] or {}
    order_id = (details.get("order") or {}).get("id")
    row = None if order_id is None else find_order(uow, id=order_id)
    return None if row is None else dump_simple_order(dump_order(row))
