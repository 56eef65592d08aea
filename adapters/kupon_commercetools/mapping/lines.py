"""The lines of carts and orders, which have the same shape, as an order of Kupon's API."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from kupon.hooks.errors import Unmappable
from kupon_commercetools.mapping.inbound import sku_id
from kupon_commercetools.mapping.texts import Json, localized

# Of the API; a cart that has more after equal lines were put together is not priced.
MOST_ITEMS: Final = 500
_GIFT: Final = "GiftLineItem"


def items_of(raw: Json, settings: Json, *, is_stored: bool = False) -> list[dict[str, Any]]:
    """What the shopper has put in, equal lines as one; gifts come with the codes that give them.

    Shapes:  is_stored lets products be created that Kupon does not know yet.
    Units:  minor units, before any discount but those of products.
    Raises:  Unmappable for too many lines.
    """
    items: dict[tuple[str, int], dict[str, Any]] = {}
    for line in raw.get("lineItems") or ():
        if line.get("lineItemMode") == _GIFT or not line.get("quantity"):
            continue
        item = _item(line, settings, is_stored=is_stored)
        known = items.setdefault((item["source_id"], item["price"]), item)
        if known is not item:
            known["quantity"] += item["quantity"]
            known["amount"] += item["amount"]
    if len(items) > MOST_ITEMS:
        raise Unmappable(str(raw.get("id")), f"it has more than {MOST_ITEMS} lines")
    return list(items.values())


def platform_discount(raw: Json, settings: Json) -> int:
    """What the platform has taken off the lines and the total; a gift counts with its price."""
    taken = 0
    for line in raw.get("lineItems") or ():
        taken += _amount(line, settings) - int(line["totalPrice"]["centAmount"])
    total = raw.get("discountOnTotalPrice") or {}
    return taken + int((total.get("discountedAmount") or {}).get("centAmount", 0))


def gift_skus(raw: Json) -> list[str]:
    """The source ids of the gifts in a cart, one for each unit."""
    found = []
    for line in raw.get("lineItems") or ():
        if line.get("lineItemMode") == _GIFT:
            found += [sku_id(str(line["productId"]), line["variant"])] * int(line["quantity"])
    return found


def predicates(raw: Json) -> dict[str, str]:
    """How the platform finds the lines of an item, by the item's source id."""
    found = {}
    for line in raw.get("lineItems") or ():
        variant = line["variant"]
        source_id = sku_id(str(line["productId"]), variant)
        if variant.get("sku"):
            found[source_id] = f"sku = {_quoted(variant['sku'])}"
        else:
            product = _quoted(line["productId"])
            found[source_id] = f"product.id = {product} and variant.id = {variant['id']}"
    return found


def _item(line: Json, settings: Json, *, is_stored: bool) -> dict[str, Any]:
    variant = line["variant"]
    quantity, amount = int(line["quantity"]), _amount(line, settings)
    item: dict[str, Any] = {
        "source_id": sku_id(str(line["productId"]), variant),
        "related_object": "sku",
        "quantity": quantity,
        "price": _half_up(Decimal(amount) / quantity),
        "amount": amount,
    }
    if is_stored:
        name = localized(line.get("name"), settings["language"])
        item["product"] = {"source_id": _product(line, settings), "name": name, "override": True}
        item["sku"] = {"sku": variant.get("sku") or name, "override": True}
    return item


def _product(line: Json, settings: Json) -> str:
    key = line.get("productKey") if settings["product_source_id"] == "KEY" else None
    return str(key or line["productId"])


def _amount(line: Json, settings: Json) -> int:
    """What a line costs before the cart's discounts."""
    if line.get("priceMode") == "ExternalTotal":
        return int(line["totalPrice"]["centAmount"])
    price = line["price"]
    value = price["value"]
    discounted = price.get("discounted")
    if isinstance(discounted, Mapping) and settings["use_discounted_price"]:
        value = discounted["value"]
    quantity = int(line["quantity"])
    if value.get("type") != "highPrecision":
        return int(value["centAmount"]) * quantity
    digits = int(value["fractionDigits"]) - int(line["totalPrice"].get("fractionDigits", 2))
    return _half_up(Decimal(value["preciseAmount"]) * quantity / Decimal(10) ** digits)


def _half_up(value: Decimal) -> int:
    return int(value.quantize(Decimal(1), ROUND_HALF_UP))


def _quoted(text: Any) -> str:
    escaped = str(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
