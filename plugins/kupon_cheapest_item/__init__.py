"""A discount on the cheapest units of a cart: "buy three, get the cheapest free".

Type `CHEAPEST_ITEM` takes `percent_off` off the cheapest units; `parameters` says off how many:
`{"among": 3, "units": 1}` means one of every three, and of two units none. Product lists and rules
decide as ever which lines count.
"""

from __future__ import annotations

from collections.abc import Mapping

from kupon.hooks import hookimpl
from kupon.hooks.types import DiscountKind
from kupon_cheapest_item.discount import parse


@hookimpl
def register_discount_kinds() -> Mapping[str, DiscountKind]:
    """The kind by its `type`."""
    return {"CHEAPEST_ITEM": parse}
