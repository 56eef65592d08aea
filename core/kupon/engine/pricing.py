"""Taking money off an order or off its lines; each function returns the next order.

Source: spec discounts-and-stacking, sections 4.2 and 4.3.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kupon.engine.applicability import EVERYTHING, Entry
from kupon.engine.order import Item, Order
from kupon.engine.selection import Pick
from kupon.engine.situation import Situation
from kupon.engine.values import NO_VALUE, Value


def take_from_order(order: Order, wanted: int) -> Order:
    """Take an order-level discount off what is left to pay.

    Shapes: an order of unknown amount comes back as it is; otherwise the order counts as
        evaluated at order level even when nothing is left to take.
    Units:  minor units.
    """
    left = order.total_amount
    if left is None:
        return order
    return order.changed(
        discount_amount=order.discount_amount + min(wanted, left), has_order_discount=True
    )


def order_base(order: Order, situation: Situation) -> int:
    """What percentages of the order and its new totals count from (section 9.5).

    Units:  minor units.
    """
    base = order.initial_amount if situation.is_initial else order.total_amount
    return base or 0


def item_base(item: Item, situation: Situation) -> int:
    """What percentages of a line and its new prices count from (section 9.5).

    Units:  minor units.
    """
    amount = item.amount or 0
    return amount if situation.is_initial else amount - item.discount_amount


def take_from_items(
    order: Order,
    picks: Sequence[Pick],
    wanted: Callable[[Pick], int],
    situation: Situation,
    *,
    amount_limit: Value = NO_VALUE,
    aggregated_amount_limit: Value = NO_VALUE,
) -> Order:
    """Take an item-level discount off covered lines, in the order of the picks.

    Shapes: wanted is asked once for each pick; amount_limit caps each line and
        aggregated_amount_limit is spent line by line, as are the limits of the picks' entries;
        the order counts as evaluated at item level.
    Units:  minor units.
    """
    caps = None
    is_limited = amount_limit is not NO_VALUE or aggregated_amount_limit is not NO_VALUE
    if is_limited or situation.applicability is not EVERYTHING:
        caps = _Caps(order, situation, amount_limit, aggregated_amount_limit)
    lines = list(order.items)
    for pick in picks:
        item = pick.item
        off = min(wanted(pick), (item.amount or 0) - item.discount_amount)
        if caps is not None:
            off = caps.cut(pick, off)
        if off:
            lines[pick.place] = item.discounted(off)
    return order.changed(items=tuple(lines), has_item_discount=True)


class _Caps:
    """What the limits of a discount and of its entries still allow."""

    def __init__(
        self, order: Order, situation: Situation, per_line: Value, aggregated: Value
    ) -> None:
        self._order = order
        self._situation = situation
        self._per_line = per_line
        self._left: int | None = aggregated.of(situation.asked(order))
        self._entries_left: dict[int, int | None] = {}

    def cut(self, pick: Pick, off: int) -> int:
        entry = pick.entry
        for limit in (self._per_line, NO_VALUE if entry is None else entry.amount_limit):
            most = limit.of(self._situation.asked(self._order, pick.item))
            if most is not None and off > most:
                off = most
        if self._left is not None:
            off = min(off, self._left)
        if entry is not None and entry.aggregated_amount_limit.is_given:
            off = self._spend(entry, off)
        if self._left is not None:
            self._left -= off
        return off

    def _spend(self, entry: Entry, off: int) -> int:
        key = id(entry)
        if key not in self._entries_left:
            asked = self._situation.asked(self._order)
            self._entries_left[key] = entry.aggregated_amount_limit.of(asked)
        left = self._entries_left[key]
        if left is None:
            return off
        off = min(off, left)
        self._entries_left[key] = left - off
        return off
