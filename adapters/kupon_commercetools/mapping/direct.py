"""Kupon's prices as direct discounts.

A discount on lines is an absolute one on their SKU, one on the order an absolute one on the total,
a free unit a gift line. The platform replaces all direct discounts at once, so nothing of an
earlier answer stays.

Source: spec adapters-commerce, section 2.5; commercetools, "DirectDiscountDraft".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from kupon_commercetools.mapping import lines
from kupon_commercetools.mapping.priced import Action, Gift, Priced, added, number
from kupon_commercetools.mapping.texts import Json

# Beyond it line discounts become one on the total.
_MOST_DISCOUNTS: Final = 100
_WHOLE: Final = 10_000


def direct_actions(raw: Json, priced: Priced, settings: Json, *, has_ours: bool) -> list[Action]:
    """Have the direct discounts of a cart be those of a price.

    Shapes:  has_ours says whether those that it has are Kupon's.
    """
    discounts = _discounts(raw, priced, settings)
    if not discounts and not (has_ours and raw.get("directDiscounts")):
        return []
    return [{"action": "setDirectDiscounts", "discounts": discounts}]


def _discounts(raw: Json, priced: Priced, settings: Json) -> list[dict[str, Any]]:
    order = priced.order
    if order is None:
        return []
    currency = raw["totalPrice"]["currencyCode"]
    on_lines, on_order = taken(order, lines.predicates(raw))
    gifts = [_gift(each, settings) for each in priced.gifts for _ in range(each.quantity)]
    if len(on_lines) + len(gifts) > _MOST_DISCOUNTS:
        on_order += sum(on_lines.values())
        on_lines = {}
    found = [
        _absolute(amount, currency, {"type": "lineItems", "predicate": predicate})
        for predicate, amount in on_lines.items()
    ]
    found += gifts
    if on_order > 0:
        found.append(_absolute(on_order, currency, {"type": "totalPrice"}))
    if priced.ships_free:
        free = {"type": "relative", "permyriad": _WHOLE}
        found.append({"value": free, "target": {"type": "shipping"}})
    return found


def taken(order: Json, predicates: Mapping[str, str]) -> tuple[dict[str, int], int]:
    """What comes off the shopper's own units, by what finds their lines, and off the total.

    Shapes:  what nothing finds comes off the total.
    """
    on_lines: Counter[str] = Counter()
    on_order = left = 0
    for item in order.get("items") or ():
        amount = number(item, "amount")
        rest = number(item, "subtotal_amount", amount)
        left += rest
        off = amount - rest - added(item) * number(item, "price")
        predicate = predicates.get(str(item.get("source_id")))
        if off > 0 and predicate is not None:
            on_lines[predicate] += off
        else:
            on_order += max(off, 0)
    return dict(on_lines), on_order + left - number(order, "total_amount", left)


def _absolute(amount: int, currency: str, target: Json) -> dict[str, Any]:
    money = {"type": "centPrecision", "currencyCode": currency, "centAmount": amount}
    return {"value": {"type": "absolute", "money": [money]}, "target": target}


def _gift(gift: Gift, settings: Json) -> dict[str, Any]:
    product = {"typeId": "product", "id": gift.product_id}
    value = {"type": "giftLineItem", "product": product, "variantId": gift.variant_id}
    if settings["price_channel"]:
        value["distributionChannel"] = {"typeId": "channel", "id": settings["price_channel"]}
    return {"value": value}
