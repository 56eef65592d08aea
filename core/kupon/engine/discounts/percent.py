"""PERCENT: a share of what is left of the order, or of each of its lines.

Source: spec discounts-and-stacking, sections 4.1 to 4.3 and K25.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Final

from kupon.engine.definitions import Fields
from kupon.engine.discounts.effects import (
    APPLY_TO_ITEMS,
    APPLY_TO_ORDER,
    effect_in,
    parse_effect,
)
from kupon.engine.order import Item, Order
from kupon.engine.pricing import item_base, order_base, take_from_items, take_from_order
from kupon.engine.selection import Pick, limited, select
from kupon.engine.situation import PLAIN, Applied, Situation
from kupon.engine.values import Value, money, percentage
from kupon.kit.money import percent_of

EFFECTS = (APPLY_TO_ORDER, APPLY_TO_ITEMS)
_ALL: Final = Decimal(100)


@dataclass(frozen=True, slots=True, kw_only=True)
class PercentDiscount:
    """A percentage, rounded half up once per order or per line.

    Units: percent_off is 0 to 100; the limits are minor units: amount_limit per line (or for the
        order), aggregated_amount_limit for the order.
    """

    type: ClassVar[str] = "PERCENT"
    effect: str | None
    percent_off: Value
    amount_limit: Value
    aggregated_amount_limit: Value

    def apply(self, order: Order, situation: Situation = PLAIN) -> Applied:
        """Return the order with the percentage taken off."""
        asked = situation.asked(order)
        percent = Decimal(0) if self.percent_off.is_per_item else self._percent(situation, order)
        limits = (self.amount_limit.of(asked), self.aggregated_amount_limit.of(asked))
        if effect_in(self.effect, situation) == APPLY_TO_ORDER:
            after = take_from_order(order, self._off_order(order, situation, percent, limits))
        else:
            after = self._off_items(order, situation, percent, limits)
        return Applied(order=after, values={"percent_off": percent})

    def _percent(self, situation: Situation, order: Order, item: Item | None = None) -> Decimal:
        percent: Decimal = self.percent_off.of(situation.asked(order, item)) or Decimal(0)
        if situation.multiplier == 1:
            return percent
        return min(_ALL, percent * situation.multiplier)

    def _off_order(
        self,
        order: Order,
        situation: Situation,
        percent: Decimal,
        limits: tuple[int | None, int | None],
    ) -> int:
        off = percent_of(order_base(order, situation), percent)
        return min(off, *(limit for limit in limits if limit is not None), off)

    def _off_items(
        self,
        order: Order,
        situation: Situation,
        percent: Decimal,
        limits: tuple[int | None, int | None],
    ) -> Order:
        picks = select(order, situation)
        if not picks:
            return order
        if situation.applicability.included:
            picks = limited(picks, order, situation)
        is_per_item = self.percent_off.is_per_item

        def wanted(pick: Pick) -> int:
            of_line = self._percent(situation, order, pick.item) if is_per_item else percent
            base = item_base(pick.item, situation)
            return percent_of(base, of_line, len(pick.units), pick.item.units or 1)

        amount_limit, aggregated_amount_limit = limits
        return take_from_items(
            order,
            picks,
            wanted,
            situation,
            amount_limit=amount_limit,
            aggregated_amount_limit=aggregated_amount_limit,
        )


def parse(definition: Mapping[str, Any], path: str) -> PercentDiscount:
    """Read a definition of type PERCENT.

    Raises: DefinitionError.
    """
    fields = Fields(definition, path)
    return PercentDiscount(
        effect=parse_effect(fields, EFFECTS),
        percent_off=percentage(fields, "percent_off"),
        amount_limit=money(fields, "amount_limit"),
        aggregated_amount_limit=money(fields, "aggregated_amount_limit"),
    )
