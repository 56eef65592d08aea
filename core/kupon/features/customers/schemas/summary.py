"""What a customer's redemptions, orders, points and referrals come to."""

from __future__ import annotations

from typing import Any

from kupon.kit.timestamps import format_moment
from kupon.storage.queries.customers import Summary
from kupon.web.fields import Json, Many, Moment, Part, Text, Whole, WireSchema


class SummaryGift(WireSchema):
    """What gift cards gave and still hold."""

    redeemed_amount = Whole(required=True)
    amount_to_go = Whole(required=True)


class SummaryLoyaltyCard(WireSchema):
    """What loyalty cards gave and still hold."""

    redeemed_points = Whole(required=True)
    points_to_go = Whole(required=True)


class SummaryRedemptions(WireSchema):
    """How a customer's redemptions and rollbacks went."""

    total_redeemed = Whole(required=True)
    total_failed = Whole(required=True)
    total_succeeded = Whole(required=True)
    total_rolled_back = Whole(required=True)
    total_rollback_failed = Whole(required=True)
    total_rollback_succeeded = Whole(required=True)
    gift = Part(SummaryGift, required=True)
    loyalty_card = Part(SummaryLoyaltyCard, required=True)


class SummaryOrders(WireSchema):
    """What a customer spent."""

    total_amount = Whole(required=True)
    total_count = Whole(required=True)
    average_amount = Whole(required=True)
    last_order_amount = Whole(required=True)
    last_order_date = Moment()


class CustomerSummary(WireSchema):
    """What a customer's redemptions and orders come to."""

    redemptions = Part(SummaryRedemptions, required=True)
    orders = Part(SummaryOrders, required=True)


class CustomerLoyalty(WireSchema):
    """Points, and referred customers, over all campaigns and by campaign."""

    points = Whole(required=True)
    referred_customers = Whole(required=True)
    campaigns = Json(required=True)


class ReferralCampaign(WireSchema):
    """By whom a customer was referred."""

    campaign_id = Text(required=True)
    referrer_id = Text(required=True)
    related_object_id = Text(required=True)
    related_object_type = Text(required=True)
    date = Moment(required=True)


class CustomerReferrals(WireSchema):
    """The campaigns in which a customer was referred."""

    total = Whole(required=True)
    campaigns = Many(Part(ReferralCampaign), required=True)


def dump_summary(summary: Summary) -> dict[str, Any]:
    """The wire's summary."""
    orders: dict[str, Any] = {
        "total_amount": summary.total_amount,
        "total_count": summary.order_count,
        "average_amount": summary.average_amount,
        "last_order_amount": summary.last_order_amount,
    }
    if summary.last_order_date is not None:
        orders["last_order_date"] = format_moment(summary.last_order_date)
    redemptions = {
        # UNCERTAIN: "redemptions made" and "rolled back" could also mean what lasted
        # (campaigns-loyalty-referral-gift, 10.2).
        "total_redeemed": summary.succeeded + summary.failed,
        "total_failed": summary.failed,
        "total_succeeded": summary.succeeded,
        "total_rolled_back": summary.rollback_succeeded,
        "total_rollback_failed": summary.rollback_failed,
        "total_rollback_succeeded": summary.rollback_succeeded,
        "gift": {
            "redeemed_amount": summary.gift_redeemed_amount,
            "amount_to_go": summary.gift_amount_to_go,
        },
        "loyalty_card": {
            "redeemed_points": summary.redeemed_points,
            "points_to_go": summary.points_to_go,
        },
    }
    return {"redemptions": redemptions, "orders": orders}


def dump_loyalty(summary: Summary) -> dict[str, Any]:
    """The wire's points and referred customers, over all campaigns and by their names."""
    campaigns: dict[str, dict[str, Any]] = {}
    for programme in summary.programmes:
        told: dict[str, Any] = {"points": programme.points, "referred_customers": 0}
        if programme.tier_id is not None:
            told["loyalty_tier"] = programme.tier_id
        campaigns[programme.name] = told
    for name, count in summary.referred:
        campaigns[name] = {"points": 0, "referred_customers": count}
    return {
        "points": summary.points,
        "referred_customers": summary.referred_customers,
        "campaigns": campaigns,
    }


def dump_referrals(summary: Summary) -> dict[str, Any]:
    """The wire's referrals of a customer by others."""
    rows = [each | {"date": format_moment(each["date"])} for each in map(dict, summary.referrals)]
    return {"total": len(rows), "campaigns": rows}
