"""REPLACE_ITEMS: units in the cart give way to other ones, a dearer one at no extra cost.

Source: spec discounts-and-stacking, section 4.4 (replacement) and K19. UNCERTAIN: the reference
does not document how a replacement is configured; `unit_off` units of `unit_type` come in for
each unit of the lines that the product lists name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from kupon.engine.definitions import Fields
from kupon.engine.discounts.placing import Cart
from kupon.engine.order import Order, Replacement
from kupon.engine.selection import Pick, limited, select
from kupon.engine.situation import PLAIN, Applied, Situation
from kupon.engine.values import Value, units


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
        values = {"unit_off": count}
        picks = limited(select(order, situation), order, situation, situation.multiplier)
        picks = [pick for pick in picks if pick.units]
        if not (picks and count):
            return Applied(order=order, values=values)
        cart = Cart(order, situation, self.unit_type)
        for pick in picks:
            _replace(cart, pick, count)
        return Applied(order=cart.order(), values=values)


def _replace(cart: Cart, pick: Pick, count: int) -> None:
    gone = len(pick.units)
    source_amount = cart.remove(pick.place, gone)
    place, target_amount = cart.add(gone * count)
    cart.report(
        Replacement(
            source_index=pick.place,
            source_applied_quantity=-gone,
            source_applied_quantity_amount=-source_amount,
            target_index=place,
            target_applied_quantity=gone * count,
            target_applied_quantity_amount=target_amount,
            target_applied_discount_amount=max(0, target_amount - source_amount),
        )
    )


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
