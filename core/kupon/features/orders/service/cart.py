"""From a sent cart to the engine's order: stored parts, the catalogue, ids of lines.

Source: spec discounts-and-stacking, section 2.1; api-conventions, section 11.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kupon.engine import cart
from kupon.engine.order import Order
from kupon.kit.errors import KuponError
from kupon.runtime import ids
from kupon.storage.catalogue import (
    Catalogue,
    CatalogueEntry,
    CatalogueKeys,
    find_prices,
)
from kupon.storage.uow import UnitOfWork

Line = Mapping[str, Any]
Body = Mapping[str, Any]

# JSON numbers beyond this are no longer exact everywhere.
LARGEST_AMOUNT = 2**53

_IDENTITY = ("source_id", "product_id", "sku_id")


def build_order(
    uow: UnitOfWork,
    body: Body,
    *,
    known_lines: Sequence[Line] = (),
    catalogue: Catalogue | None = None,
) -> Order:
    """The engine's order of a body, each line with its id and what the catalogue says of it.

    Shapes:  a line without an id takes that of the known line at its place if both are of the
        same article, else a new one; the catalogue is read here unless the caller did.
    Raises:  invalid_amount when an amount is too large.
    """
    lines = _number(body.get("items") or (), known_lines)
    if catalogue is None:
        catalogue = find_prices(uow, *catalogue_keys(lines))
    order = cart.build_order({**body, "items": [_completed(line, catalogue) for line in lines]}, {})
    check_amounts(order)
    return order


def catalogue_keys(lines: Iterable[Line]) -> CatalogueKeys:
    """What the lines name of the catalogue."""
    products: set[str] = set()
    skus: set[str] = set()
    for line in lines:
        products.update(_keys(line, "product"))
        skus.update(_keys(line, "sku"))
    return CatalogueKeys(tuple(products), tuple(skus))


def check_amounts(order: Order) -> None:
    """Refuse an order that no table and no JSON number could hold.

    Raises:  invalid_amount.
    """
    amounts = [order.amount, *(item.amount for item in order.items)]
    if any(amount is not None and amount > LARGEST_AMOUNT for amount in amounts):
        raise KuponError("invalid_amount", "Amount has to be a valid positive number")


def merge_cart(stored: Body, sent: Body) -> dict[str, Any]:
    """A stored order with the sent cart over it; new lines make the stored amount void."""
    merged = dict(stored)
    if sent.get("items") is not None:
        merged["amount"] = None
    for name in ("items", "amount", "discount_amount"):
        if sent.get(name) is not None:
            merged[name] = sent[name]
    merged["metadata"] = {**stored["metadata"], **(sent.get("metadata") or {})}
    return merged


def _number(lines: Sequence[Line], known_lines: Sequence[Line]) -> list[Line]:
    """The lines with an id each; no two share one."""
    numbered: list[Line] = []
    taken = set()
    for index, line in enumerate(lines):
        line_id = line.get("id")
        if line_id is None and index < len(known_lines):
            known = known_lines[index]
            if all(line.get(name) in (None, known.get(name)) for name in _IDENTITY):
                line_id = known.get("id")
        if line_id is None or line_id in taken:
            line_id = new_line_id()
        taken.add(line_id)
        numbered.append({**line, "id": line_id})
    return numbered


def new_line_id() -> str:
    """An id for a line that has none."""
    return ids.new_id("ordli_")


def _keys(line: Line, kind: str) -> list[str]:
    """By what a line names its product or SKU, the surest first."""
    part = line.get(kind) or {}
    keys = [line.get(f"{kind}_id"), part.get("id"), part.get("source_id")]
    if line.get("related_object") == kind:
        keys.append(line.get("source_id"))
    return [key for key in keys if key]


def _completed(line: Line, catalogue: Catalogue) -> Line:
    """The line with the id, name and price of its article, if the catalogue has it.

    What a line says of an article counts more than what is stored.
    """
    if not (catalogue.products or catalogue.skus):
        return line
    skus = catalogue.skus
    sku = next((skus[key] for key in _keys(line, "sku") if key in skus), None)
    product = sku.product if sku is not None else None
    if product is None:
        known = catalogue.products
        product = next((known[key] for key in _keys(line, "product") if key in known), None)
    if product is None:
        return line
    part = _part(line, "product", product)
    completed = {
        **line,
        "product_id": product.id,
        "product": part,
        "product_facts": _facts(part, product),
    }
    kind, article = "product", product
    if sku is not None:
        part = _part(line, "sku", sku)
        completed |= {"sku_id": sku.id, "sku": part, "sku_facts": _facts(part, sku)}
        kind, article = "sku", sku
    if line.get("source_id") is None and article.source_id is not None:
        completed |= {"source_id": article.source_id, "related_object": kind}
    return completed


def _part(line: Line, kind: str, entry: CatalogueEntry) -> dict[str, Any]:
    sent = {name: value for name, value in (line.get(kind) or {}).items() if value is not None}
    stored = {"name" if kind == "product" else "sku": entry.name, "price": entry.price}
    return {**stored, **sent, "id": entry.id, "source_id": entry.source_id}


def _facts(part: Mapping[str, Any], entry: CatalogueEntry) -> dict[str, Any]:
    """All that is known of an article, for rules and filters."""
    facts = {**entry.facts, **part}
    if part.get("metadata") and entry.facts.get("metadata"):
        facts["metadata"] = {**entry.facts["metadata"], **part["metadata"]}
    return facts
