"""Kupon's prices as lines of the cart: a custom line for all that comes off, lines of free units.

Unlike direct discounts they go along with the shop's own discount codes. The custom line goes first
and comes last, so that the total is never below zero in between; a slug may be there only once.

Source: spec adapters-commerce, section 2.5; commercetools, "CartAddCustomLineItemAction".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from kupon_commercetools.mapping import lines
from kupon_commercetools.mapping.direct import taken
from kupon_commercetools.mapping.priced import Action, Gift, Priced
from kupon_commercetools.mapping.prices import cost
from kupon_commercetools.mapping.texts import Json, custom_fields

LINE_TYPE_KEY: Final = "lineItemCodesType"
TAX_KEY: Final = "kupon-discounts"


def line_actions(raw: Json, priced: Priced, settings: Json) -> list[Action]:
    """Have the lines of a cart that are Kupon's be those of a price."""
    units = _unit_actions(raw, priced.gifts, settings)
    known = lines.discount_lines(raw)
    free = _free(raw, priced.gifts, settings)
    off = min(_off(priced, free), _worth(raw) + free)
    wanted = [(lines.SLUG, -off)] if off else []
    if not units and [(each["slug"], each["money"]["centAmount"]) for each in known] == wanted:
        return []
    removals = [
        {"action": "removeCustomLineItem", "customLineItemId": each["id"]} for each in known
    ]
    return [*removals, *units, *([_discount(raw, off, settings)] if off else [])]


def _off(priced: Priced, free: int) -> int:
    """All that comes off: what the shopper's own units cost less, and what the free ones cost."""
    if priced.order is None:
        return 0
    _, own = taken(priced.order, {})
    return own + free


def _free(raw: Json, gifts: Sequence[Gift], settings: Json) -> int:
    """What free units cost on their lines."""
    known = _granted_lines(raw)
    found = 0
    for gift in gifts:
        line = known.get((gift.product_id, gift.variant_id))
        own = 0 if line is None else int(line["quantity"]) - lines.granted(line)
        found += cost(gift.price, gift.quantity, own + gift.quantity, raw, settings)
    return found


def _worth(raw: Json) -> int:
    """What a cart would cost without Kupon's discount and units."""
    worth = int(raw["totalPrice"]["centAmount"])
    worth -= sum(int(each["totalPrice"]["centAmount"]) for each in lines.discount_lines(raw))
    for line in raw.get("lineItems") or ():
        whole = int(line["totalPrice"]["centAmount"])
        worth -= whole * lines.granted(line) // max(int(line["quantity"]), 1)
    return worth


def _discount(raw: Json, off: int, settings: Json) -> Action:
    currency = raw["totalPrice"]["currencyCode"]
    return {
        "action": "addCustomLineItem",
        "name": dict(settings["coupon_line_names"]),
        "quantity": 1,
        "money": {"currencyCode": currency, "centAmount": -off},
        "slug": lines.SLUG,
        "taxCategory": {"typeId": "tax-category", "key": TAX_KEY},
        "priceMode": "External",
    }


def _unit_actions(raw: Json, gifts: Sequence[Gift], settings: Json) -> list[Action]:
    known = _granted_lines(raw)
    found: list[Action] = []
    for gift in gifts:
        line = known.pop((gift.product_id, gift.variant_id), None)
        found += [_addition(gift, settings)] if line is None else _changes(line, gift)
    for line in known.values():
        found += _removal(line)
    return found


def _granted_lines(raw: Json) -> dict[tuple[str, int], Json]:
    """The lines that have free units, by product and variant."""
    return {
        (line["productId"], line["variant"]["id"]): line
        for line in raw.get("lineItems") or ()
        if lines.granted(line) > 0
    }


def _addition(gift: Gift, settings: Json) -> Action:
    action: dict[str, Any] = {
        "action": "addLineItem",
        "productId": gift.product_id,
        "variantId": gift.variant_id,
        "quantity": gift.quantity,
        "custom": {
            "type": {"typeId": "type", "key": LINE_TYPE_KEY},
            "fields": {lines.GRANTS: list(gift.grants)},
        },
    }
    if settings["price_channel"]:
        action["distributionChannel"] = {"typeId": "channel", "id": settings["price_channel"]}
    return action


def _changes(line: Json, gift: Gift) -> list[Action]:
    """Units that the shopper has added to a free line stay, and are paid."""
    quantity = int(line["quantity"]) - lines.granted(line) + gift.quantity
    found: list[Action] = []
    if quantity != int(line["quantity"]):
        found.append(_quantity(line, quantity))
    if custom_fields(line).get(lines.GRANTS) != list(gift.grants):
        found.append(_grants(line) | {"value": list(gift.grants)})
    return found


def _removal(line: Json) -> list[Action]:
    own = int(line["quantity"]) - lines.granted(line)
    if own <= 0:
        return [{"action": "removeLineItem", "lineItemId": line["id"]}]
    return [_quantity(line, own), _grants(line)]


def _quantity(line: Json, quantity: int) -> Action:
    return {
        "action": "changeLineItemQuantity", "lineItemId": line["id"], "quantity": quantity
    }  # fmt: skip


def _grants(line: Json) -> Action:
    """Set the field that counts free units; without a value it is taken away."""
    return {"action": "setLineItemCustomField", "lineItemId": line["id"], "name": lines.GRANTS}
