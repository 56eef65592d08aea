"""Which articles an incentive was for, and which lines and units of the cart that came to.

Source: spec discounts-and-stacking, section 5.4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kupon.engine.applicability import EVERYTHING, Applicability, Entry
from kupon.engine.order import Item, Order
from kupon.engine.selection import MOST_UNITS_LISTED, Pick

_SETTINGS = (
    "effect",
    "target",
    "skip_initially",
    "repeat",
    "quantity_limit",
    "aggregated_quantity_limit",
    "amount_limit",
    "aggregated_amount_limit",
    "price",
    "price_formula",
)


def applicable_entries(
    lists: Applicability, covered: Sequence[Pick], order: Order
) -> list[dict[str, Any]]:
    """Return the included entries, each with the lines that it covers, collections spelled out.

    Shapes: an entry for each configured one, then one for each line that a collection brought
        in; lines count from 0, units from 1.
    """
    if lists is EVERYTHING:
        return []
    has_units = sum(item.units for item in order.items) <= MOST_UNITS_LISTED
    by_entry: dict[int, list[Pick]] = {}
    for pick in covered:
        by_entry.setdefault(id(pick.entry), []).append(pick)
    entries = [
        {**entry.echo, **_lines(by_entry.get(id(entry), ()), has_units)} for entry in lists.listed
    ]
    entries += [
        {**_article(pick.item), **_settings(pick.entry), **_lines([pick], has_units)}
        for pick in covered
        if pick.entry is not None and pick.entry.object == "products_collection"
    ]
    return entries


def inapplicable_entries(lists: Applicability) -> list[Mapping[str, Any]]:
    """Return the excluded entries as they were defined."""
    return [entry.echo for entry in lists.excluded]


def _lines(picks: Sequence[Pick], has_units: bool) -> dict[str, Any]:
    if not picks:
        return {}
    return {
        "order_item_indices": [pick.place for pick in picks],
        "order_item_units": [{"index": pick.place, **_units(pick, has_units)} for pick in picks],
    }


def _units(pick: Pick, has_units: bool) -> dict[str, Any]:
    if not has_units:
        return {"units_limit_exceeded": True}
    return {"units": [unit + 1 for unit in pick.units]}


def _article(item: Item) -> dict[str, Any]:
    if not item.is_sku:
        return _identity("product", item.product_id, item.product_facts, item) | {"strict": True}
    parent = {
        "product_id": item.product_id,
        "product_source_id": item.product_facts.get("source_id"),
    }
    named = {name: value for name, value in parent.items() if value is not None}
    return _identity("sku", item.sku_id, item.sku_facts, item) | named | {"strict": True}


def _identity(kind: str, own: str | None, facts: Mapping[str, Any], item: Item) -> dict[str, Any]:
    """What isn't in the catalogue goes by its source id (rules-and-qualification, section 5)."""
    source_id = facts.get("source_id") or (item.source_id if item.related_object == kind else None)
    identity = {"object": kind, "id": own or facts.get("id") or source_id}
    return identity if source_id is None else identity | {"source_id": source_id}


def _settings(entry: Entry) -> dict[str, Any]:
    return {name: entry.echo[name] for name in _SETTINGS if name in entry.echo}
