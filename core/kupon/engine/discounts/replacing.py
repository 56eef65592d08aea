"""REPLACE_ITEMS: units in the cart give way to other ones, a dearer one at no extra cost.

Source: spec discounts-and-stacking, section 4.4 (replacement) and K19. UNCERTAIN: the reference
does not document how a replacement is configured; `unit_off` units of `unit_type` come in for
each unit of the lines that the product lists name.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from kupon.engine.definitions import Fields
from kupon.engine.discounts.placing import Cart
from kupon.engine.order import Order, Replacement
from kupon.engine.selection import Pick, limited, select
from kupon.engine.situation import PLAIN, Applied, Situation
from kupon.engine.values import Value, units
from kupon.kit.money import round_half_up


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceDiscount:
    """Each covered unit gives way to so many units of another article."""

    type: ClassVar[str] = "UNIT"
    members: ClassVar[tuple[str, ...]] = ("unit_off", "unit_off_formula", "unit_type")
    effect: ClassVar[str] = "REPLACE_ITEMS"
    unit_off: Value
    unit_type: str

    @property
    def unit_types(self) -> tuple[str, ...]:
        """The id of the product or SKU that comes into the cart."""
        return (self.unit_type,)

    def apply(self, order: Order, situation: Situation = PLAIN) -> Applied:
        """Return the order with the units replaced.

        Shapes: a dearer target leaves the total as it was and shows the difference as a discount;
            a cheaper one lowers the total.
        """
        count: int = self.unit_off.of(situation.asked(order)) or 0
        picks = limited(select(order, situation), order, situation, situation.multiplier)
        for pick in picks:
            if pick.units and count:
                order = self._replaced(order, situation, pick, count)
        return Applied(order=order, values={"unit_off": count})

    def _replaced(self, order: Order, situation: Situation, pick: Pick, count: int) -> Order:
        source = order.items[pick.place]
        gone = len(pick.units)
        amount = source.amount or 0
        # The units' share of the line, which may have been sent with another amount than its
        # price makes.
        source_amount = round_half_up(Fraction(amount * gone, source.units))
        lines = list(order.items)
        lines[pick.place] = source.changed(
            quantity=source.units - gone,
            amount=amount - source_amount,
            discount_amount=min(source.discount_amount, amount - source_amount),
            discount_quantity=min(source.discount_quantity, source.units - gone),
        )
        lighter = order.changed(items=tuple(lines), amount=(order.amount or 0) - source_amount)
        cart = Cart(lighter, situation, self.unit_type)
        place = cart.add(gone * count)
        placed = cart.order()
        before = lighter.items[place].amount if place < len(lighter.items) else 0
        target_amount = (placed.items[place].amount or 0) - (before or 0)
        bonus = max(0, target_amount - source_amount)
        replacement = Replacement(
            source_index=pick.place,
            source_applied_quantity=-gone,
            source_applied_quantity_amount=-source_amount,
            target_index=place,
            target_applied_quantity=gone * count,
            target_applied_quantity_amount=target_amount,
            target_applied_discount_amount=bonus,
        )
        return _reported(placed, place, replacement, bonus)


def _reported(order: Order, place: int, replacement: Replacement, bonus: int) -> Order:
    lines = list(order.items)
    target = lines[place]
    lines[place] = target.changed(
        discount_amount=target.discount_amount + bonus,
        replacements=(*target.replacements, replacement),
    )
    return order.changed(items=tuple(lines), has_item_discount=True)


def parse(fields: Fields) -> ReplaceDiscount:
    """Read a definition of effect REPLACE_ITEMS.

    Raises: DefinitionError.
    """
    unit_type = fields.text("unit_type")
    if not unit_type:
        raise fields.error("", "should have required property 'unit_type'")
    return ReplaceDiscount(
        unit_off=units(fields, "unit_off", is_required=True), unit_type=unit_type
    )
