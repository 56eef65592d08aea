"""UNIT: units that cost nothing, put into the cart where they are missing, or better ones instead.

Source: spec discounts-and-stacking, sections 4.4, 4.5 and 6; K13, K17, K19.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from kupon.engine.definitions import Fields
from kupon.engine.discounts import replacing
from kupon.engine.discounts.placing import Cart
from kupon.engine.order import Item, Order
from kupon.engine.situation import PLAIN, Applied, Situation
from kupon.engine.values import Value, units

ADD_MISSING: Final = "ADD_MISSING_ITEMS"
ADD_NEW: Final = "ADD_NEW_ITEMS"
ADD_SAME: Final = "ADD_SAME_ITEMS"
ADD_MANY: Final = "ADD_MANY_ITEMS"
REPLACE: Final = "REPLACE_ITEMS"
SINGLE_EFFECTS: Final = (ADD_MISSING, ADD_NEW, ADD_SAME)
EFFECTS: Final = (*SINGLE_EFFECTS, ADD_MANY, REPLACE)
# The product that every project owns for free shipping (section 4.5).
SHIPPING: Final = "prod_5h1pp1ng"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """So many units of one article, or of each article of a collection that is in the cart."""

    effect: str
    unit_off: Value
    unit_type: str

    def apply(self, order: Order, situation: Situation) -> tuple[Order, int]:
        """Return the order with the units in it and free, and how many it was per article."""
        count: int = self.unit_off.of(situation.asked(order)) or 0
        total = count * situation.multiplier
        if not total:
            return order, count
        if self.effect == ADD_SAME:
            return _add_same(order, situation, self.unit_type, total), count
        cart = Cart(order, situation, self.unit_type)
        if self.effect == ADD_MISSING:
            cart.add(max(0, total - cart.paid_quantity))
        else:
            cart.add(total)
        return cart.freed(total, is_first_only=self.effect == ADD_NEW), count


def _add_same(order: Order, situation: Situation, unit_type: str, count: int) -> Order:
    """Every line of the article, or of the collection, gets more of its own (UNCERTAIN: 4.4)."""
    for index, item in enumerate(order.items):
        if _is_of(item, unit_type, situation):
            order = Cart(order, situation, unit_type, [index]).grown(count)
    return order


def _is_of(item: Item, unit_type: str, situation: Situation) -> bool:
    if unit_type in item.sku_names or unit_type in item.product_names:
        return True
    return situation.collections.contains(unit_type, item, situation.surroundings)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitDiscount:
    """Free units: one grant, or several that are made one after the other."""

    type: ClassVar[str] = "UNIT"
    members: ClassVar[tuple[str, ...]] = ("unit_off", "unit_off_formula", "unit_type", "units")
    effect: str
    grants: tuple[Grant, ...]

    @property
    def unit_types(self) -> tuple[str, ...]:
        """The ids of products and SKUs that may come into the cart."""
        return tuple(grant.unit_type for grant in self.grants)

    def apply(self, order: Order, situation: Situation = PLAIN) -> Applied:
        """Return the order with the units in it and their price taken off."""
        counts = []
        for grant in self.grants:
            order, count = grant.apply(order, situation)
            counts.append(count)
        if self.effect == ADD_MANY:
            return Applied(order=order, values={"units": counts})
        return Applied(order=order, values={"unit_off": counts[0]})


def parse(definition: Mapping[str, Any], path: str) -> UnitDiscount | replacing.ReplaceDiscount:
    """Read a definition of type UNIT.

    Raises: DefinitionError.
    """
    fields = Fields(definition, path)
    unit_type = fields.get("unit_type")
    # UNCERTAIN: the source lists two defaults (discounts-and-stacking, 4.1).
    default = ADD_MISSING if unit_type == SHIPPING else ADD_NEW
    effect = fields.choice("effect", EFFECTS, default)
    if effect == REPLACE:
        return replacing.parse(fields)
    if effect != ADD_MANY:
        return UnitDiscount(effect=effect, grants=(_grant(fields, effect),))
    listed = fields.required("units")
    if not isinstance(listed, Sequence) or isinstance(listed, str) or not listed:
        raise fields.error("units", "must be a non-empty array")
    return UnitDiscount(effect=effect, grants=tuple(_many(fields, listed)))


def _many(fields: Fields, listed: Sequence[object]) -> list[Grant]:
    members = [
        Fields(member, fields.place(f"units[{place}]")) for place, member in enumerate(listed)
    ]
    return [_grant(member, member.choice("effect", SINGLE_EFFECTS, ADD_NEW)) for member in members]


def _grant(fields: Fields, effect: str) -> Grant:
    unit_type = fields.text("unit_type")
    if not unit_type:
        raise fields.error("", "should have required property 'unit_type'")
    return Grant(
        effect=effect,
        unit_off=units(fields, "unit_off", is_required=True),
        unit_type=unit_type,
    )
