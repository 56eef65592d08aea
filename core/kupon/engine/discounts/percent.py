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
from kupon.engine.values import NO_VALUE, Value, money, percentage
from kupon.kit.money import percent_of, ratio_of

EFFECTS = (APPLY_TO_ORDER, APPLY_TO_ITEMS)
_ALL: Final = Decimal(100)
_NOTHING: Final = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PercentDiscount:
    """A percentage, rounded half up once per order or per line.

    Units: percent_off is 0 to 100; the limits are minor units: amount_limit per line (or for the
        order), aggregated_amount_limit for the order.
    """

    type: ClassVar[str] = "PERCENT"
    members: ClassVar[tuple[str, ...]] = (
        "percent_off",
        "percent_off_formula",
        "amount_limit",
        "aggregated_amount_limit",
    )
    effect: str | None
    percent_off: Value
    amount_limit: Value = NO_VALUE
    aggregated_amount_limit: Value = NO_VALUE

    def apply(self, order: Order, situation: Situation = PLAIN) -> Applied:
        """Return the order with the percentage taken off."""
        percent: Decimal = self.percent_off.of(situation.asked(order)) or _NOTHING
        if effect_in(self.effect, situation) == APPLY_TO_ORDER:
            after = take_from_order(order, self._off_order(order, situation, percent))
        else:
            after = self._off_items(order, situation, percent)
        return Applied(order=after, values={"percent_off": percent})

    def _off_order(self, order: Order, situation: Situation, percent: Decimal) -> int:
        asked = situation.asked(order)
        off = percent_of(order_base(order, situation), _multiplied(percent, situation))
        for limit in (self.amount_limit, self.aggregated_amount_limit):
            most: int | None = limit.of(asked)
            if most is not None:
                off = min(off, most)
        return off

    def _off_items(self, order: Order, situation: Situation, percent: Decimal) -> Order:
        picks = select(order, situation)
        if not picks:
            return order
        if situation.applicability.included:
            picks = limited(picks, order, situation)
        of_all = _multiplied(percent, situation).as_integer_ratio()
        is_per_item = self.percent_off.is_per_item

        def wanted(pick: Pick) -> int:
            item = pick.item
            of_line = self._of_line(order, situation, item) if is_per_item else of_all
            base = item_base(item, situation)
            return ratio_of(base, of_line, len(pick.units), item.units or 1)

        return take_from_items(
            order,
            picks,
            wanted,
            situation,
            amount_limit=self.amount_limit,
            aggregated_amount_limit=self.aggregated_amount_limit,
        )

    def _of_line(self, order: Order, situation: Situation, item: Item) -> tuple[int, int]:
        percent: Decimal = self.percent_off.of(situation.asked(order, item)) or _NOTHING
        return _multiplied(percent, situation).as_integer_ratio()


def _multiplied(percent: Decimal, situation: Situation) -> Decimal:
    """The percentage for all bundles together, never above everything (section 4.2)."""
    return percent if situation.multiplier == 1 else min(_ALL, percent * situation.multiplier)


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
