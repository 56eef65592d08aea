"""commercetools' cart calculation: direct discounts, gift lines, and update actions.

Source: commercetools, types `LineItem`, `DirectDiscount`, `DiscountOnTotalPrice` and the like.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

Json = dict[str, Any]
GIFT = "GiftLineItem"
_SKU = re.compile(r'^sku = "(.*)"$')
_SLUG = re.compile(r"[a-zA-Z0-9_-]{2,256}")
_MOST_ACTIONS = 100
# The members of update actions that are documented, besides `action`; the platform knows more.
_MEMBERS = {
    "addCustomLineItem": {"name", "quantity", "money", "slug", "taxCategory", "priceMode"},
    "addLineItem": {"productId", "variantId", "quantity", "custom", "distributionChannel"},
    "changeLineItemQuantity": {"lineItemId", "quantity"},
    "removeCustomLineItem": {"customLineItemId"},
    "removeLineItem": {"lineItemId"},
    "setCustomField": {"name", "value"},
    "setCustomType": {"type", "fields"},
    "setDirectDiscounts": {"discounts"},
    "setLineItemCustomField": {"lineItemId", "name", "value"},
}
_OF_LINES = (
    "addCustomLineItem",
    "removeCustomLineItem",
    "addLineItem",
    "changeLineItemQuantity",
    "removeLineItem",
)


class BadAction(Exception):
    """An update action that the platform refuses, and with it the whole request."""


def money(amount: int, currency: str) -> Json:
    """An amount of the currency's smallest unit."""
    digits = {"JPY": 0, "KWD": 3}.get(currency, 2)
    kind = "centPrecision"
    return {
        "type": kind, "currencyCode": currency, "centAmount": amount, "fractionDigits": digits
    }  # fmt: skip


def line_item(id: str, product: str, sku: str, quantity: int, price: int, currency: str) -> Json:
    """A line as the shopper has put it in."""
    return {
        "id": id,
        "productId": product,
        "name": {"en": product},
        "variant": {"id": 1, "sku": sku, "prices": [], "images": [], "attributes": []},
        "price": {"id": f"price-{sku}", "value": money(price, currency)},
        "quantity": quantity,
        "lineItemMode": "Standard",
        "priceMode": "Platform",
        "discountedPricePerQuantity": [],
        "totalPrice": money(price * quantity, currency),
        "state": [],
    }


def apply(
    cart: Json, actions: Sequence[Mapping[str, Any]], products: Mapping[str, Json],
    types: Mapping[str, str],
) -> None:  # fmt: skip
    """Do update actions to a cart, and calculate it anew; all or none.

    Shapes:  products by id; types are the ids of custom types by their keys.
    Raises:  BadAction.
    """
    if len(actions) > _MOST_ACTIONS:
        raise BadAction("too many actions")
    changed = copy.deepcopy(cart)
    for action in actions:
        _follow(changed, action, products, types)
        if action["action"] in _OF_LINES:
            # Each action is checked by itself.
            calculate(changed, products)
    calculate(changed, products)
    cart.clear()
    cart.update(changed)


def calculate(cart: Json, products: Mapping[str, Json]) -> None:
    """Price a cart: its lines, the direct discounts in their order, and the total.

    Raises:  BadAction for a total below zero.
    """
    currency = cart["totalPrice"]["currencyCode"]
    cart["lineItems"] = [each for each in cart["lineItems"] if each["lineItemMode"] != GIFT]
    for line in cart["lineItems"]:
        line["totalPrice"] = money(_unit(line) * line["quantity"], currency)
    off_total = 0
    for discount in cart["directDiscounts"]:
        off_total += _discount(cart, discount, products, currency)
    parts = cart["lineItems"] + cart["customLineItems"]
    left = sum(each["totalPrice"]["centAmount"] for each in parts)
    if left < 0:
        raise BadAction("the total is below zero")
    cart["discountOnTotalPrice"] = {"discountedAmount": money(min(off_total, left), currency)}
    cart["totalPrice"] = money(left - min(off_total, left), currency)


def _unit(line: Json) -> int:
    """What one unit of a line costs: the price shows the base, its tiers what counts."""
    value, least = line["price"]["value"], 0
    for tier in line["price"].get("tiers", ()):
        if least < tier["minimumQuantity"] <= line["quantity"]:
            value, least = tier["value"], tier["minimumQuantity"]
    return int(value["centAmount"])


def is_given(line: Json) -> bool:
    """Whether a line is one that Kupon has put in, in either way."""
    return line["lineItemMode"] == GIFT or "custom" in line


def elements(cart: Json) -> list[Json]:
    """The codes that a cart shows."""
    texts = (cart.get("custom") or {}).get("fields", {}).get("discount_codes", [])
    return [json.loads(text) for text in texts]


def _follow(
    cart: Json, action: Mapping[str, Any], products: Mapping[str, Json], types: Mapping[str, str]
) -> None:
    unknown = action.keys() - _MEMBERS[action["action"]] - {"action"}
    if unknown:
        raise BadAction(f"unknown members {unknown}")
    match action["action"]:
        case "setCustomType":
            cart["custom"] = _custom(action, types)
        case "setCustomField":
            _set_field(cart, action)
        case "setDirectDiscounts":
            if cart["discountCodes"]:
                raise BadAction("discount codes and direct discounts exclude each other")
            cart["directDiscounts"] = [
                {"id": f"direct-{number}", **each}
                for number, each in enumerate(action["discounts"])
            ]
        case "addLineItem":
            _add_line(cart, action, products, types)
        case _:
            _change_lines(cart, action)


def _change_lines(cart: Json, action: Mapping[str, Any]) -> None:
    match action["action"]:
        case "addCustomLineItem":
            _add_custom_line(cart, action)
        case "removeCustomLineItem":
            _remove(cart, "customLineItems", action["customLineItemId"])
        case "changeLineItemQuantity":
            _line(cart, action)["quantity"] = action["quantity"]
        case "removeLineItem":
            _remove(cart, "lineItems", action["lineItemId"])
        case "setLineItemCustomField":
            _set_field(_line(cart, action), action)
        case other:
            raise BadAction(f"unknown action {other}")


def _custom(action: Mapping[str, Any], types: Mapping[str, str]) -> Json:
    id = types.get(action["type"]["key"])
    if id is None:
        raise BadAction("no such type")
    return {"type": {"typeId": "type", "id": id}, "fields": dict(action.get("fields") or {})}


def _add_custom_line(cart: Json, action: Mapping[str, Any]) -> None:
    if _SLUG.fullmatch(action["slug"]) is None:
        raise BadAction("no slug")
    if any(each["slug"] == action["slug"] for each in cart["customLineItems"]):
        raise BadAction("the slug is there")
    amount = action["money"]["centAmount"] * action["quantity"]
    value = money(amount, action["money"]["currencyCode"])
    kept = {name: action[name] for name in ("name", "slug", "quantity", "priceMode", "taxCategory")}
    line = {"id": f"custom-{cart['version']}", **kept, "money": value, "totalPrice": value}
    cart["customLineItems"].append(line)


def _add_line(
    cart: Json, action: Mapping[str, Any], products: Mapping[str, Json], types: Mapping[str, str]
) -> None:
    product = products[action["productId"]]
    variant = product["masterVariant"]
    if "price" not in variant:
        raise BadAction("MatchingPriceNotFound")
    assert variant["id"] == action["variantId"]
    price, currency = variant["price"]["value"]["centAmount"], cart["totalPrice"]["currencyCode"]
    id = f"added-{variant['sku']}-{len(cart['lineItems'])}"
    line = line_item(id, product["id"], variant["sku"], action["quantity"], price, currency)
    line["custom"] = _custom(action["custom"], types)
    line["price"] = copy.deepcopy(variant["price"])
    cart["lineItems"].append(line)


def _line(cart: Json, action: Mapping[str, Any]) -> Json:
    found: Json = next(each for each in cart["lineItems"] if each["id"] == action["lineItemId"])
    return found


def _remove(cart: Json, place: str, id: str) -> None:
    known = len(cart[place])
    cart[place] = [each for each in cart[place] if each["id"] != id]
    if len(cart[place]) == known:
        raise BadAction(f"there is no {id}")


def _set_field(cart: Json, action: Mapping[str, Any]) -> None:
    if not cart.get("custom"):
        raise BadAction("the cart has no type")
    fields = cart["custom"]["fields"]
    if action.get("value") is None:
        fields.pop(action["name"], None)
    else:
        fields[action["name"]] = action["value"]


def _discount(cart: Json, discount: Json, products: Mapping[str, Json], currency: str) -> int:
    """Do what one discount says; what it takes off the total."""
    value, target = discount["value"], discount.get("target")
    if value["type"] == "giftLineItem":
        assert target is None, "a gift has no target"
        cart["lineItems"].append(_gift(cart, value, products, currency))
        return 0
    if target["type"] == "shipping":
        return 0
    (amount,) = [each for each in value["money"] if each["currencyCode"] == currency]
    if target["type"] == "totalPrice":
        return int(amount["centAmount"])
    found = _SKU.match(target["predicate"])
    assert found is not None, target
    sku = found.group(1)
    _share([line for line in cart["lineItems"] if line["variant"]["sku"] == sku],
           int(amount["centAmount"]))  # fmt: skip
    return 0


def _share(lines: Sequence[Json], amount: int) -> None:
    """Take an amount off lines in proportion to what they cost; the last one takes the rest."""
    whole = sum(line["totalPrice"]["centAmount"] for line in lines)
    left = min(amount, whole)
    for number, line in enumerate(lines):
        cost = line["totalPrice"]["centAmount"]
        share = left if number == len(lines) - 1 else amount * cost // max(whole, 1)
        line["totalPrice"]["centAmount"] = cost - share
        left -= share


def _gift(cart: Json, value: Json, products: Mapping[str, Json], currency: str) -> Json:
    product = products[value["product"]["id"]]
    variant = product["masterVariant"]
    assert variant["id"] == value["variantId"]
    price = (variant.get("price") or {"value": money(0, currency)})["value"]["centAmount"]
    number = len(cart["lineItems"])
    line = line_item(f"gift-{number}", product["id"], variant["sku"], 1, price, currency)
    return {**line, "lineItemMode": GIFT, "totalPrice": money(0, currency)}
