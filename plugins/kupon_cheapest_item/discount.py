"""CHEAPEST_ITEM: a share of the cheapest of all covered units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, ClassVar

from kupon.hooks.pricing import Pick, item_base, limited, percent_of, select, take_from_items
from kupon.hooks.types import APPLY_TO_ITEMS, PLAIN, Applied, Fields, Order, Situation

_MOST = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class CheapestItemDiscount:
    """A percentage of `units` units, the cheapest ones, for every `among` that are covered."""

    type: ClassVar[str] = "CHEAPEST_ITEM"
    members: ClassVar[tuple[str, ...]] = ("percent_off", "parameters")
    effect: ClassVar[str] = APPLY_TO_ITEMS
    percent_off: Decimal
    among: int
    units: int

    def apply(self, order: Order, situation: Situation = PLAIN) -> Applied:
        """Return the order with the cheapest units brought down."""
        picks = select(order, situation)
        if situation.applicability.included:
            picks = limited(picks, order, situation)
        covered = self._cheapest(picks, situation)

        def wanted(pick: Pick) -> int:
            count = covered.get(pick.place, 0)
            if not count:
                return 0
            base = item_base(pick.item, situation)
            return percent_of(base, self.percent_off, count, pick.item.units or 1)

        after = take_from_items(order, picks, wanted, situation)
        return Applied(order=after, values={"percent_off": self.percent_off})

    def _cheapest(self, picks: Sequence[Pick], situation: Situation) -> dict[int, int]:
        """How many units of which lines are meant; of equal prices the earlier line's."""
        left = sum(len(pick.units) for pick in picks) // self.among * self.units
        counts: dict[int, int] = {}
        for pick in sorted(picks, key=lambda pick: (_unit_price(pick, situation), pick.place)):
            counts[pick.place] = min(left, len(pick.units))
            left -= counts[pick.place]
        return counts


def _unit_price(pick: Pick, situation: Situation) -> Fraction:
    return Fraction(item_base(pick.item, situation), pick.item.units or 1)


def parse(definition: Mapping[str, Any], path: str) -> CheapestItemDiscount:
    """Read a definition; without parameters it is the one cheapest unit, off which everything.

    Raises:  DefinitionError.
    """
    fields = Fields(definition, path)
    given = fields.get("parameters")
    parameters = Fields({} if given is None else given, fields.place("parameters"))
    among, units = (_count(parameters, name) for name in ("among", "units"))
    if units > among:
        raise parameters.error("units", f"must be <= {among}")
    percent = (
        Decimal(100) if fields.get("percent_off") is None else fields.percentage("percent_off")
    )
    return CheapestItemDiscount(percent_off=percent, among=among, units=units)


def _count(parameters: Fields, name: str) -> int:
    count = parameters.whole(name)
    if count is None:
        return 1
    if not 1 <= count <= _MOST:
        raise parameters.error(name, f"must be from 1 to {_MOST}")
    return count
