"""FIXED: a new total for the order, or a new unit price for each of its lines.

Source: spec discounts-and-stacking, sections 4.1 to 4.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

from kupon.engine.definitions import Fields
from kupon.engine.discounts.effects import (
    APPLY_TO_ITEMS,
    APPLY_TO_ORDER,
    effect_in,
    parse_effect,
)
from kupon.engine.order import Order
from kupon.engine.pricing import item_base, order_base, take_from_items, take_from_order
from kupon.engine.selection import Pick, limited, select
from kupon.engine.situation import PLAIN, Applied, Situation
from kupon.engine.values import NO_VALUE, Value, money
from kupon.kit.money import round_half_up

EFFECTS = (APPLY_TO_ORDER, APPLY_TO_ITEMS)


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedDiscount:
    """A target amount; one above the present amount takes nothing off.

    Units: minor units; per order, or per unit of a line, where the list member that names the
        line may have a price of its own.
    """

    type: ClassVar[str] = "FIXED"
    members: ClassVar[tuple[str, ...]] = ("fixed_amount", "fixed_amount_formula")
    effect: str | None
    fixed_amount: Value = NO_VALUE

    def apply(self, order: Order, situation: Situation = PLAIN) -> Applied:
        """Return the order brought down to the target; bundles don't multiply a target."""
        target: int | None = self.fixed_amount.of(situation.asked(order))
        if effect_in(self.effect, situation) == APPLY_TO_ITEMS:
            after = self._off_items(order, situation)
        else:
            base = order_base(order, situation)
            after = take_from_order(order, 0 if target is None else max(0, base - target))
        return Applied(order=after, values={} if target is None else {"fixed_amount": target})

    def _off_items(self, order: Order, situation: Situation) -> Order:
        picks = select(order, situation)
        if not picks:
            return order
        if situation.applicability.included:
            picks = limited(picks, order, situation, situation.multiplier)

        def wanted(pick: Pick) -> int:
            price = self._price(order, situation, pick)
            return 0 if price is None else _down_to(price, pick, item_base(pick.item, situation))

        return take_from_items(order, picks, wanted, situation)

    def _price(self, order: Order, situation: Situation, pick: Pick) -> int | None:
        asked = situation.asked(order, pick.item)
        price: int | None = pick.entry.price.of(asked) if pick.entry is not None else None
        if price is None:
            price = self.fixed_amount.of(asked)
        return price


def _down_to(price: int, pick: Pick, base: int) -> int:
    count, units = len(pick.units), pick.item.units
    if not count:
        return 0
    return max(0, round_half_up(Fraction(base * count, units) - price * count))


def parse(definition: Mapping[str, Any], path: str) -> FixedDiscount:
    """Read a definition of type FIXED; a new price may stand in the product list instead.

    Raises: DefinitionError.
    """
    fields = Fields(definition, path)
    effect = parse_effect(fields, EFFECTS)
    is_required = effect != APPLY_TO_ITEMS
    return FixedDiscount(
        effect=effect, fixed_amount=money(fields, "fixed_amount", is_required=is_required)
    )
