"""Selection once more, slowly: every unit of every line is written out and counted.

Source: spec discounts-and-stacking, sections 5.1 and 5.2.
"""

from __future__ import annotations

from collections.abc import Sequence

from kupon.engine.applicability import Entry
from kupon.engine.order import Item, Order
from kupon.engine.selection import Pick
from kupon.engine.situation import Situation

# A line's place and the numbers of its covered units, from 0.
Covered = list[tuple[int, list[int]]]


def positions(order: Order, situation: Situation) -> Covered:
    """What a selection covers, in the order of application."""
    found: list[tuple[Entry | None, list[int]]] = []
    for place, item in enumerate(order.items):
        if item.amount is None or (item.amount == 0 and item.quantity == 0):
            continue
        if named := _named(item, situation):
            (entry,) = named
            group = next((places for each, places in found if each is entry), None)
            if group is None:
                found.append((entry, [place]))
            else:
                group.append(place)
    covered = [line for entry, places in found for line in _of_entry(entry, places, order)]
    if all(entry is None or _is_plain(entry) for entry, _ in found):
        return sorted(covered)
    return covered


def _named(item: Item, situation: Situation) -> list[Entry | None]:
    """The entry that a line belongs to, in a list; None where all lines do, none where it's out."""
    lists = situation.applicability
    if any(_matches(entry, item, situation) for entry in lists.excluded):
        return []
    for kind in ("sku", "product", "products_collection"):
        for entry in lists.listed:
            if entry.object == kind and _matches(entry, item, situation):
                return [entry]
    return [None] if lists.is_all_included or not lists.listed else []


def _matches(entry: Entry, item: Item, situation: Situation) -> bool:
    if entry.object == "sku":
        return bool(entry.names & item.sku_names)
    if entry.object == "product":
        return bool(entry.names & item.product_names) and not (entry.is_strict and item.is_sku)
    return situation.collections.contains(entry.id, item, situation.surroundings)


def _is_plain(entry: Entry) -> bool:
    return (entry.effect, entry.skip_initially, entry.repeat) == ("APPLY_TO_EVERY", 0, 1)


def _of_entry(entry: Entry | None, places: list[int], order: Order) -> Covered:
    every = [(place, list(range(order.items[place].units))) for place in places]
    if entry is None or _is_plain(entry):
        return every
    every.sort(key=lambda line: _rank(entry, order.items[line[0]], line[0]))
    if not entry.is_by_unit:
        return [every[hit] for hit in _hits(entry, len(every))]
    units = [(place, unit) for place, numbers in every for unit in numbers]
    covered: dict[int, list[int]] = {}
    for hit in _hits(entry, len(units)):
        place, unit = units[hit]
        covered.setdefault(place, []).append(unit)
    return list(covered.items())


def _rank(entry: Entry, item: Item, place: int) -> tuple[object, ...]:
    if entry.effect == "APPLY_TO_EVERY":
        return (place,)
    price = item.unit_price or 0
    is_rising = entry.effect.endswith("CHEAPEST")
    return (price if is_rising else -price, (item.amount or 0) - item.discount_amount, place)


def _hits(entry: Entry, count: int) -> list[int]:
    if entry.effect in ("APPLY_TO_CHEAPEST", "APPLY_TO_MOST_EXPENSIVE"):
        return list(range(min(1, count)))
    return [
        position
        for position in range(count)
        if position >= entry.skip_initially
        and (position - entry.skip_initially) % entry.repeat == 0
    ]


def within_limits(picks: Sequence[Pick], factor: int) -> Covered:
    """What entries' static quantity limits leave of a selection."""
    left: dict[int, int] = {}
    kept: Covered = []
    for pick in picks:
        units = []
        for unit in pick.units:
            entry = pick.entry
            own = None if entry is None else entry.quantity_limit.static
            shared = None if entry is None else entry.aggregated_quantity_limit.static
            if own is not None and len(units) >= own * factor:
                continue
            if shared is not None:
                used = left.get(id(entry), 0)
                if used >= shared * factor:
                    continue
                left[id(entry)] = used + 1
            units.append(unit)
        if units or pick.entry is None:
            kept.append((pick.place, units))
    return kept
