"""The order as the engine sees it: lines and the discounts that they already carry.

An order is never changed in place: each applied redeemable yields the next order, so that the
figures of one step are the difference of two orders and those of the request that of the first
and the last one.

Source: spec discounts-and-stacking, sections 2.1 and 2.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Item:
    """One order line.

    Units: price, amount and discount_amount in minor units; None where the price is unknown.
    Shapes: discount_amount is cumulative (previous and of this request); discount_quantity counts
        the units that are already free; initial_* is what the client sent (0 for an added line).
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

    def discounted(self, off: int) -> Item:
        """Return the line with more taken off, or with less where `off` is negative.

        Units: minor units.
        """
        # Runs per line and redeemable, and costs a sixth of what the constructor costs.
        line = object.__new__(Item)
        line.__dict__.update(self.__dict__, discount_amount=self.discount_amount + off)
        return line

    @property
    def subtotal_amount(self) -> int | None:
        """What is left to pay for the line, or None where its amount is unknown."""
        return None if self.amount is None else self.amount - self.discount_amount


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
