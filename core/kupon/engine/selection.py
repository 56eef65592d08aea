"""Which units of which lines an item-level incentive covers, and in which order it visits them.

Source: spec discounts-and-stacking, section 5.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from kupon.engine.applicability import CHEAPEST_FIRST, EVERYTHING, ONE_LINE, Entry
from kupon.engine.order import Item, Order
from kupon.engine.situation import Situation

# Beyond so many units in an order their numbers are no longer listed (section 5.4).
MOST_UNITS_LISTED: Final = 1000


class Pick(NamedTuple):
    """A covered line.

    Shapes: place counts lines from 0; units are the covered unit numbers from 0, in order; entry
        is the list member that names the line, None where all lines are meant.
    """

    place: int
    item: Item
    units: range
    entry: Entry | None = None

    @property
    def is_whole(self) -> bool:
        """Whether all units of the line are covered."""
        return len(self.units) >= self.item.units


def select(order: Order, situation: Situation) -> list[Pick]:
    """Return the covered lines in the order of application, before quantity limits.

    Shapes: only lines of known amount of which anything is left in the cart; a line is picked
        once, by the entry that comes first.
    """
    if situation.applicability is EVERYTHING:
        picks = [
            Pick(index, item, range(item.units))
            for index, item in enumerate(order.items)
            if _is_there(item)
        ]
    else:
        picks = _by_lists(order, situation)
    if situation.places is not None:
        picks = [pick for pick in picks if pick.place in situation.places]
    if situation.is_once:
        taken = _discounted_names(order)
        picks = [pick for pick in picks if not _carries_discount(pick.item, taken)]
    return picks


def _is_there(item: Item) -> bool:
    """Whether a line can be discounted; one whose units were all replaced can't."""
    return bool(item.amount) or (item.amount is not None and item.quantity != 0)


def limited(
    picks: Sequence[Pick], order: Order, situation: Situation, factor: int = 1
) -> list[Pick]:
    """Cut the covered units to the entries' quantity limits, from the start.

    Shapes: factor multiplies the limits; a line of which no unit is left is left out.
    """
    left: dict[int, int | None] = {}
    cut = []
    for pick in picks:
        entry = pick.entry
        if entry is None:
            cut.append(pick)
            continue
        count = len(pick.units)
        own = entry.quantity_limit.of(situation.asked(order, pick.item))
        if own is not None:
            count = min(count, own * factor)
        if entry.aggregated_quantity_limit.is_given:
            count = _spend(left, entry, count, order, situation, factor)
        if count:
            cut.append(pick._replace(units=pick.units[:count]))
    return cut


def _spend(
    left: dict[int, int | None],
    entry: Entry,
    count: int,
    order: Order,
    situation: Situation,
    factor: int,
) -> int:
    """How many of so many units the entry's limit for all lines still allows, and take them.

    Shapes: a limit that is None, because its formula has no value, allows them all.
    """
    key = id(entry)
    if key not in left:
        limit = entry.aggregated_quantity_limit.of(situation.asked(order))
        left[key] = None if limit is None else limit * factor
    allowed = left[key]
    if allowed is None:
        return count
    spent = min(count, allowed)
    left[key] = allowed - spent
    return spent


def _by_lists(order: Order, situation: Situation) -> list[Pick]:
    lists = situation.applicability
    known = (situation.collections, situation.surroundings)
    matched: dict[int, list[Pick]] = {}
    entries: dict[int, Entry | None] = {}
    for index, item in enumerate(order.items):
        if not _is_there(item) or lists.exclusion.find(item, *known) is not None:
            continue
        entry = lists.inclusion.find(item, *known)
        if entry is None and lists.included and not lists.is_all_included:
            continue
        entries[id(entry)] = entry
        matched.setdefault(id(entry), []).append(Pick(index, item, range(item.units), entry))
    picks = [pick for key, found in matched.items() for pick in _covered(entries[key], found)]
    if all(entry is None or entry.covers_whole_lines for entry in entries.values()):
        # Without ranking, lines are visited as they stand in the cart, whoever names them.
        picks.sort(key=lambda pick: pick.place)
    return picks


def _covered(entry: Entry | None, picks: list[Pick]) -> Iterator[Pick]:
    if entry is None or entry.covers_whole_lines:
        yield from picks
        return
    ranked = _ranked(entry, picks)
    if entry.effect in ONE_LINE:
        yield from _first(entry, ranked)
        return
    position = 0
    for pick in ranked:
        if entry.is_by_unit:
            units = _every(entry, position, len(pick.units))
            if units:
                yield pick._replace(units=units)
            position += len(pick.units)
        else:
            if _every(entry, position, 1):
                yield pick
            position += 1


def _first(entry: Entry, ranked: list[Pick]) -> Iterator[Pick]:
    if not entry.is_by_unit:
        yield ranked[0]
        return
    for pick in ranked:
        if pick.units:
            yield pick._replace(units=pick.units[:1])
            return


def _ranked(entry: Entry, picks: list[Pick]) -> list[Pick]:
    """By unit price, then the lower subtotal, then as they stand in the cart (section 5.2)."""
    if entry.effect == "APPLY_TO_EVERY":
        return picks
    sign = 1 if entry.effect in CHEAPEST_FIRST else -1

    def rank(pick: Pick) -> tuple[object, ...]:
        return (sign * (pick.item.unit_price or 0), pick.item.subtotal_amount or 0, pick.place)

    return sorted(picks, key=rank)


def _every(entry: Entry, position: int, count: int) -> range:
    """Which of `count` places, the first of them being `position`, are hit; from 0."""
    start = entry.skip_initially - position
    if start < 0:
        start %= entry.repeat
    return range(start, max(start, count), entry.repeat)


def _discounted_names(order: Order) -> set[str]:
    names: set[str] = set()
    for item in order.items:
        if item.discount_amount or item.discount_quantity:
            names |= item.sku_names or item.product_names
    return names


def _carries_discount(item: Item, taken: set[str]) -> bool:
    if item.discount_amount or item.discount_quantity:
        return True
    return not taken.isdisjoint(item.sku_names or item.product_names)
