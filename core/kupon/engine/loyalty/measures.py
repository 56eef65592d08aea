"""What proportional points are counted by: amounts and units of an order, numbers of metadata.

Source: spec campaigns-loyalty-referral-gift, section 7.3 (the `loyalty` block).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from kupon.engine.collections import NO_COLLECTIONS, Collections
from kupon.engine.customer import Customer
from kupon.engine.filters import NO_SURROUNDINGS, Surroundings
from kupon.engine.formulas import FormulaFault, Operands
from kupon.engine.formulas.kinds import as_number, value_of
from kupon.engine.order import Item, Order
from kupon.engine.references import References


@dataclass(frozen=True, slots=True, kw_only=True)
class EarningFacts:
    """What happened, and to whom.

    Shapes: order is the one that was paid, None for other events; surroundings hold the present
        moment and the project's time zone.
    """

    customer: Customer
    order: Order | None = None
    event_metadata: Mapping[str, Any] = field(default_factory=dict)
    collections: Collections = NO_COLLECTIONS
    surroundings: Surroundings = NO_SURROUNDINGS

    def operands(self) -> Operands:
        """Return what formulas may ask for."""
        profile = self.customer.profile
        moment = self.surroundings.moment
        return Operands(
            order=self.order,
            now=moment.now,
            timezone=moment.timezone,
            customer_metadata=profile.get("metadata") or {},
            customer_birthdate=profile.get("birthdate"),
            order_metadata=None if self.order is None else self.order.metadata,
        )


# Returns None where there is nothing to count.
Measure = Callable[[EarningFacts], int | Decimal | None]


def fixed(facts: EarningFacts) -> int:
    """Count the event itself."""
    return 1


def order_amount(facts: EarningFacts) -> int | None:
    """Return the order's amount before discounts, in minor units."""
    return None if facts.order is None else facts.order.amount


def order_total_amount(facts: EarningFacts) -> int | None:
    """Return what was to be paid for the order, in minor units."""
    return None if facts.order is None else facts.order.total_amount


def metadata_of(parent: str, key: str) -> Measure:
    """Return what reads a number from the metadata of the order, the customer or the event."""
    read = _METADATA[parent]
    return lambda facts: _number(read(facts).get(key))


def items_of(figure: str, references: References | None) -> Measure:
    """Return what adds up a figure of the lines that sell certain articles, None for all lines.

    Shapes: figure is quantity (without free units), amount or subtotal_amount; a line counts once,
        however many of the articles name it.
    """
    read = _FIGURES[figure]
    return lambda facts: sum(read(item) for item in _matching(facts, references))


def _matching(facts: EarningFacts, references: References | None) -> Iterator[Item]:
    for item in facts.order.items if facts.order is not None else ():
        if references is None or references.matches(item, facts.collections, facts.surroundings):
            yield item


def _order_metadata(facts: EarningFacts) -> Mapping[str, Any]:
    return {} if facts.order is None else facts.order.metadata


def _customer_metadata(facts: EarningFacts) -> Mapping[str, Any]:
    metadata = facts.customer.profile.get("metadata")
    return metadata if isinstance(metadata, Mapping) else {}


def _event_metadata(facts: EarningFacts) -> Mapping[str, Any]:
    return facts.event_metadata


def _number(value: object) -> Decimal | None:
    try:
        return as_number(value_of(value))
    except (FormulaFault, ArithmeticError):
        return None


_METADATA: Final[Mapping[str, Callable[[EarningFacts], Mapping[str, Any]]]] = {
    "order": _order_metadata,
    "customer": _customer_metadata,
    "custom_event": _event_metadata,
}
_FIGURES: Final[Mapping[str, Callable[[Item], int]]] = {
    "quantity": lambda item: item.units - item.discount_quantity,
    "amount": lambda item: item.amount or 0,
    "subtotal_amount": lambda item: item.subtotal_amount or 0,
}
