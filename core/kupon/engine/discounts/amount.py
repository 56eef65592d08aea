"""AMOUNT: a sum off the order, off each of its lines, or split over them.

Source: spec discounts-and-stacking, sections 4.1 to 4.3 and K14, K15, K22.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar, Final

from kupon.engine.definitions import Fields
from kupon.engine.discounts.effects import (
    APPLY_TO_ITEMS,
    APPLY_TO_ORDER,
    effect_in,
    parse_effect,
)
from kupon.engine.order import Order
from kupon.engine.pricing import item_base, take_from_items, take_from_order
from kupon.engine.selection import Pick, limited, select
from kupon.engine.situation import PLAIN, Applied, Situation
from kupon.engine.values import NO_VALUE, Value, money
from kupon.kit.money import round_half_up, split

PROPORTIONALLY: Final = "APPLY_TO_ITEMS_PROPORTIONALLY"
PROPORTIONALLY_BY_QUANTITY: Final = "APPLY_TO_ITEMS_PROPORTIONALLY_BY_QUANTITY"
BY_QUANTITY: Final = "APPLY_TO_ITEMS_BY_QUANTITY"
EFFECTS = (
    APPLY_TO_ORDER,
    APPLY_TO_ITEMS,
    PROPORTIONALLY,
    PROPORTIONALLY_BY_QUANTITY,
    BY_QUANTITY,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountDiscount:
    """A fixed sum.

    Units: minor units; once per order, per line or per unit, as the effect says.
    """

    type: ClassVar[str] = "AMOUNT"
    members: ClassVar[tuple[str, ...]] = (
        "amount_off",
        "amount_off_formula",
        "aggregated_amount_limit",
    )
    effect: str | None
    amount_off: Value
    aggregated_amount_limit: Value = NO_VALUE

    def apply(self, order: Order, situation: Situation = PLAIN) -> Applied:
        """Return the order with the sum taken off."""
        effect = effect_in(self.effect, situation)
        off: int = self.amount_off.of(situation.asked(order)) or 0
        if effect == APPLY_TO_ORDER:
            after = take_from_order(order, off * situation.multiplier)
        else:
            after = self._off_items(order, situation, effect, off)
        return Applied(order=after, values={"amount_off": off})

    def _off_items(self, order: Order, situation: Situation, effect: str, off: int) -> Order:
        picks = select(order, situation)
        if not picks:
            return order
        if effect == BY_QUANTITY:
            picks = limited(picks, order, situation, situation.multiplier)
        if effect in (PROPORTIONALLY, PROPORTIONALLY_BY_QUANTITY):
            parts = _parts(picks, off * situation.multiplier, situation, effect)
        else:
            of_line = _of_units if effect == BY_QUANTITY else _of_line
            parts = [
                of_line(pick, self._off_line(order, situation, pick, off), situation.multiplier)
                for pick in picks
            ]
        wanted = dict(zip((pick.place for pick in picks), parts, strict=True))
        return take_from_items(
            order,
            picks,
            lambda pick: wanted[pick.place],
            situation,
            aggregated_amount_limit=self.aggregated_amount_limit,
        )

    def _off_line(self, order: Order, situation: Situation, pick: Pick, off: int) -> int:
        if not self.amount_off.is_per_item:
            return off
        return self.amount_off.of(situation.asked(order, pick.item)) or 0


def _of_line(pick: Pick, off: int, multiplier: int) -> int:
    """Once per line whatever its quantity, but not more than the covered units cost (K15)."""
    off *= multiplier
    if pick.is_whole:
        return off
    return min(off, _amount_of(pick, pick.item.amount or 0))


def _of_units(pick: Pick, off: int, _multiplier: int) -> int:
    """Once per covered unit, each not more than it costs."""
    count = len(pick.units)
    amount = pick.item.amount or 0
    if off * pick.item.units <= amount:
        return off * count
    return _amount_of(pick, amount)


def _amount_of(pick: Pick, amount: int) -> int:
    """The covered units' share of a line's amount."""
    return round_half_up(Fraction(amount * len(pick.units), pick.item.units))


def _parts(picks: Sequence[Pick], off: int, situation: Situation, effect: str) -> list[int]:
    total = min(off, sum(item_base(pick.item, _DISCOUNTED) for pick in picks))
    if effect == PROPORTIONALLY_BY_QUANTITY:
        return split(total, [len(pick.units) for pick in picks])
    return split(total, [_weight(pick, situation) for pick in picks])


# What a split may take in all is what is left of the lines, whatever their weights count from.
_DISCOUNTED = PLAIN


def _weight(pick: Pick, situation: Situation) -> Fraction | int:
    base = item_base(pick.item, situation)
    if pick.is_whole:
        return base
    return Fraction(base * len(pick.units), pick.item.units)


def parse(definition: Mapping[str, Any], path: str) -> AmountDiscount:
    """Read a definition of type AMOUNT.

    Raises: DefinitionError.
    """
    fields = Fields(definition, path)
    return AmountDiscount(
        effect=parse_effect(fields, EFFECTS),
        amount_off=money(fields, "amount_off", is_required=True),
        aggregated_amount_limit=money(fields, "aggregated_amount_limit"),
    )
