"""The order as the engine sees it: lines and the discounts that they already carry.

An order is never changed in place: each applied redeemable yields the next order, so that the
figures of one step are the difference of two orders and those of the request that of the first
and the last one.

Source: spec discounts-and-stacking, sections 2.1 and 2.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

from kupon.kit.lean import cached_property

NOTHING: Mapping[str, Any] = {}


class Replacement(NamedTuple):
    """Units of one line that gave way to units of another.

    Shapes: the members are those of the wire's `application_details`, with the wire's signs.
    Units:  minor units.
    """

    source_index: int
    source_applied_quantity: int
    source_applied_quantity_amount: int
    target_index: int
    target_applied_quantity: int
    target_applied_quantity_amount: int
    target_applied_discount_amount: int


@dataclass(frozen=True, kw_only=True)
class Item:
    """One order line.

    Units: price, amount and discount_amount in minor units; None where the price is unknown.
    Shapes: discount_amount is cumulative (previous and of this request); discount_quantity counts
        the units that are already free; initial_* is what the client sent (0 for an added line).
        product and sku are printed back; product_facts and sku_facts are what rules and filters
        look at (stored data under sent data), product_names and sku_names every id and source id
        by which the article is known.
    """

    quantity: int | None = None
    price: int | None = None
    amount: int | None = None
    initial_quantity: int | None = None
    initial_amount: int | None = None
    discount_amount: int = 0
    discount_quantity: int = 0
    id: str | None = None
    product_id: str | None = None
    sku_id: str | None = None
    source_id: str | None = None
    related_object: str | None = None
    product: Mapping[str, Any] | None = None
    sku: Mapping[str, Any] | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    product_facts: Mapping[str, Any] = field(default_factory=dict)
    sku_facts: Mapping[str, Any] = field(default_factory=dict)
    replacements: tuple[Replacement, ...] = ()

    def changed(self, **changes: Any) -> Item:
        """Return the line with other figures; none that its names or facts follow from."""
        # Runs per line and redeemable, and costs a tenth of what the constructor costs. What was
        # derived from a line's identity is taken along, unlike what follows from its figures.
        line = object.__new__(Item)
        members = self.__dict__.copy()
        members |= changes
        members.pop("counted", None)
        object.__setattr__(line, "__dict__", members)
        return line

    def discounted(self, off: int) -> Item:
        """Return the line with more taken off, or with less where `off` is negative.

        Units: minor units.
        """
        line = object.__new__(Item)
        members = self.__dict__.copy()
        members["discount_amount"] = self.discount_amount + off
        # Taken along even if nobody has asked yet: all that comes of this line will be printed.
        members["counted"] = self.counted
        object.__setattr__(line, "__dict__", members)
        return line

    def without_units(self, count: int, amount: int) -> Item:
        """Return the line with so many units and their amount less, or more where negative.

        Shapes: what the client left unsaid is unknown again when nothing is left of it.
        Units:  units, minor units.
        """
        quantity = max(0, (self.quantity or 0) - count)
        left = None if self.amount is None else max(0, self.amount - amount)
        return self.changed(
            quantity=None if not quantity and self.initial_quantity is None else quantity,
            amount=None if not left and self.initial_amount is None else left,
        )

    @property
    def subtotal_amount(self) -> int | None:
        """What is left to pay for the line, or None where its amount is unknown."""
        return None if self.amount is None else self.amount - self.discount_amount

    @property
    def units(self) -> int:
        """How many units the line counts as; one of unknown quantity is one (section 2.1, 4)."""
        return 1 if self.quantity is None else self.quantity

    @property
    def unit_price(self) -> Fraction | int | None:
        """The price of a unit, from the amount where no price is known; None without either.

        Units: minor units.
        """
        if self.price is not None:
            return self.price
        return Fraction(self.amount, self.units) if self.amount is not None and self.units else None

    @cached_property
    def product_names(self) -> frozenset[str]:
        """The ids and source ids of the line's product."""
        return self._names("product", self.product_id, self.product_facts or self.product)

    @cached_property
    def sku_names(self) -> frozenset[str]:
        """The ids and source ids of the line's SKU; empty for a product line."""
        return self._names("sku", self.sku_id, self.sku_facts or self.sku)

    @cached_property
    def named(self) -> Mapping[str, Any]:
        """What short answers say of the line whatever is taken off it: its ids and metadata.

        Shapes: without what it lacks; shared by all answers, so nobody may change it.
        """
        members = {
            "id": self.id,
            "source_id": self.source_id,
            "related_object": self.related_object,
            "product_id": self.product_id,
            "sku_id": self.sku_id,
            "metadata": self.metadata or None,
        }
        return _known(members)

    @cached_property
    def stated(self) -> Mapping[str, Any]:
        """The same with the product and SKU, for full answers."""
        members = dict(self.named)
        if self.product:
            members["product"] = _known(self.product)
        if self.sku:
            members["sku"] = _known(self.sku)
        return members

    @cached_property
    def counted(self) -> Mapping[str, Any]:
        """How much of what the line is, whatever is taken off it; without what is unknown."""
        members = {
            "quantity": self.quantity,
            "initial_quantity": self.initial_quantity,
            "price": self.price,
        }
        if self.amount is not None:
            members |= {"amount": self.amount, "initial_amount": self.initial_amount}
        return _known(members)

    @property
    def is_sku(self) -> bool:
        """Whether the line sells a variant of a product."""
        return bool(self.sku_names)

    def _names(self, kind: str, own: str | None, facts: Mapping[str, Any] | None) -> frozenset[str]:
        part = facts or NOTHING
        names = [own, part.get("id"), part.get("source_id")]
        if self.related_object == kind:
            names.append(self.source_id)
        return frozenset([name for name in names if name])


def _known(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class Order:
    """The cart at one moment of the evaluation.

    Units: minor units; amount is None where neither the order nor a line names one.
    Shapes: discount_amount is order-level and cumulative. The two `has_*` flags say which kind of
        discount has been evaluated so far: answers print a kind's figures only then, even as 0.
    """

    amount: int | None = None
    initial_amount: int | None = None
    discount_amount: int = 0
    items: tuple[Item, ...] = ()
    has_order_discount: bool = False
    has_item_discount: bool = False
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def changed(self, **changes: Any) -> Order:
        """Return the order with other members."""
        # For the same reason as in Item.changed; the sum over the lines holds as long as they do.
        order = object.__new__(Order)
        members = self.__dict__.copy()
        members |= changes
        if "items" in changes:
            members.pop("items_discount_amount", None)
        object.__setattr__(order, "__dict__", members)
        return order

    @cached_property
    def items_discount_amount(self) -> int:
        """The sum of the lines' cumulative discounts."""
        return sum(item.discount_amount for item in self.items)

    @property
    def total_discount_amount(self) -> int:
        """Order-level and item-level discounts together."""
        return self.discount_amount + self.items_discount_amount

    @property
    def total_amount(self) -> int | None:
        """What remains to be paid, never below zero; None where the amount is unknown."""
        if self.amount is None:
            return None
        return max(0, self.amount - self.total_discount_amount)

    def differs_from(self, other: Order) -> bool:
        """Whether discounts or quantities are others than in an earlier or later order."""
        if self.discount_amount != other.discount_amount:
            return True
        if len(self.items) != len(other.items):
            return True
        pairs = zip(self.items, other.items, strict=True)
        return any(
            mine is not its
            and (
                mine.discount_amount != its.discount_amount
                or mine.quantity != its.quantity
                or mine.discount_quantity != its.discount_quantity
            )
            for mine, its in pairs
        )
