"""What an incentive may look at besides the order when it is applied.

Source: spec discounts-and-stacking, sections 4 (notation), 6, 7 and 9.5.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from kupon.engine.applicability import EVERYTHING, Applicability
from kupon.engine.collections import NO_COLLECTIONS, Collections
from kupon.engine.filters import NO_SURROUNDINGS, Surroundings
from kupon.engine.formulas import Operands
from kupon.engine.order import Item, Order
from kupon.engine.refusals import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """A product or SKU of the catalogue that an incentive may put into the cart.

    Shapes: kind is product or sku; product_id is the product's own, or that of the SKU's product;
        product and sku are their facts as answers print them, empty for one that the catalogue
        lacks; line_id is what a line that is appended for the article is to be called.
    Units:  minor units.
    """

    kind: str
    id: str
    source_id: str | None = None
    price: int | None = None
    product_id: str | None = None
    product: Mapping[str, Any] = field(default_factory=dict)
    sku: Mapping[str, Any] = field(default_factory=dict)
    line_id: str | None = None

    @property
    def names(self) -> frozenset[str]:
        """The ids by which definitions name the article."""
        return frozenset(filter(None, (self.id, self.source_id)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """One incentive's surroundings.

    Shapes: places are the only lines that may be covered, None for no such limit; multiplier is
        how many bundles the cart holds (1 without bundle); is_initial says that percentages and
        targets count from the amounts before discounts, is_once that lines which already carry a
        discount are left alone; articles by the names that definitions use; operands makes those
        of formulas, less the order and the line.
    """

    applicability: Applicability = EVERYTHING
    places: frozenset[int] | None = None
    multiplier: int = 1
    is_initial: bool = False
    is_once: bool = False
    collections: Collections = NO_COLLECTIONS
    surroundings: Surroundings = NO_SURROUNDINGS
    articles: Mapping[str, Article] = field(default_factory=dict)
    operands: Callable[[], Operands] = Operands

    def asked(self, order: Order, item: Item | None = None) -> Callable[[], Operands]:
        """Return what makes the operands of a formula, for the order or for one of its lines."""
        return lambda: self.operands().at(order, item)


PLAIN: Final = Situation()


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What applying an incentive came to.

    Shapes: values are the computed numbers of formulas by the name of their static sibling;
        credits and points are what a card pays, None for anything but a card.
    Units:  credits in minor units.
    """

    order: Order
    values: Mapping[str, Any] = field(default_factory=dict)
    credits: int | None = None
    points: int | None = None

    @property
    def paid(self) -> int | None:
        """What a card pays, in its own units."""
        return self.points if self.credits is None else self.credits


Outcome = Applied | Refusal
