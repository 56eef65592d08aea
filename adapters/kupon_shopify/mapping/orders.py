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
from kupon.kit.currencies import minor_units
from kupon_shopify.mapping.inbound import (
    Json,
    Settings,
    email_of,
    named,
    sku_name,
    stamp_of,
)

# Where a shop's theme keeps the session under which codes were validated.
SESSION: Final = "_kupon_session"
# Where an agent's tool keeps the codes whose discount it has put on a draft order; only of drafts,
# as buyers can write attributes of all others.
CODES: Final = "_kupon_codes"
_OF_DRAFT: Final = "shopify_draft_order"
# An order of the API has no more.
_MOST_ITEMS: Final = 500
_MONEY: Final = {"SHOP": "shopMoney", "PRESENTMENT": "presentmentMoney"}
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
    fields = {
        "status": status,
        "amount": sum(item["amount"] for item in items),
        "items": items,
        "metadata": _metadata(node, settings),
    }
    customer = _customer(node, settings)
    codes = codes_of(node, settings, letters or {})
    return UpsertOrder(
        source_id=named(node["legacyResourceId"], settings),
        fields=fields if customer is None else {**fields, "customer": customer},
        redeemables=[{"object": "voucher", "id": code} for code in codes],
        checkout_key=_session(node) if codes else None,
        placed_at=datetime.fromisoformat(node["processedAt"] or node["createdAt"]),
        stamp=stamp_of(node),
    )


def codes_of(node: Json, settings: Settings, letters: Mapping[str, str | None]) -> list[str]:
    """The codes of an order that can be Kupon's, as Kupon writes them."""
    found = [letters.get(code, code) for code in node["discountCodes"]]
    if node["sourceName"] == _OF_DRAFT:
        found += re.split(r"[,\s]+", _attribute(node, CODES) or "")
    fitting = [code for code in found if code and re.fullmatch(settings["code_pattern"], code)]
    return list(dict.fromkeys(fitting))


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
    is_now = status != "CANCELED" and any(line["currentQuantity"] for line in lines)
    quantity = "currentQuantity" if is_now else "quantity"
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
    price = _amount(line["originalUnitPriceSet"], settings)
    item: dict[str, Any] = {
        "quantity": quantity,
        "price": price,
        "amount": price * quantity,
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


def _metadata(node: Json, settings: Settings) -> dict[str, Any]:
    discount = node["totalDiscountsSet"]
    metadata = {
        "platform_discount": 0 if discount is None else _amount(discount, settings),
        "coupon_codes": list(node["discountCodes"]),
        "currency": None if discount is None else discount[_money(settings)]["currencyCode"],
        "order_name": node["name"],
        "placed_at": node["processedAt"],
    }
    return {name: value for name, value in metadata.items() if value is not None}


def _amount(bag: Mapping[str, Json], settings: Settings) -> int:
    money = bag[_money(settings)]
    return minor_units(str(money["amount"]), money["currencyCode"])


def _money(settings: Settings) -> str:
    return _MONEY[settings["money"]]


def _customer(node: Json, settings: Settings) -> dict[str, str] | None:
    if node["customer"] is not None:
        return {"source_id": named(node["customer"]["legacyResourceId"], settings)}
    email = email_of(node["email"]) if settings["guests"] == "EMAIL" else None
    return None if email is None else {"source_id": email, "email": email}


def _session(node: Json) -> str | None:
    """The session that the cart names, else the cart itself."""
    return _attribute(node, SESSION) or node["cartToken"] or node["checkoutToken"] or None


def _attribute(node: Json, name: str) -> str | None:
    attributes: Sequence[Json] = node["customAttributes"]
    return next((each["value"] for each in attributes if each["key"] == name), None)
