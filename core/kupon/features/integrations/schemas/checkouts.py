"""Wire shapes of platforms' orders and what became of their incentives."""

from __future__ import annotations

from typing import Any

from kupon.features.integrations.schemas.moments import dump_moments
from kupon.storage.queries import platform_checkouts
from kupon.storage.tables.integrations import PlatformCheckout
from kupon.web.fields import (
    Flag,
    Json,
    ListBody,
    Many,
    Moment,
    Part,
    Text,
    Whole,
    WireSchema,
    between,
    one_of,
)
from kupon.web.query import Switch


class CheckoutQuery(WireSchema):
    """Which checkouts to list; `troubled` are those that somebody should look at, or no others."""

    state = Text(validate=one_of(*platform_checkouts.STATES))
    troubled = Switch()
    limit = Whole(load_default=20, validate=between(1, 100))
    starting_after = Text()


class PassedOver(WireSchema):
    """An incentive that did not apply any more, or that Kupon does not know."""

    id = Text(required=True)
    reason = Text(required=True)


class CheckoutBody(WireSchema):
    """A platform's order, and what became of its incentives."""

    object = Text(required=True)
    order_source_id = Text(required=True)
    checkout_key = Text()
    state = Text(required=True)
    redeemables = Many(Json(), required=True)
    redemption_ids = Many(Text(), required=True)
    passed_over = Many(Part(PassedOver), required=True)
    error = Text()
    created_at = Moment(required=True)
    updated_at = Moment()


class CheckoutList(ListBody):
    """A page of checkouts."""

    data = Many(Part(CheckoutBody), required=True)
    has_more = Flag(required=True)


def dump_checkout(row: PlatformCheckout) -> dict[str, Any]:
    """The wire's checkout."""
    body: dict[str, Any] = {
        "object": "checkout",
        "order_source_id": row.order_source_id,
        "state": row.state,
        "redeemables": row.redeemables,
        "redemption_ids": row.redemption_ids,
        "passed_over": row.passed_over,
    }
    for name in ("checkout_key", "error"):
        if getattr(row, name) is not None:
            body[name] = getattr(row, name)
    return body | dump_moments(row, ("created_at", "updated_at"))
