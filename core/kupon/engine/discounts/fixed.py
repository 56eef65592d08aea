"""FIXED: a new total for the order, or a new unit price for each of its lines.

Source: spec discounts-and-stacking, sections 4.1 to 4.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from kupon.engine.definitions import Fields
from kupon.engine.discounts.effects import APPLY_TO_ITEMS, APPLY_TO_ORDER
from kupon.engine.order import Item, Order
from kupon.engine.pricing import take_from_items, take_from_order

EFFECTS = (APPLY_TO_ORDER, APPLY_TO_ITEMS)


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedDiscount:
    """A target amount; one above the present amount takes nothing off.

    Units: minor units; per order, or per unit of a line.
    """

    type: ClassVar[str] = "FIXED"
    effect: str
    fixed_amount: int

    def apply(self, order: Order) -> Order:
        """Return the order brought down to the target."""
        if self.effect == APPLY_TO_ORDER:
            return take_from_order(order, max(0, (order.total_amount or 0) - self.fixed_amount))
        return take_from_items(order, self._of_line)

    def _of_line(self, item: Item, subtotal: int) -> int:
        # A line without quantity but with an amount is one unit (section 2.1, rule 4).
        units = 1 if item.quantity is None else item.quantity
        return max(0, subtotal - self.fixed_amount * units)


def parse(definition: Mapping[str, Any], path: str) -> FixedDiscount:
    """Read a definition of type FIXED.

    Raises: DefinitionError.
    """
    fields = Fields(definition, path)
    fields.refuse_later("fixed_amount_formula")
    return FixedDiscount(
        effect=fields.choice("effect", EFFECTS, (), APPLY_TO_ORDER),
        fixed_amount=fields.required_whole("fixed_amount"),
    )
