"""What Kupon makes of a cart, before it is written into the platform's words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kupon_commercetools.mapping.codes import Code
from kupon_commercetools.mapping.texts import Json

Action = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A variant of the platform with the price by which it is sold in a cart."""

    product_id: str
    variant_id: int
    price: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Gift(Variant):
    """Units of a variant that are given for free.

    Shapes: grants are texts for the custom field of their line, one for each code that gives some.
    """

    quantity: int
    grants: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """What a cart's codes came to.

    Shapes: order is the API's answer, None where no code counts; codes are all that the cart is to
        show.
    """

    order: Json | None = None
    codes: Sequence[Code] = ()
    gifts: Sequence[Gift] = ()
    limit: int | None = None
    session: str | None = None
    ships_free: bool = False


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
        count = added(item)
        if count > 0:
            product = (item.get("product") or {}).get("source_id") or ""
            found.append(Units(str(item.get("source_id") or product), str(product), count))
    return found


def added(item: Json) -> int:
    """How many units of an item an answer has added."""
    quantity = number(item, "quantity")
    return quantity - number(item, "initial_quantity", quantity)


def number(holder: Json, name: str, default: int = 0) -> int:
    """A whole number of an answer; the default where none is told."""
    value = holder.get(name)
    return default if value is None else int(value)
