"""Kupon's prices to cart update actions.

A discount on lines is an absolute direct discount on their SKU, one on the order an absolute one
on the total, a free unit a gift line. The platform replaces all direct discounts at once, so
nothing of an earlier answer stays.

Source: spec adapters-commerce, section 2.5; commercetools, "DirectDiscountDraft".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kupon_commercetools.mapping import codes, lines
from kupon_commercetools.mapping.codes import Code
from kupon_commercetools.mapping.orders import SESSION
from kupon_commercetools.mapping.texts import Json, custom_fields

TYPE_KEY: Final = "couponCodes"
LIMIT: Final = "couponsLimit"
SHIPPING: Final = "shippingProductSourceIds"
# Beyond it line discounts become one on the total.
_MOST_DISCOUNTS: Final = 100
_WHOLE: Final = 10_000

Action = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """What a cart's codes came to.

    Shapes: order is the API's answer, None where no code counts; codes are all that the cart is to
        show; gifts are the variants to be given, one for each unit.
    """

    order: Json | None = None
    codes: Sequence[Code] = ()
    gifts: Sequence[Gift] = ()
    limit: int | None = None
    session: str | None = None
    ships_free: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Gift:
    """A variant of the platform that is given for free."""

    product_id: str
    variant_id: int


@dataclass(frozen=True, slots=True)
class Units:
    """Units that an answer has added: by their source id, with that of their product."""

    source_id: str
    product: str
    quantity: int


def added_units(order: Json) -> list[Units]:
    """The units in an answer that the shopper has not put in."""
    found = []
    for item in order.get("items") or ():
        added = _added(item)
        if added > 0:
            product = (item.get("product") or {}).get("source_id") or ""
            found.append(Units(str(item.get("source_id") or product), str(product), added))
    return found


def actions_of(raw: Json, priced: Priced, settings: Json, type_key: str) -> list[Action]:
    """What the platform is to do to a cart: type, discounts, custom fields."""
    fields = _fields(raw, priced, settings)
    discounts = [] if priced.order is None else _discounts(raw, priced, priced.order)
    found: list[Action] = []
    if _has_type(raw):
        changes = _changes(custom_fields(raw), fields)
    else:
        told = {name: value for name, value in fields.items() if value not in (None, [])}
        found.append(
            {
                "action": "setCustomType",
                "type": {"typeId": "type", "key": type_key},
                "fields": told,
            }
        )
        changes = []
    is_left = bool(raw.get("directDiscounts")) and SESSION in custom_fields(raw)
    if discounts or is_left:
        found.append({"action": "setDirectDiscounts", "discounts": discounts})
    return found + changes


def type_action(type_key: str) -> Action:
    """Have a new cart take Kupon's fields."""
    return {"action": "setCustomType", "type": {"typeId": "type", "key": type_key}, "fields": {}}


def _fields(raw: Json, priced: Priced, settings: Json) -> dict[str, Any]:
    shipping = settings["free_shipping_product"]
    return {
        codes.FIELD: [each.text for each in priced.codes],
        SESSION: priced.session,
        SHIPPING: [shipping] if priced.ships_free else [],
        LIMIT: priced.limit,
    }


def _changes(known: Json, fields: Mapping[str, Any]) -> list[Action]:
    found: list[Action] = []
    for name, value in fields.items():
        if name == LIMIT and value is None:
            continue
        if value in (None, []):
            if known.get(name) not in (None, []):
                found.append({"action": "setCustomField", "name": name})
        elif known.get(name) != value:
            found.append({"action": "setCustomField", "name": name, "value": value})
    return found


def _discounts(raw: Json, priced: Priced, order: Json) -> list[dict[str, Any]]:
    currency = raw["totalPrice"]["currencyCode"]
    on_lines = _on_lines(order, lines.predicates(raw))
    on_order = _on_order(order)
    if len(on_lines) + len(priced.gifts) > _MOST_DISCOUNTS:
        on_order += sum(on_lines.values())
        on_lines = {}
    found = [
        _absolute(amount, currency, {"type": "lineItems", "predicate": predicate})
        for predicate, amount in on_lines.items()
    ]
    found += map(_gift, priced.gifts)
    if on_order > 0:
        found.append(_absolute(on_order, currency, {"type": "totalPrice"}))
    if priced.ships_free:
        free = {"type": "relative", "permyriad": _WHOLE}
        found.append({"value": free, "target": {"type": "shipping"}})
    return found


def _on_lines(order: Json, predicates: Mapping[str, str]) -> dict[str, int]:
    """What comes off the shopper's own units, by the predicate that finds their lines."""
    taken: Counter[str] = Counter()
    for item in order.get("items") or ():
        off = int(item.get("amount", 0)) - int(item.get("subtotal_amount", item.get("amount", 0)))
        off -= _added(item) * int(item.get("price", 0))
        predicate = predicates.get(str(item.get("source_id")))
        if off > 0 and predicate is not None:
            taken[predicate] += off
    return dict(taken)


def _on_order(order: Json) -> int:
    """What comes off the total beyond what comes off the lines."""
    items: Iterable[Json] = order.get("items") or ()
    left = sum(int(each.get("subtotal_amount", each.get("amount", 0))) for each in items)
    return left - int(order.get("total_amount", left))


def _added(item: Json) -> int:
    quantity = int(item.get("quantity", 0))
    return quantity - int(item.get("initial_quantity", quantity))


def _absolute(amount: int, currency: str, target: Json) -> dict[str, Any]:
    money = {"type": "centPrecision", "currencyCode": currency, "centAmount": amount}
    return {"value": {"type": "absolute", "money": [money]}, "target": target}


def _gift(gift: Gift) -> dict[str, Any]:
    product = {"typeId": "product", "id": gift.product_id}
    return {"value": {"type": "giftLineItem", "product": product, "variantId": gift.variant_id}}


def _has_type(raw: Json) -> bool:
    custom = raw.get("custom")
    return isinstance(custom, Mapping) and isinstance(custom.get("type"), Mapping)
