"""Why a redeemable cannot be used, whatever the order: missing, disabled, out of time, used up.

Source: spec discounts-and-stacking, sections 3 (own checks) and 10.3; rules-and-qualification,
section 10 (their order).
"""

from __future__ import annotations

from datetime import datetime, tzinfo

from kupon.engine import limits
from kupon.engine.model import Redeemable, Voucher
from kupon.engine.refusals import Refusal


def refuse(redeemable: Redeemable, now: datetime, timezone: tzinfo) -> Refusal | None:
    """Return the first reason against a redeemable, or None.

    Units:   now is aware UTC; timezone is the project's.
    Refuses: not_found, voucher_disabled, voucher_not_active, voucher_expired,
        voucher_not_active_now, quantity_exceeded.
    """
    voucher = redeemable.source
    if voucher is None:
        return _missing(redeemable)
    if not (voucher.is_active and voucher.is_campaign_active):
        return Refusal("voucher_disabled", voucher.code)
    lapse = limits.check(voucher.validity, now, timezone)
    if lapse is not None:
        return Refusal(lapse.key, voucher.code)
    if not _has_uses_left(voucher):
        return Refusal("quantity_exceeded", voucher.code)
    return None


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
