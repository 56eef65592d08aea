"""The wire's number fields of an order and of its lines, as plain dicts.

Source: spec discounts-and-stacking, section 2.2 and K3.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from kupon.engine.order import Item, Order


def figures(order: Order, *, since: Order) -> dict[str, int]:
    """Return the order's numbers; `applied_*` is what came off since another moment.

    Shapes: a step's are figures(step.after, since=step.before), the root's are
        figures(end, since=start); a kind of discount that was never evaluated is left out.
    Units:  minor units.
    """
    answer: dict[str, int] = {}
    amount = order.amount
    if amount is not None:
        answer["amount"] = amount
        if order.initial_amount is not None and order.initial_amount != amount:
            answer["initial_amount"] = order.initial_amount
    items_off = order.items_discount_amount if order.has_item_discount else 0
    if order.has_order_discount or order.has_item_discount:
        _discounts(answer, order, since, items_off)
    if amount is not None:
        answer["total_amount"] = max(0, amount - order.discount_amount - items_off)
    return answer


def _discounts(answer: dict[str, int], order: Order, since: Order, items_off: int) -> None:
    off = order.discount_amount
    applied = off - since.discount_amount
    items_applied = items_off - since.items_discount_amount if order.has_item_discount else 0
    if order.has_order_discount:
        answer["discount_amount"] = off
        answer["applied_discount_amount"] = applied
    if order.has_item_discount:
        answer["items_discount_amount"] = items_off
        answer["items_applied_discount_amount"] = items_applied
    answer["total_discount_amount"] = off + items_off
    answer["total_applied_discount_amount"] = applied + items_applied


_ABSENT = Item(quantity=0, amount=0)


def earlier_items(order: Order, since: Order) -> Iterator[tuple[Item, Item]]:
    """Pair each line with itself at an earlier moment; one that was appended, with nothing."""
    return zip_longest(order.items, since.items, fillvalue=_ABSENT)


def item_figures(item: Item, since: Item) -> dict[str, Any]:
    """Return a line's numbers; `applied_*` is what changed since another moment.

    Shapes: a line of unknown amount has no amount fields; a line that never had anything taken
        off has no discount fields; quantities of free and added units are left out where there
        are none.
    Units:  minor units, and units of the product.
    """
    return add_item_figures({}, item, since)


def add_item_figures(answer: dict[str, Any], item: Item, since: Item) -> dict[str, Any]:
    """Add a line's numbers to what else is told of it; return the same dict."""
    answer |= item.counted
    if item.counted is not since.counted or item.discount_quantity or since.discount_quantity:
        quantities = _quantities(item, since)
        if quantities:
            # They stand between the line's quantities and its amounts.
            amounts = {name: answer.pop(name) for name in _AMOUNTS if name in answer}
            answer |= quantities | amounts
    if item.amount is None:
        return answer
    off = item.discount_amount
    if off or since.discount_amount:
        answer["discount_amount"] = off
        answer["applied_discount_amount"] = off - since.discount_amount
    answer["subtotal_amount"] = item.amount - off
    return answer


_AMOUNTS = ("amount", "initial_amount")


def _quantities(item: Item, since: Item) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    if item.discount_quantity or since.discount_quantity:
        answer["discount_quantity"] = item.discount_quantity
        answer["applied_discount_quantity"] = item.discount_quantity - since.discount_quantity
    if item.quantity != since.quantity or item.amount != since.amount:
        answer["applied_quantity"] = (item.quantity or 0) - (since.quantity or 0)
        if item.amount is not None:
            answer["applied_quantity_amount"] = item.amount - (since.amount or 0)
    if len(item.replacements) != len(since.replacements):
        told = item.replacements[len(since.replacements) :]
        answer["application_details"] = [replacement._asdict() for replacement in told]
    return answer
