"""Kupon's prices to cart update actions: the type, the discounts, the free units, Kupon's fields.

Source: spec adapters-commerce, section 2.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from kupon_commercetools.mapping import codes
from kupon_commercetools.mapping.carried import line_actions
from kupon_commercetools.mapping.direct import direct_actions
from kupon_commercetools.mapping.orders import SESSION
from kupon_commercetools.mapping.priced import Action, Priced
from kupon_commercetools.mapping.texts import Json, custom_fields

TYPE_KEY: Final = "couponCodes"
LIMIT: Final = "couponsLimit"
SHIPPING: Final = "shippingProductSourceIds"
DIRECT: Final = "DIRECT_DISCOUNTS"


def actions_of(
    raw: Json, priced: Priced, settings: Json, type_key: str, *, has_ours: bool = False
) -> list[Action]:
    """What the platform is to do to a cart; has_ours as in `discount_actions`."""
    fields = _fields(priced, settings)
    written = discount_actions(raw, priced, settings, has_ours=has_ours)
    if _has_type(raw):
        return [*written, *_changes(custom_fields(raw), fields)]
    told = {name: value for name, value in fields.items() if value not in (None, [])}
    return [type_action(type_key, told), *written]


def discount_actions(raw: Json, priced: Priced, settings: Json, *, has_ours: bool) -> list[Action]:
    """Have the discounts and the free units of a cart be those of a price.

    Shapes:  has_ours says whether direct discounts that it has are Kupon's.
    """
    if settings["discounts_as"] != DIRECT:
        return line_actions(raw, priced, settings)
    # Lines are left of another setting.
    left = line_actions(raw, Priced(), settings)
    return left + direct_actions(raw, priced, settings, has_ours=has_ours)


def type_action(type_key: str, fields: Mapping[str, Any] | None = None) -> Action:
    """Have a cart take Kupon's fields."""
    return {
        "action": "setCustomType",
        "type": {"typeId": "type", "key": type_key},
        "fields": dict(fields or {}),
    }


def _fields(priced: Priced, settings: Json) -> dict[str, Any]:
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


def _has_type(raw: Json) -> bool:
    custom = raw.get("custom")
    return isinstance(custom, Mapping) and isinstance(custom.get("type"), Mapping)
