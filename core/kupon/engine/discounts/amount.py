"""AMOUNT: a sum off the order, or off each of its lines.

Source: spec discounts-and-stacking, sections 4.1 to 4.3 and K15.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from kupon.engine.definitions import Fields
from kupon.engine.discounts.effects import APPLY_TO_ITEMS, APPLY_TO_ORDER
from kupon.engine.order import Order
from kupon.engine.pricing import take_from_items, take_from_order

EFFECTS = (APPLY_TO_ORDER, APPLY_TO_ITEMS)
LATER_EFFECTS = (
    "APPLY_TO_ITEMS_PROPORTIONALLY",
    "APPLY_TO_ITEMS_PROPORTIONALLY_BY_QUANTITY",
    "APPLY_TO_ITEMS_BY_QUANTITY",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountDiscount:
    """A fixed sum.

    Units: minor units; APPLY_TO_ITEMS takes it once per line, whatever the line's quantity.
    """

    type: ClassVar[str] = "AMOUNT"
    effect: str
    amount_off: int
    aggregated_amount_limit: int | None = None

    def apply(self, order: Order) -> Order:
        """Return the order with the sum taken off."""
        if self.effect == APPLY_TO_ORDER:
            return take_from_order(order, self.amount_off)
        return take_from_items(
            order,
            lambda _item, _subtotal: self.amount_off,
            aggregated_amount_limit=self.aggregated_amount_limit,
        )


def parse(definition: Mapping[str, Any], path: str) -> AmountDiscount:
    """Read a definition of type AMOUNT.

    Raises: DefinitionError.
    """
    fields = Fields(definition, path)
    fields.refuse_later("amount_off_formula")
    return AmountDiscount(
        effect=fields.choice("effect", EFFECTS, LATER_EFFECTS, APPLY_TO_ORDER),
        amount_off=fields.required_whole("amount_off"),
        aggregated_amount_limit=fields.whole("aggregated_amount_limit"),
    )
