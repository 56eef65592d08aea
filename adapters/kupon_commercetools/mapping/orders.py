"""commercetools' orders to Kupon's command: their status, their lines, and the codes they used.

Source: spec adapters-commerce, sections 2.2 and 2.6.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from kupon.hooks.commands import Stamp, UpsertOrder
from kupon_commercetools.mapping import codes
from kupon_commercetools.mapping.inbound import buyer
from kupon_commercetools.mapping.lines import items_of, platform_discount
from kupon_commercetools.mapping.texts import (
    Json,
    chosen_fields,
    custom_fields,
    moment,
    plain,
    stamp_of,
)

SESSION: Final = "session"
_SHIPPED: Final = ("Shipped", "Delivered")
_MOST_KEY: Final = 255


def order_command(
    raw: Json, settings: Json, connection_id: str, accounts: Mapping[str, Json]
) -> UpsertOrder:
    """An order as it is now; accounts as `buyer` takes them.

    Raises:  Unmappable for one with more lines than Kupon's orders have.
    """
    used = codes.applied(raw)
    items = items_of(raw, settings, is_stored=True)
    fields: dict[str, Any] = {
        "status": status_of(raw, settings),
        "amount": sum(item["amount"] for item in items),
        "items": items,
        "metadata": _metadata(raw, settings, used),
    }
    customer = buyer(raw, settings, accounts)
    if customer is not None:
        fields["customer"] = customer
    return UpsertOrder(
        source_id=str(raw["id"]),
        fields=fields,
        redeemables=codes.redeemables(used),
        checkout_key=session_key(raw, connection_id) if used else _stored_key(raw),
        placed_at=moment(raw.get("completedAt") or raw.get("createdAt")),
        stamp=_stamp(raw, settings),
    )


def session_key(raw: Json, connection_id: str) -> str:
    """The session of a cart, or of the cart that became an order.

    Shapes:  one that Kupon has made for another cart came along when that was replicated, and is
        not its own.
    """
    begin, stored = f"commercetools:{connection_id}:", _stored_key(raw)
    cart = raw.get("cart")
    cart_id = cart.get("id") if isinstance(cart, Mapping) else None
    if cart_id is None and "orderState" not in raw:
        cart_id = raw["id"]
    if stored is not None and (cart_id is None or not stored.startswith(begin)):
        return stored
    return f"{begin}{cart_id or raw['id']}"[:_MOST_KEY]


def status_of(raw: Json, settings: Json) -> str:
    """An order's status in Kupon; the first that holds of canceled, fulfilled, paid."""
    if raw.get("orderState") == "Cancelled" or _is_refunded(raw):
        return "CANCELED"
    if not _is_paid(raw, settings):
        return "CREATED"
    is_done = raw.get("shipmentState") in _SHIPPED or raw.get("orderState") == "Complete"
    return "FULFILLED" if is_done else "PAID"


def _is_paid(raw: Json, settings: Json) -> bool:
    """Whether nothing is left to be paid; of an order that costs nothing no payment may tell."""
    match settings["paid_when"]:
        case "CHARGE_TRANSACTION":
            return _sum(raw, "Charge") >= _due(raw)
        case "ORDER_STATE":
            state = raw.get("state")
            known = state.get("obj") if isinstance(state, Mapping) else None
            key = known.get("key") if isinstance(known, Mapping) else None
            return key is not None and key == settings["paid_state_key"]
        case _:
            state = raw.get("paymentState")
            if state is None:
                return _due(raw) == 0
            return state == "Paid" or (state == "CreditOwed" and bool(settings["credit_is_paid"]))


def _due(raw: Json) -> int:
    """What is to be paid, with taxes where they come on top."""
    taxed = (raw.get("taxedPrice") or {}).get("totalGross") or raw["totalPrice"]
    return int(taxed["centAmount"])


def _is_refunded(raw: Json) -> bool:
    """Whether everything went back: all units with their money, or all money."""
    charged = _sum(raw, "Charge")
    if charged > 0 and _sum(raw, "Refund") >= charged:
        return True
    returned: dict[str, int] = {}
    for info in raw.get("returnInfo") or ():
        for item in info.get("items") or ():
            if item.get("paymentState") == "Refunded" and item.get("lineItemId"):
                line = str(item["lineItemId"])
                returned[line] = returned.get(line, 0) + int(item.get("quantity", 0))
    lines = raw.get("lineItems") or ()
    return bool(returned) and all(
        returned.get(str(line["id"]), 0) >= int(line["quantity"])
        for line in lines
        if line.get("lineItemMode") != "GiftLineItem"
    )


def _sum(raw: Json, kind: str) -> int:
    """The money of an order's transactions of a kind that succeeded."""
    return sum(
        int(each["amount"]["centAmount"])
        for payment in _payments(raw)
        for each in payment.get("transactions") or ()
        if each.get("type") == kind and each.get("state") == "Success"
    )


def _payments(raw: Json) -> Sequence[Json]:
    info = raw.get("paymentInfo") or {}
    found = (each.get("obj") for each in info.get("payments") or ())
    return [each for each in found if isinstance(each, Mapping)]


def _methods(raw: Json) -> list[str]:
    """By what an order is paid."""
    found = (each.get("paymentMethodInfo") or {} for each in _payments(raw))
    names = (each.get("method") or each.get("paymentInterface") for each in found)
    return [str(name) for name in names if name]


def _stamp(raw: Json, settings: Json) -> Stamp:
    """When the order was so; transactions change it without giving it another version."""
    stamp = stamp_of(raw)
    if settings["paid_when"] != "CHARGE_TRANSACTION" and not _sum(raw, "Refund"):
        return stamp
    moments = [stamp.at, *(moment(each.get("lastModifiedAt")) for each in _payments(raw))]
    known: list[datetime] = [each for each in moments if each is not None]
    return Stamp(at=max(known)) if known else stamp


def _stored_key(raw: Json) -> str | None:
    key = custom_fields(raw).get(SESSION)
    return key[:_MOST_KEY] if isinstance(key, str) and key else None


def _metadata(raw: Json, settings: Json, used: Sequence[codes.Code]) -> dict[str, Any]:
    known = {
        "orderNumber": raw.get("orderNumber"),
        "currency": raw["totalPrice"]["currencyCode"],
        "coupon_codes": [each.code for each in used if each.type == codes.VOUCHER] or None,
        "platform_discount": platform_discount(raw, settings) or None,
        "placed_at": raw.get("completedAt") or raw.get("createdAt"),
    }
    language = settings["language"]
    for name in settings["order_properties"]:
        known[name] = _methods(raw) if name == "payments" else plain(raw.get(name), language)
    told = {name: value for name, value in known.items() if value not in (None, [])}
    return told | chosen_fields(raw, settings, "custom_field_")
