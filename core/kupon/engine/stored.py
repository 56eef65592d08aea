"""Orders read back from how they were stored: the inverse of printing their figures.

Source: spec discounts-and-stacking, section 2.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kupon.engine.order import Item, Order


def restore_order(stored: Mapping[str, Any]) -> Order:
    """Read an order as it was stored or printed.

    Shapes: discount fields that are absent or None belong to a kind that was never evaluated.
    Units:  minor units.
    """
    items = tuple(_restore_item(line) for line in stored["items"])
    return _order(stored, stored.get("discount_amount"), items, stored.get("amount"))


def moments(figures: Mapping[str, Any]) -> tuple[Order, Order]:
    """Return the order before and after what the printed `applied_*` figures tell of.

    Shapes: a line that was appended in between was there before with no units.
    Units:  minor units.
    """
    after = restore_order(figures)
    before = tuple(
        _before(item, line) for item, line in zip(after.items, figures["items"], strict=True)
    )
    off = figures.get("discount_amount")
    earlier = None if off is None else off - figures.get("applied_discount_amount", 0)
    added = sum(line.get("applied_quantity_amount", 0) for line in figures["items"])
    amount = None if after.amount is None else after.amount - added
    return _order(figures, earlier, before, amount), after


def _before(item: Item, line: Mapping[str, Any]) -> Item:
    if "applied_quantity" in line:
        added = line["applied_quantity"], line.get("applied_quantity_amount", 0)
        item = item.without_units(*added)
    return item.changed(
        discount_amount=item.discount_amount - line.get("applied_discount_amount", 0),
        discount_quantity=item.discount_quantity - line.get("applied_discount_quantity", 0),
    )


def _order(
    stored: Mapping[str, Any], off: int | None, items: tuple[Item, ...], amount: int | None
) -> Order:
    initial_amount = stored.get("initial_amount")
    return Order(
        amount=amount,
        # Printed figures leave the initial amount out where it is the amount.
        initial_amount=amount if initial_amount is None else initial_amount,
        discount_amount=off or 0,
        items=items,
        has_order_discount=bool(off),
        has_item_discount=any(item.discount_amount for item in items),
        metadata=stored.get("metadata") or {},
    )


def _restore_item(line: Mapping[str, Any]) -> Item:
    return Item(
        quantity=line.get("quantity"),
        price=line.get("price"),
        amount=line.get("amount"),
        initial_quantity=line.get("initial_quantity"),
        initial_amount=line.get("initial_amount"),
        discount_amount=line.get("discount_amount", 0),
        discount_quantity=line.get("discount_quantity", 0),
        id=line.get("id"),
        product_id=line.get("product_id"),
        sku_id=line.get("sku_id"),
        source_id=line.get("source_id"),
        related_object=line.get("related_object"),
        product=line.get("product"),
        sku=line.get("sku"),
        metadata=line.get("metadata") or {},
    )
