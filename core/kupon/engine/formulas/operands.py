"""What a formula may ask for, by name.

Source: spec discounts-and-stacking, section 7.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

from kupon.engine.formulas.kinds import ARITHMETIC, Absent, Value, value_of
from kupon.engine.order import Item, Order


class Lines:
    """What is found by going through all lines of an order, each looked for once."""

    def __init__(self, order: Order) -> None:
        """Look for nothing yet."""
        self.order = order

    @cached_property
    def units(self) -> int:
        """The units of all lines."""
        return sum(item.units for item in self.order.items)

    @cached_property
    def cheapest(self) -> Item:
        """The line with the lowest price, of several that with the lowest subtotal."""
        return self._extreme(1)

    @cached_property
    def most_expensive(self) -> Item:
        """The line with the highest price, of several that with the lowest subtotal."""
        return self._extreme(-1)

    def _extreme(self, sign: int) -> Item:
        priced = [
            (sign * item.price, item.subtotal_amount or 0, item)
            for item in self.order.items
            if item.price is not None
        ]
        if not priced:
            raise Absent("no line has a price")
        return min(priced, key=lambda entry: entry[:2])[2]


@dataclass(frozen=True, kw_only=True)
class Operands:
    """The values that a formula is evaluated with; what is None is missing.

    Shapes: the item is the line being discounted; redeemable_metadata and the dates are those of
        the voucher or the promotion tier.
    Units:  now is aware; timezone is the project's.
    """

    order: Order | None = None
    item: Item | None = None
    now: datetime | None = None
    timezone: tzinfo = UTC
    customer_metadata: Mapping[str, Any] | None = None
    customer_birthdate: date | str | None = None
    order_metadata: Mapping[str, Any] | None = None
    redemption_metadata: Mapping[str, Any] | None = None
    publication_metadata: Mapping[str, Any] | None = None
    redeemable_metadata: Mapping[str, Any] | None = None
    redemption_quantity: int | None = None
    redeemed_quantity: int | None = None
    publish_count: int | None = None
    start_date: datetime | None = None
    expiration_date: datetime | None = None
    bundle_quantity: int | None = None
    _latest: list[Lines] = field(default_factory=list, repr=False, compare=False)

    def at(self, order: Order, item: Item | None = None) -> Operands:
        """Return the same for an order as it stands, and for one of its lines."""
        # Runs per line: a fifth of what dataclasses.replace costs.
        operands = object.__new__(Operands)
        operands.__dict__.update(self.__dict__, order=order, item=item)
        return operands

    @property
    def lines(self) -> Lines:
        """The order's lines together; what was found is shared by all copies for one order.

        Raises: Absent where there is no order.
        """
        order = self.order
        if order is None:
            raise Absent("there is no order")
        for lines in self._latest:
            if lines.order is order:
                return lines
        lines = Lines(order)
        self._latest[:] = [lines]
        return lines

    @cached_property
    def today(self) -> date:
        """The day that it is in the project's time zone."""
        return self._moment().astimezone(self.timezone).date()

    def _moment(self) -> datetime:
        if self.now is None:
            raise Absent("there is no present")
        return self.now


def _major(minor: int | None) -> Decimal:
    if minor is None:
        raise Absent("a price is unknown")
    return Decimal(minor).scaleb(-2, ARITHMETIC)


def _line(item: Item | None) -> Item:
    if item is None:
        raise Absent("no line is being discounted")
    return item


def _member(metadata: object, key: str) -> Value:
    if not isinstance(metadata, Mapping):
        raise Absent("there is no metadata")
    return value_of(metadata.get(key))


Node = Callable[[Operands], Value]
Find = Callable[[Operands], Item]
_FINDERS: Final[Mapping[str, Find]] = {
    "ORDER_ITEM": lambda operands: _line(operands.item),
    "CHEAPEST_ORDER_ITEM": lambda operands: operands.lines.cheapest,
    "MOST_EXPENSIVE_ORDER_ITEM": lambda operands: operands.lines.most_expensive,
}
_FIGURES: Final[Mapping[str, Callable[[Item], Decimal]]] = {
    "PRICE": lambda item: _major(item.price),
    "AMOUNT": lambda item: _major(item.amount),
    "SUBTOTAL": lambda item: _major(item.subtotal_amount),
    "UNITS_QUANTITY": lambda item: Decimal(item.units),
}
_METADATA: Final[Mapping[str, Callable[[Operands], object]]] = {
    "ORDER_METADATA": lambda operands: operands.order_metadata,
    "CUSTOMER_METADATA": lambda operands: operands.customer_metadata,
    "REDEMPTION_METADATA": lambda operands: operands.redemption_metadata,
    "PUBLICATION_METADATA": lambda operands: operands.publication_metadata,
    "REDEEMABLE_METADATA": lambda operands: operands.redeemable_metadata,
    # UNCERTAIN: these two are aliases (section 7).
    "VOUCHER_METADATA": lambda operands: operands.redeemable_metadata,
    "PROMOTION_TIER_METADATA": lambda operands: operands.redeemable_metadata,
}


def _figure(find: Find, read: Callable[[Item], Decimal]) -> Node:
    return lambda operands: read(find(operands))


def _of_item(find: Find) -> Callable[[Operands], object]:
    return lambda operands: find(operands).metadata


def _of_product(find: Find) -> Callable[[Operands], object]:
    return lambda operands: find(operands).product_facts.get("metadata")


# A name alone.
OPERANDS: Final[Mapping[str, Node]] = {
    "ORDER_AMOUNT": lambda operands: _major(operands.lines.order.amount),
    "ORDER_ITEMS_QUANTITY": lambda operands: Decimal(len(operands.lines.order.items)),
    "ORDER_UNITS_QUANTITY": lambda operands: Decimal(operands.lines.units),
    "VOUCHER_REDEMPTION_QUANTITY": lambda operands: value_of(operands.redemption_quantity),
    "VOUCHER_REDEEMED_QUANTITY": lambda operands: value_of(operands.redeemed_quantity),
    "VOUCHER_PUBLISH_COUNT": lambda operands: value_of(operands.publish_count),
    "VOUCHER_START_DATE": lambda operands: value_of(operands.start_date),
    "VOUCHER_EXPIRATION_DATE": lambda operands: value_of(operands.expiration_date),
    "PROMOTION_TIER_START_DATE": lambda operands: value_of(operands.start_date),
    "PROMOTION_TIER_EXPIRATION_DATE": lambda operands: value_of(operands.expiration_date),
    "CUSTOMER_BIRTHDATE": lambda operands: value_of(operands.customer_birthdate),
    "TODAY": lambda operands: operands.today,
    "NOW": lambda operands: value_of(operands.now),
    # UNCERTAIN: the name (section 7).
    "BUNDLE_QUANTITY": lambda operands: value_of(operands.bundle_quantity),
    **{
        f"{which}_{what}": _figure(find, read)
        for which, find in _FINDERS.items()
        for what, read in _FIGURES.items()
    },
}
_KEYED: Final[Mapping[str, Callable[[Operands], object]]] = {
    **_METADATA,
    **{f"{which}_METADATA": _of_item(find) for which, find in _FINDERS.items()},
    **{f"{which}_PRODUCT_METADATA": _of_product(find) for which, find in _FINDERS.items()},
}
# A name and a key in brackets.
KEYED_OPERANDS: Final = frozenset(_KEYED)
# The names that differ from line to line.
PER_LINE: Final = frozenset(name for name in (*OPERANDS, *_KEYED) if name.startswith("ORDER_ITEM_"))


def keyed_operand(name: str, key: str) -> Node:
    """Return what reads one member of metadata; name is one of KEYED_OPERANDS."""
    read = _KEYED[name]
    return lambda operands: _member(read(operands), key)
