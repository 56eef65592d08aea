"""PERCENT: a share of what is left of the order, or of each of its lines.

Source: spec discounts-and-stacking, sections 4.1 to 4.3 and K25.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from kupon.engine.definitions import Fields
from kupon.engine.discounts.effects import APPLY_TO_ITEMS, APPLY_TO_ORDER
from kupon.engine.order import Order
from kupon.engine.pricing import take_from_items, take_from_order
from kupon.kit.money import percent_of

EFFECTS = (APPLY_TO_ORDER, APPLY_TO_ITEMS)


@dataclass(frozen=True, slots=True, kw_only=True)
class PercentDiscount:
    """A percentage, rounded half up once per order or per line.

    Units: percent_off is 0 to 100; the limits are minor units: amount_limit per line (or for the
        order), aggregated_amount_limit for the order.
    """

    type: ClassVar[str] = "PERCENT"
    effect: str
    percent_off: Decimal
    amount_limit: int | None = None
    aggregated_amount_limit: int | None = None

    def apply(self, order: Order) -> Order:
        """Return the order with the percentage taken off."""
        if self.effect == APPLY_TO_ORDER:
            return take_from_order(order, self._of_order(order))
        return take_from_items(
            order,
            lambda _item, subtotal: percent_of(subtotal, self.percent_off),
            amount_limit=self.amount_limit,
            aggregated_amount_limit=self.aggregated_amount_limit,
        )

    def _of_order(self, order: Order) -> int:
        off = percent_of(order.total_amount or 0, self.percent_off)
        for limit in (self.amount_limit, self.aggregated_amount_limit):
            if limit is not None:
                off = min(off, limit)
        return off


def parse(definition: Mapping[str, Any], path: str) -> PercentDiscount:
    """Read a definition of type PERCENT.

    Raises: DefinitionError.
    """
    fields = Fields(definition, path)
    fields.refuse_later("percent_off_formula")
    return PercentDiscount(
        effect=fields.choice("effect", EFFECTS, (), APPLY_TO_ORDER),
        percent_off=fields.percentage("percent_off"),
        amount_limit=fields.whole("amount_limit"),
        aggregated_amount_limit=fields.whole("aggregated_amount_limit"),
    )
