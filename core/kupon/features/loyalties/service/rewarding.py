"""Telling a customer of points that an earning rule gave.

Source: spec events-webhooks-data, section 4.4.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kupon.features.customers import service as customers
from kupon.features.loyalties.schemas import tiers as tier_schemas
from kupon.features.loyalties.service.occasions import Occasion
from kupon.features.vouchers import schemas as voucher_schemas
from kupon.kit.timestamps import format_moment
from kupon.storage.ledger import Line
from kupon.storage.queries.activities import activity_id
from kupon.storage.queries.customers import Row
from kupon.storage.tables.loyalties import LoyaltyTier
from kupon.storage.uow import UnitOfWork

REWARDED = "customer.rewarded.loyalty_points"


def stage_rewarded(
    uow: UnitOfWork,
    occasion: Occasion,
    customer: Row,
    *,
    rule: Mapping[str, Any],
    tier: LoyaltyTier | None,
    about: Mapping[str, Any],
    line: Line,
) -> None:
    """Tell of the points of one rule, which is the wire's.

    Shapes:  about are the card and its programme as events have them.
    """
    person = customers.dump_simple_customer(customer)
    payload = {
        "customer": person,
        "holder": person,
        **about,
        "loyalty_tier": None if tier is None else tier_schemas.dump_tier(tier),
        "earning_rule": rule,
        "balance": voucher_schemas.dump_balance(line),
        "order": occasion.order,
        "event": _simple_event(occasion),
    }
    uow.stage(REWARDED, occasion.customer_id, payload)


def _simple_event(occasion: Occasion) -> dict[str, Any]:
    event = occasion.event
    is_effect = occasion.name.startswith(("customer.segment.", "customer.loyalty."))
    return {
        "id": activity_id(event.created_at, event.seq),
        "type": occasion.type,
        "category": "EFFECT" if is_effect else "ACTION",
        "entity_id": occasion.customer_id,
        "created_at": format_moment(event.created_at),
        "group_id": event.request_id,
    }
