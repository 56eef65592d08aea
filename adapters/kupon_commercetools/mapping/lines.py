"""The lines of carts and orders, which have the same shape, as an order of Kupon's API.

Units that Kupon has given are not the shopper's: gift lines, and those that a line's custom field
`applied_codes` counts. They come back with the codes that give them.

Source: spec adapters-commerce, sections 1.4 and 2.2.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from kupon.hooks.errors import Unmappable
from kupon_commercetools.mapping.inbound import sku_id
from kupon_commercetools.mapping.prices import cost
from kupon_commercetools.mapping.texts import Json, chosen_fields, custom_fields, localized

# Of the API; a cart that has more after equal lines were put together is not priced.
MOST_ITEMS: Final = 500
GRANTS: Final = "applied_codes"
# The custom line that holds a cart's discounts; a slug knows letters, digits, - and _ only.
SLUG: Final = "kupon-discount"
# That of Voucherify's connector, which may have left lines in carts that go on here.
_SLUGS: Final = (SLUG, "Voucher, ")
_GIFT: Final = "GiftLineItem"
_FIXED: Final = "ExternalTotal"


def items_of(raw: Json, settings: Json, *, is_stored: bool = False) -> list[dict[str, Any]]:
    """What the shopper has put in, equal lines as one; without gift cards that are bought.

    Shapes:  is_stored lets products be created that Kupon does not know yet.
    Units:  minor units, before any discount but those of products.
    Raises:  Unmappable for too many lines.
    """
    items: dict[tuple[str, int, str], dict[str, Any]] = {}
    for line, quantity in _own_lines(raw, settings):
        amount = _amount(raw, line, quantity, settings)
        item = _item(line, quantity, amount, settings, is_stored=is_stored)
        told = json.dumps(item.get("metadata"), sort_keys=True)
        known = items.setdefault((item["source_id"], item["price"], told), item)
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
        whole = _amount(raw, line, int(line["quantity"]), settings)
        taken += whole - int(line["totalPrice"]["centAmount"])
    for line in discount_lines(raw):
        taken -= int(line["totalPrice"]["centAmount"])
    total = raw.get("discountOnTotalPrice") or {}
    return taken + int((total.get("discountedAmount") or {}).get("centAmount", 0))


def discount_lines(raw: Json) -> list[Json]:
    """The custom lines that hold Kupon's discounts."""
    return [each for each in raw.get("customLineItems") or () if each.get("slug") in _SLUGS]


def has_ours(raw: Json) -> bool:
    """Whether a cart has lines that Kupon has put in."""
    return bool(discount_lines(raw)) or any(map(granted, raw.get("lineItems") or ()))


def granted(line: Json) -> int:
    """How many units of a line Kupon has put in."""
    texts = custom_fields(line).get(GRANTS)
    return sum(map(_quantity, texts)) if isinstance(texts, list) else 0


def free_articles(raw: Json) -> set[str]:
    """The source ids of what is free in a cart, those of variants and of products."""
    found = set()
    for line in raw.get("lineItems") or ():
        if line.get("lineItemMode") == _GIFT or granted(line) > 0:
            product = str(line["productId"])
            names = (sku_id(product, line["variant"]), product, line.get("productKey"))
            found |= {name for name in names if name}
    return found


def predicates(raw: Json) -> dict[str, str]:
    """How the platform finds the lines of an item, by the item's source id.

    Shapes:  without items whose total was set from outside, which no discount on lines touches.
    """
    found: dict[str, str] = {}
    fixed: set[str] = set()
    for line in raw.get("lineItems") or ():
        variant = line["variant"]
        source_id = sku_id(str(line["productId"]), variant)
        if line.get("priceMode") == _FIXED:
            fixed.add(source_id)
        if variant.get("sku"):
            found[source_id] = f"sku = {_quoted(variant['sku'])}"
        else:
            product = _quoted(line["productId"])
            found[source_id] = f"product.id = {product} and variant.id = {variant['id']}"
    return {source_id: text for source_id, text in found.items() if source_id not in fixed}


def _own_lines(raw: Json, settings: Json) -> Iterator[tuple[Json, int]]:
    """The lines that are the shopper's, with how many units of each are."""
    for line in raw.get("lineItems") or ():
        kind = (line.get("productType") or {}).get("id")
        is_gift_card = kind is not None and kind in settings["gift_card_product_types"]
        if line.get("lineItemMode") == _GIFT or is_gift_card:
            continue
        quantity = int(line["quantity"]) - granted(line)
        if quantity > 0:
            yield line, quantity


def _item(
    line: Json, quantity: int, amount: int, settings: Json, *, is_stored: bool
) -> dict[str, Any]:
    variant = line["variant"]
    item: dict[str, Any] = {
        "source_id": sku_id(str(line["productId"]), variant),
        "related_object": "sku",
        "quantity": quantity,
        "price": _half_up(Decimal(amount) / quantity),
        "amount": amount,
    }
    if metadata := chosen_fields(line, settings):
        item["metadata"] = metadata
    if is_stored:
        name = localized(line.get("name"), settings["language"])
        item["product"] = {"source_id": _product(line, settings), "name": name, "override": True}
        item["sku"] = {"sku": variant.get("sku") or name, "override": True}
    return item


def _product(line: Json, settings: Json) -> str:
    key = line.get("productKey") if settings["product_source_id"] == "KEY" else None
    return str(key or line["productId"])


def _amount(raw: Json, line: Json, quantity: int, settings: Json) -> int:
    """What some units of a line cost before the cart's discounts."""
    whole = int(line["quantity"])
    if line.get("priceMode") == _FIXED:
        return _half_up(Decimal(line["totalPrice"]["centAmount"]) * quantity / whole)
    return cost(line["price"], quantity, whole, raw, settings)


def _quantity(text: Any) -> int:
    """The units that an element of a line's codes counts."""
    try:
        return max(int(json.loads(text)["quantity"]), 0)
    except (ValueError, TypeError, KeyError):
        return 0


def _half_up(value: Decimal) -> int:
    return int(value.quantize(Decimal(1), ROUND_HALF_UP))


def _quoted(text: Any) -> str:
    escaped = str(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
