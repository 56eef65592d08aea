"""A customer's wallet: the codes that the customer holds, with the state of each.

Source: spec campaigns-loyalty-referral-gift, sections 3.2 and 10.1.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from kupon.engine.giftcards import GIFT_VOUCHER
from kupon.engine.points import LOYALTY_CARD
from kupon.features.assets.schemas import CodeAssets, dump_assets
from kupon.features.customers.schemas.cards import dump_gift, dump_loyalty_card
from kupon.kit.timestamps import format_moment
from kupon.storage.queries.wallets import Holding
from kupon.storage.tables.campaigns import REFERRAL_PROGRAM
from kupon.storage.tables.vouchers import Voucher
from kupon.web.fields import (
    CountedList,
    Flag,
    Json,
    Many,
    Moment,
    PagedList,
    Part,
    Text,
    Whole,
    WireSchema,
)
from kupon.web.query import ListQuery


class HeldUses(WireSchema):
    """How often a code may be and was used."""

    object = Text()
    quantity = Whole()
    redeemed_quantity = Whole()
    redeemed_points = Whole()
    redeemed_amount = Whole()
    url = Text()


class HeldPublications(WireSchema):
    """How often a code was published."""

    object = Text()
    count = Whole()
    url = Text()


class HeldVoucher(WireSchema):
    """A code as a wallet shows it."""

    id = Text()
    code = Text()
    campaign = Text()
    campaign_id = Text()
    category = Text(allow_none=True)
    category_id = Text()
    categories = Many(Json())
    type = Text()
    discount = Json()
    gift = Json()
    loyalty_card = Json()
    start_date = Moment()
    expiration_date = Moment()
    validity_timeframe = Json()
    validity_day_of_week = Many(Whole())
    validity_hours = Json()
    active = Flag(allow_none=True)
    additional_info = Text()
    metadata = Json()
    assets = Part(CodeAssets)
    is_referral_code = Flag(allow_none=True)
    holder_id = Text()
    referrer_id = Text()
    created_at = Moment()
    updated_at = Moment()
    publish = Part(HeldPublications)
    redemption = Part(HeldUses)
    object = Text()


class HeldRedeemable(WireSchema):
    """A code and its state."""

    type = Text(required=True)
    voucher = Part(HeldVoucher, required=True)
    status = Text(required=True)


class CustomerRedeemable(WireSchema):
    """An entry of a wallet."""

    id = Text(required=True)
    created_at = Moment(required=True)
    redeemable_id = Text(required=True)
    redeemable_object = Text(required=True)
    customer_id = Text(required=True)
    holder_role = Text(required=True)
    campaign_id = Text(required=True, allow_none=True)
    campaign_type = Text(required=True, allow_none=True)
    voucher_type = Text(required=True)
    redeemable = Part(HeldRedeemable, required=True)


class CustomerRedeemableList(CountedList, PagedList):
    """A page of a wallet."""

    data = Many(Part(CustomerRedeemable), required=True)


class RedeemableListQuery(ListQuery):
    """Parameters of the listing of a wallet."""

    ORDER = ("id",)

    class Meta(ListQuery.Meta):
        exclude = ("page", "created_at", "updated_at", "start_date", "end_date")


def dump_holding(holding: Holding, now: datetime) -> dict[str, Any]:
    """The wire's entry of a wallet."""
    holder, voucher, campaign = holding.holder, holding.voucher, holding.campaign
    return {
        "id": holder.id,
        "created_at": format_moment(holder.created_at),
        "redeemable_id": voucher.id,
        "redeemable_object": "voucher",
        "customer_id": holder.customer_id,
        "holder_role": holder.holder_role,
        "campaign_id": voucher.campaign_id,
        "campaign_type": None if campaign is None else campaign.campaign_type,
        "voucher_type": voucher.type,
        "redeemable": {
            "type": "voucher",
            "voucher": _dump_voucher(holding),
            "status": holding_status(holding, now),
        },
    }


def holding_status(holding: Holding, now: datetime) -> str:
    """The state of a held code; the first that holds, of DISABLED, EXPIRED, ... ACTIVE."""
    voucher, campaign = holding.voucher, holding.campaign
    quantity = voucher.redemption_quantity
    if not voucher.is_active or (campaign is not None and not campaign.is_active):
        return "DISABLED"
    if voucher.expiration_date is not None and now > voucher.expiration_date:
        return "EXPIRED"
    if voucher.start_date is not None and now < voucher.start_date:
        return "NOT_ACTIVE_YET"
    if quantity is not None and voucher.redeemed_quantity >= quantity:
        return "USED"
    if voucher.type in (GIFT_VOUCHER, LOYALTY_CARD) and not voucher.balance.left:
        return "NO_BALANCE"
    return "ACTIVE"


def _dump_voucher(holding: Holding) -> dict[str, Any]:
    voucher, campaign = holding.voucher, holding.campaign
    is_referral = campaign is not None and campaign.campaign_type == REFERRAL_PROGRAM
    path = f"/v1/vouchers/{voucher.id}"
    body: dict[str, Any] = {"id": voucher.id, "code": voucher.code}
    if campaign is not None:
        body |= {"campaign": campaign.name, "campaign_id": campaign.id}
    body |= {
        # Reference: a wallet tells of no categories.
        "category": None,
        "categories": [],
        "type": voucher.type,
        **_dump_set(voucher),
        "active": voucher.is_active,
        "metadata": voucher.voucher_metadata,
        "is_referral_code": is_referral,
        "holder_id": voucher.holder_id,
        "created_at": format_moment(voucher.created_at),
        "publish": {
            "object": "list",
            "count": voucher.publish_count,
            "url": f"{path}/publications?page=1&limit=10",
        },
        "redemption": {
            "object": "list",
            "redeemed_quantity": voucher.redeemed_quantity,
            "url": f"{path}/redemptions?page=1&limit=10",
        },
        "object": "voucher",
    }
    if voucher.redemption_quantity is not None:
        body["redemption"]["quantity"] = voucher.redemption_quantity
    if is_referral and voucher.holder_id is not None:
        body["referrer_id"] = voucher.holder_id
    if voucher.type == GIFT_VOUCHER:
        body["redemption"]["redeemed_amount"] = voucher.balance.redeemed
        body["gift"] = dump_gift(voucher.balance, voucher.gift_effect)
    if voucher.type == LOYALTY_CARD:
        body["redemption"]["redeemed_points"] = voucher.balance.redeemed
        body["loyalty_card"] = dump_loyalty_card(voucher)
    assets = dump_assets(voucher.code)
    if assets is not None:
        body["assets"] = assets
    return body


def _dump_set(voucher: Voucher) -> dict[str, Any]:
    """The members that only some codes have."""
    body: dict[str, Any] = {}
    for name in ("start_date", "expiration_date", "updated_at"):
        moment = getattr(voucher, name)
        if moment is not None:
            body[name] = format_moment(moment)
    for name in (
        "discount",
        "additional_info",
        "validity_timeframe",
        "validity_day_of_week",
        "validity_hours",
    ):
        value = getattr(voucher, name)
        if value is not None:
            body[name] = value
    return body
