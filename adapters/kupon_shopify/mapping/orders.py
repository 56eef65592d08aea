"""The shop's orders as Kupon's: status, lines before discounts, and the codes that were used.

Source: spec adapters-commerce, sections 1.4, 1.5 and 5.2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from kupon.hooks.commands import UpsertOrder
from kupon.hooks.errors import Unmappable
from kupon_shopify.mapping.inbound import (
    Json,
    Settings,
    email_of,
    named,
    sku_name,
    stamp_of,
)
from kupon_shopify.mapping.money import amount_of, currency_of
from kupon_shopify.mapping.order_codes import OrderCodes, attribute_of

# Where a shop's theme keeps the session under which codes were validated.
SESSION: Final = "_kupon_session"
# An order of the API has no more.
_MOST_ITEMS: Final = 500
# What names a session in Kupon has no more characters, all of which can be seen.
_SESSION: Final = re.compile(r"[\x21-\x7e]{1,255}")
_CANCELED: Final = frozenset(("EXPIRED", "REFUNDED", "VOIDED"))
_PAID: Final = frozenset(("PAID", "PARTIALLY_REFUNDED"))


def order_of(
    node: Json, settings: Settings, letters: Mapping[str, str | None] | None = None
) -> UpsertOrder:
    """An order as it is now.

    Shapes:  letters are how codes are written in Kupon, by how the order has them; None for those
        that are the shop's own.
    Raises:  Unmappable for a test order.
    """
    if node["test"] and not settings["include_test"]:
        raise Unmappable(str(node["legacyResourceId"]), "it is a test order")
    status = status_of(node, authorized_is_paid=settings["authorized_is_paid"])
    items = _items(node, status, settings)
    codes = OrderCodes.read(node, settings, letters or {})
    fields = {
        "status": status,
        "amount": sum(item["amount"] for item in items),
        "items": items,
        "metadata": _metadata(node, codes, settings),
    }
    customer = _customer(node, settings)
    return UpsertOrder(
        source_id=named(node["legacyResourceId"], settings),
        fields=fields if customer is None else {**fields, "customer": customer},
        redeemables=[{"object": "voucher", "id": code} for code in codes.names],
        checkout_key=_session(node) if codes.names else None,
        placed_at=datetime.fromisoformat(node["processedAt"] or node["createdAt"]),
        stamp=stamp_of(node),
    )


def status_of(node: Json, *, authorized_is_paid: bool = False) -> str:
    """Kupon's status of an order; of what is unknown one that moves nothing."""
    financial = node["displayFinancialStatus"]
    if node["cancelledAt"] or financial in _CANCELED:
        return "CANCELED"
    if financial in _PAID:
        return "FULFILLED" if node["displayFulfillmentStatus"] == "FULFILLED" else "PAID"
    return "PAID" if financial == "AUTHORIZED" and authorized_is_paid else "CREATED"


def _items(node: Json, status: str, settings: Settings) -> list[dict[str, Any]]:
    """The lines; of one that was edited or refunded what is left, of a cancelled one what was."""
    lines = [line for line in node["lineItems"]["nodes"] if not line["isGiftCard"]]
    quantity = "quantity" if status == "CANCELED" else "currentQuantity"
    items = [_item(line, line[quantity], settings) for line in lines if line[quantity] > 0]
    return items if len(items) <= _MOST_ITEMS else _merged(items)


def _merged(items: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lines with equal ones as one."""
    merged: dict[tuple[Any, ...], dict[str, Any]] = {}
    for item in items:
        name = (item.get("source_id"), item["product"]["name"], item["price"])
        known = merged.setdefault(name, {**item, "quantity": 0, "amount": 0})
        known["quantity"] += item["quantity"]
        known["amount"] += item["amount"]
    return list(merged.values())


def _item(line: Json, quantity: int, settings: Settings) -> dict[str, Any]:
    """A line; its article is made where it is unknown, and called as it is called now."""
    price = amount_of(line["originalUnitPriceSet"], settings)
    item: dict[str, Any] = {
        "quantity": quantity,
        "price": price,
        "amount": _cost(line, price, quantity, settings),
        "product": {"name": line["title"]},
    }
    product, variant = line["product"], line["variant"]
    if product is not None:
        item["product"] = {
            "source_id": named(product["legacyResourceId"], settings),
            "name": product["title"],
            "override": True,
        }
    if product is not None and variant is not None:
        source_id = named(variant["legacyResourceId"], settings)
        sku = sku_name(variant, product["title"])
        item |= {"source_id": source_id, "related_object": "sku"}
        item["sku"] = {"source_id": source_id, "sku": sku, "override": True}
    return item


def _cost(line: Json, price: int, quantity: int, settings: Settings) -> int:
    """What so many units of a line cost: of all of them its total, if that is theirs.

    Shapes:  converted into the shop's currency it is no multiple of the price; what differs by
        more than roundings is of other units, such as of those before an edit.
    Units:   minor units.
    """
    total = amount_of(line["originalTotalSet"], settings)
    is_theirs = quantity == line["quantity"] and abs(total - price * quantity) <= quantity
    return total if is_theirs else price * quantity


def _metadata(node: Json, codes: OrderCodes, settings: Settings) -> dict[str, Any]:
    metadata = {
        "platform_discount": codes.discount(node, settings),
        "coupon_codes": list(node["discountCodes"]),
        "currency": currency_of(node, settings),
        "order_name": node["name"],
        "placed_at": node["processedAt"],
    }
    return {name: value for name, value in metadata.items() if value is not None}


def _customer(node: Json, settings: Settings) -> dict[str, str] | None:
    if node["customer"] is not None:
        return {"source_id": named(node["customer"]["legacyResourceId"], settings)}
    email = email_of(node["email"]) if settings["guests"] == "EMAIL" else None
    return None if email is None else {"source_id": email, "email": email}


def _session(node: Json) -> str:
    """The session that the cart names, as far as it can be one, else the cart or the order itself.

    Shapes:  buyers can write attributes.
    """
    named = (attribute_of(node, SESSION), node["cartToken"], node["checkoutToken"])
    return next((each for each in named if each and _SESSION.fullmatch(each)), str(node["id"]))
