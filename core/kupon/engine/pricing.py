"""Taking money off an order or off its lines; each function returns the next order.

Source: spec discounts-and-stacking, sections 4.2 and 4.3.
"""

from __future__ import annotations

from collections.abc import Callable

from kupon.engine.order import Item, Order


def take_from_order(order: Order, wanted: int) -> Order:
    """Take an order-level discount off what is left to pay.

    Shapes: an order of unknown amount comes back as it is; otherwise the order counts as
        evaluated at order level even when nothing is left to take.
    Units:  minor units.
    """
    left = order.total_amount
    if left is None:
        return order
    return Order(
        amount=order.amount,
        initial_amount=order.initial_amount,
        discount_amount=order.discount_amount + min(wanted, left),
        items=order.items,
        has_order_discount=True,
        has_item_discount=order.has_item_discount,
        metadata=order.metadata,
    )


def take_from_items(
    order: Order,
    wanted: Callable[[Item, int], int],
    *,
    amount_limit: int | None = None,
    aggregated_amount_limit: int | None = None,
) -> Order:
    """Take an item-level discount off every priced line, in request order.

    Shapes: wanted is asked for each line with what is left of it; amount_limit caps each line,
        aggregated_amount_limit is spent line by line. Without a priced line the order comes
        back as it is; otherwise it counts as evaluated at item level.
    Units:  minor units.
    """
    left = aggregated_amount_limit
    lines: list[Item] = []
    is_priced = False
    for item in order.items:
        if item.amount is None:
            lines.append(item)
            continue
        is_priced = True
        subtotal = item.amount - item.discount_amount
        off = wanted(item, subtotal)
        if off > subtotal:
            off = subtotal
        if amount_limit is not None and off > amount_limit:
            off = amount_limit
        if left is not None:
            off = min(off, left)
            left -= off
        lines.append(item.discounted(off) if off else item)
    return _with_items(order, tuple(lines)) if is_priced else order


def _with_items(order: Order, items: tuple[Item, ...]) -> Order:
    return Order(
        amount=order.amount,
        initial_amount=order.initial_amount,
        discount_amount=order.discount_amount,
        items=items,
        has_order_discount=order.has_order_discount,
        has_item_discount=True,
        metadata=order.metadata,
    )
