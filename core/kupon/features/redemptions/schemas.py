"""Wire shapes of redemptions and rollbacks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kupon.engine.giftcards import GIFT_VOUCHER
from kupon.engine.points import LOYALTY_CARD
from kupon.features.customers.schemas import CustomerBody
from kupon.features.orders.schemas import CalculatedOrder, OrderBody, dump_older_order
from kupon.features.promotions.schemas import RedeemedTier
from kupon.features.rewards.schemas import GivenReward
from kupon.features.validations.schemas import RedeemableResult
from kupon.features.vouchers.schemas import Voucher
from kupon.kit.timestamps import format_moment
from kupon.web.fields import CountedList, Json, Many, Moment, Part, Text, Whole, WireSchema
from kupon.web.query import ListQuery, Texts


class Channel(WireSchema):
    """Through what a redemption came in."""

    channel_id = Text()
    channel_type = Text()


class SimpleCustomer(WireSchema):
    """The few members of a customer that other objects carry."""

    id = Text()
    source_id = Text()
    name = Text()
    email = Text()
    metadata = Json()
    object = Text()


class GiftAmount(WireSchema):
    """Credits of a gift card."""

    amount = Whole()


class Points(WireSchema):
    """Points of a loyalty card."""

    points = Whole()


class RelatedRedemption(WireSchema):
    """A redemption of the same order."""

    id = Text()
    date = Moment()


class RelatedRollback(RelatedRedemption):
    """A rollback of the same order."""

    rollback_order_mode = Text()


class RelatedRedemptions(WireSchema):
    """What else happened to a redemption."""

    redemptions = Many(Part(RelatedRedemption))
    rollbacks = Many(Part(RelatedRollback))


class SessionKey(WireSchema):
    """The session that a redemption used."""

    key = Text()


class Redemption(WireSchema):
    """A redemption."""

    id = Text(required=True)
    object = Text(required=True)
    date = Moment(required=True)
    customer_id = Text(required=True, allow_none=True)
    tracking_id = Text(required=True, allow_none=True)
    metadata = Json(required=True, allow_none=True)
    amount = Whole()
    redemption = Text(required=True, allow_none=True)
    result = Text(required=True)
    status = Text(required=True)
    related_redemptions = Part(RelatedRedemptions)
    failure_code = Text()
    failure_message = Text()
    reason = Text()
    order = Part(CalculatedOrder, required=True, allow_none=True)
    channel = Part(Channel, required=True)
    customer = Part(SimpleCustomer, required=True, allow_none=True)
    related_object_type = Text(required=True)
    related_object_id = Text(required=True)
    voucher = Part(Voucher)
    promotion_tier = Part(RedeemedTier)
    gift = Part(GiftAmount)
    loyalty_card = Part(Points)
    reward = Part(GivenReward)
    session = Part(SessionKey)


class SingleRedemption(Redemption):
    """Answer of the older calls on one code or tier, with the order as it was stored.

    The reference declares no null here, so what is unset is left out.
    """

    customer_id = Text()
    tracking_id = Text()
    redemption = Text()
    order = Part(CalculatedOrder)
    customer = Part(SimpleCustomer)


class RedemptionResult(WireSchema):
    """Answer of POST /v1/redemptions."""

    redemptions = Many(Part(Redemption), required=True)
    parent_redemption = Part(Redemption)
    order = Part(CalculatedOrder)
    inapplicable_redeemables = Many(Part(RedeemableResult))
    skipped_redeemables = Many(Part(RedeemableResult))


class RedemptionList(CountedList):
    """A page of redemptions and rollbacks."""

    redemptions = Many(Part(Redemption), required=True)


class VoucherRedemptions(CountedList):
    """All redemptions and rollbacks of one code."""

    quantity = Whole(required=True, allow_none=True)
    redeemed_quantity = Whole(required=True)
    redemption_entries = Many(Part(Redemption), required=True)
    url = Text(required=True)


class RedemptionsQuery(ListQuery):
    """Parameters of the listing of redemptions."""

    ORDER = ("created_at", "id", "voucher_code", "tracking_id", "customer_id")
    result = Texts()
    campaign = Text()
    customer = Text()
    campaign_name = Text()
    voucher_code = Text()
    related_object_id = Text()
    related_object_parent_id = Text()


class RedeemQuery(WireSchema):
    """Parameters of the older call on a single code."""

    tracking_id = Text()


class RollbackQuery(WireSchema):
    """Parameters of a rollback."""

    reason = Text()
    tracking_id = Text()


class RollbackBody(WireSchema):
    """Body of a rollback."""

    reason = Text(allow_none=True)
    tracking_id = Text(allow_none=True)
    customer = Part(CustomerBody, allow_none=True)
    order = Part(OrderBody, allow_none=True)
    metadata = Json(allow_none=True)


class RollbackResult(WireSchema):
    """Answer of a stacked rollback."""

    rollbacks = Many(Part(Redemption), required=True)
    parent_rollback = Part(Redemption)
    order = Part(CalculatedOrder)


def dump_single(redemption: Mapping[str, Any], order: Mapping[str, Any] | None) -> dict[str, Any]:
    """A redemption that stands alone; order is the wire's, None where there is none."""
    body = {**redemption, "order": None if order is None else dump_older_order(order)}
    return {name: value for name, value in body.items() if value is not None}


def dump_redemption(
    row: Mapping[str, Any],
    *,
    customer: Mapping[str, Any] | None,
    voucher: Mapping[str, Any] | None = None,
    promotion_tier: Mapping[str, Any] | None = None,
    related: Mapping[str, Any] | None = None,
    reward: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A redemption or rollback, from its columns.

    Shapes:  customer, voucher, promotion_tier and reward are in their wire forms; `redemption` is
        the parent of a child, and of a rollback what it took back.
    """
    is_rollback = row["object"] == "redemption_rollback"
    body: dict[str, Any] = {
        "id": row["id"],
        "object": row["object"],
        "date": format_moment(row["created_at"]),
        "customer_id": row["customer_id"],
        "tracking_id": row["tracking_id"],
        "metadata": row["metadata"],
        "redemption": row["redemption_id"] if is_rollback else row["parent_id"],
        "result": row["result"],
        "status": row["status"],
        "order": row["order_figures"],
        "channel": {"channel_id": row["channel_id"], "channel_type": row["channel_type"]},
        "customer": customer,
        "related_object_type": row["related_object_type"],
        "related_object_id": row["related_object_id"],
    }
    for name in ("amount", "reason", "failure_code", "failure_message"):
        if row[name] is not None:
            body[name] = row[name]
    if voucher is not None:
        body["voucher"] = voucher
        if row["amount"] is not None and voucher["type"] == GIFT_VOUCHER:
            body["gift"] = {"amount": row["amount"]}
        if row["amount"] is not None and voucher["type"] == LOYALTY_CARD:
            body["loyalty_card"] = {"points": row["amount"]}
    if reward is not None:
        body["reward"] = reward
    if promotion_tier is not None:
        body["promotion_tier"] = promotion_tier
    if related:
        body["related_redemptions"] = related
    if row["session_key"] is not None and not is_rollback:
        body["session"] = {"key": row["session_key"]}
    return body
