"""Why a redeemable cannot be used, whatever its rules: missing, disabled, out of time, used up.

Source: spec discounts-and-stacking, sections 3 (own checks) and 10.3; rules-and-qualification,
section 10 (their order).
"""

from __future__ import annotations

from datetime import datetime, tzinfo

from kupon.engine import limits
from kupon.engine.customer import Customer
from kupon.engine.giftcards import GiftCredits
from kupon.engine.model import PromotionTier, Redeemable, Voucher
from kupon.engine.order import Order
from kupon.engine.points import NoReward, PointsPayment, PointsSpending
from kupon.engine.refusals import Refusal


def refuse(
    redeemable: Redeemable,
    order: Order,
    now: datetime,
    timezone: tzinfo,
    customer: Customer | None = None,
) -> Refusal | None:
    """Return the first reason against a redeemable, or None.

    Units:   now is aware UTC; timezone is the project's.
    Refuses: not_found, voucher_disabled, voucher_not_active, voucher_expired,
        voucher_not_active_now, quantity_exceeded, not_published,
        referrer_not_permitted_to_redeem, promotion_inactive, promotion_not_active_now, and what
        gift cards and points refuse.
    """
    source = redeemable.source
    if source is None:
        return _missing(redeemable)
    if isinstance(source, PromotionTier):
        return _refuse_tier(source, now, timezone)
    refusal = _refuse_voucher(source, order, now, timezone)
    if refusal is None and source.is_referral:
        return _refuse_referrer(source, customer)
    return refusal


def _refuse_voucher(
    voucher: Voucher, order: Order, now: datetime, timezone: tzinfo
) -> Refusal | None:
    if not (voucher.is_active and voucher.is_campaign_active):
        return Refusal("voucher_disabled", voucher.code)
    lapse = limits.check(voucher.validity, now, timezone)
    if lapse is not None:
        return Refusal(lapse.key, voucher.code)
    if not _has_uses_left(voucher):
        return Refusal("quantity_exceeded", voucher.code)
    if isinstance(voucher.worth, _CARDS):
        return _of_card(voucher, voucher.worth.refuse(order))
    return None


_CARDS = GiftCredits | PointsPayment | PointsSpending | NoReward


def _of_card(voucher: Voucher, refusal: Refusal | None) -> Refusal | None:
    if refusal is None or refusal.details is not None or refusal.key == "missing_amount":
        return refusal
    return Refusal(refusal.key, voucher.code)


def _refuse_referrer(voucher: Voucher, customer: Customer | None) -> Refusal | None:
    """Referrers bring others, and there must be one.

    UNCERTAIN: a code that nobody was given could be a plain discount
    (campaigns-loyalty-referral-gift, 6.3, rule 2).
    """
    if voucher.referrer_id is None:
        return Refusal("not_published", voucher.code)
    if customer is not None and customer.id == voucher.referrer_id:
        return Refusal("referrer_not_permitted_to_redeem", voucher.code)
    return None


def _refuse_tier(tier: PromotionTier, now: datetime, timezone: tzinfo) -> Refusal | None:
    if not (tier.is_active and tier.is_campaign_active):
        return Refusal("promotion_inactive", f"Promotion Tier with id: {tier.id} is disabled.")
    lapse = limits.check(tier.validity, now, timezone)
    if lapse is None and limits.check(tier.campaign_validity, now, timezone) is None:
        return None
    # UNCERTAIN: one key for every reason of time (discounts-and-stacking, 10.3).
    return Refusal("promotion_not_active_now", tier.id)


def _missing(redeemable: Redeemable) -> Refusal:
    kind = redeemable.object.replace("_", " ")
    return Refusal(
        "not_found",
        f"Cannot find {kind} with id {redeemable.id}",
        resource_id=redeemable.id,
        resource_type=redeemable.object,
    )


def _has_uses_left(voucher: Voucher) -> bool:
    if voucher.quantity is None:
        return True
    return voucher.redeemed_quantity + voucher.locked_quantity < voucher.quantity
