"""Kupon's codes as the shop's discounts, as far as the shop can calculate them by itself.

Source: spec adapters-commerce, section 5.4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from kupon.hooks.adapter import CodeItem
from kupon.hooks.errors import Unmappable
from kupon.kit.currencies import decimal_text
from kupon_shopify.mapping.inbound import Json, Settings
from kupon_shopify.mapping.rules import Unlike, limits_of

# Tells which of the shop's discounts are Kupon's.
TAG: Final = "kupon"
_LONGEST: Final = 255
_WINDOWS: Final = ("validity_timeframe", "validity_day_of_week", "validity_hours")
# The only members of a discount that the shop can do.
_PLAIN: Final = {
    "PERCENT": frozenset(("type", "effect", "percent_off")),
    "AMOUNT": frozenset(("type", "effect", "amount_off")),
}


def discount_of(
    item: CodeItem, currency: str, starts_at: datetime, settings: Settings
) -> dict[str, Any]:
    """What makes or changes the discount of a code.

    Shapes:  starts_at is for codes without a start, since the shop wants one. usageLimit is what is
        left, since the shop may have counted none of it.
    Raises:  Unmappable for a code that the shop could not calculate as Kupon does.
    """
    voucher = item.voucher
    code = str(voucher["code"])
    reason = _refusal(item) or _foreign_money(voucher["discount"], currency, settings)
    if reason is not None:
        raise Unmappable(code, reason)
    try:
        limits = limits_of(item.rules, currency)
    except Unlike as error:
        raise Unmappable(code, f"the shop can't check validation rules of {error}") from None
    combined = settings["combines_with"]
    return {
        "title": voucher.get("campaign") or code,
        "code": code,
        "tags": [TAG],
        "startsAt": voucher.get("start_date") or f"{starts_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "endsAt": voucher.get("expiration_date"),
        "usageLimit": _uses_left(voucher.get("redemption") or {}),
        **limits,
        "customerGets": {"items": {"all": True}, "value": _value(voucher["discount"], currency)},
        "combinesWith": {
            f"{each}Discounts": each in combined for each in ("order", "product", "shipping")
        },
    }


def context_of(item: CodeItem, known: Sequence[str], settings: Settings) -> dict[str, Any]:
    """Who may use a code, where the shop has let some customers use it until now.

    Raises:  Unmappable for a holder who is no customer of the shop.
    """
    if item.customer is None or not settings["holders_only"]:
        return {"all": "ALL"}
    prefix = settings["source_id_prefix"]
    source_id = str(item.customer.get("source_id") or "")
    id = source_id.removeprefix(prefix)
    if not source_id.startswith(prefix) or not id.isdecimal():
        raise Unmappable(str(item.voucher["code"]), "its holder is no customer of the shop")
    wanted = f"gid://shopify/Customer/{id}"
    context = {"add": [wanted]}
    others = [each for each in known if each != wanted]
    return {"customers": {**context, "remove": others} if others else context}


def _uses_left(redemption: Mapping[str, Any]) -> int | None:
    quantity = redemption.get("quantity")
    if quantity is None:
        return None
    return max(1, int(quantity) - int(redemption.get("redeemed_quantity") or 0))


def _value(discount: Json, currency: str) -> dict[str, Any]:
    if discount["type"] == "PERCENT":
        # The Admin API counts to 1, functions to 100.
        return {"percentage": round(float(discount["percent_off"]) / 100, 6)}
    amount = decimal_text(int(discount["amount_off"]), currency)
    return {"discountAmount": {"amount": amount, "appliesOnEachItem": False}}


def _foreign_money(discount: Json, currency: str, settings: Settings) -> str | None:
    """An amount means so much of whatever currency; None where it is one that is meant."""
    meant = settings["currencies"]
    if discount["type"] != "AMOUNT" or not meant or currency in meant:
        return None
    return f"the shop counts in {currency}, which is none of the connection's currencies"


def _refusal(item: CodeItem) -> str | None:
    """Why the shop can't have a code; None where it can."""
    voucher = item.voucher
    discount = voucher.get("discount") or {}
    plain = _PLAIN.get(discount.get("type", ""))
    if voucher.get("type") != "DISCOUNT_VOUCHER" or plain is None:
        return "the shop can only have codes of a percentage or an amount"
    if discount.get("effect") not in (None, "APPLY_TO_ORDER"):
        return "the shop can only have discounts of whole orders"
    odd = [name for name, value in discount.items() if value and name not in plain]
    if odd:
        return f"the shop can't calculate {', '.join(sorted(odd))}"
    if any(voucher.get(name) for name in _WINDOWS):
        return "the shop knows no hours and days of validity"
    assigned = (voucher.get("validation_rules_assignments") or {}).get("total") or 0
    if assigned > len(item.rules):
        return "the shop can't check validation rules"
    if len(str(voucher["code"])) > _LONGEST:
        return f"the shop takes no code of more than {_LONGEST} characters"
    return None
