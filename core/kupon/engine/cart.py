"""An order body from the wire, turned into the order that the engine works on.

Source: spec discounts-and-stacking, section 2.1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kupon.engine.order import Item, Order

Prices = Mapping[str, int | None]


def build_order(payload: Mapping[str, Any], prices: Prices) -> Order:
    """Resolve prices and amounts, and take over the discounts that the order already carries.

    Shapes: payload is type-checked; quantities are integers. prices maps the ids and source ids
        of products and SKUs to their stored prices; what it lacks has no stored price. Previous
        discounts of a line are cut to the line's amount and units; the sent `initial_amount` is
        ignored. product_facts and sku_facts of a line are what is known of its articles, in all.
    Units:  minor units.
    """
    items = tuple(_build_item(line, prices) for line in payload.get("items") or ())
    amount = _minor(payload.get("amount"))
    if amount is None:
        amount = _sum_of(items)
    discount_amount = _minor(payload.get("discount_amount")) or 0
    return Order(
        amount=amount,
        initial_amount=amount,
        discount_amount=discount_amount,
        items=items,
        has_order_discount=discount_amount > 0,
        has_item_discount=any(item.discount_amount for item in items),
        metadata=payload.get("metadata") or {},
    )


def _sum_of(items: tuple[Item, ...]) -> int | None:
    known = [item.amount for item in items if item.amount is not None]
    return sum(known) if known else None


def _build_item(line: Mapping[str, Any], prices: Prices) -> Item:
    product, sku = line.get("product"), line.get("sku")
    quantity = line.get("quantity")
    price = _price(line, prices)
    amount = _amount(line, quantity, price)
    initial_quantity, initial_amount = (
        line.get("initial_quantity"),
        line.get("initial_amount"),
    )
    return Item(
        quantity=quantity,
        price=price,
        amount=amount,
        # A line that an earlier answer added is sent back with its zeros (K24).
        initial_quantity=quantity if initial_quantity is None else initial_quantity,
        initial_amount=amount if initial_amount is None else _minor(initial_amount),
        discount_amount=min(_minor(line.get("discount_amount")) or 0, amount or 0),
        discount_quantity=min(line.get("discount_quantity") or 0, quantity or 0),
        id=line.get("id"),
        product_id=line.get("product_id") or (product or {}).get("id"),
        sku_id=line.get("sku_id") or (sku or {}).get("id"),
        source_id=line.get("source_id"),
        related_object=line.get("related_object"),
        product=product,
        sku=sku,
        metadata=line.get("metadata") or {},
        product_facts=line.get("product_facts") or product or {},
        sku_facts=line.get("sku_facts") or sku or {},
    )


def _price(line: Mapping[str, Any], prices: Prices) -> int | None:
    own = _minor(line.get("price"))
    if own is not None:
        return own
    for kind in ("sku", "product"):
        embedded = line.get(kind) or {}
        price = _minor(embedded.get("price"))
        if price is None:
            price = _stored(line, kind, embedded, prices)
        if price is not None:
            return price
    return None


def _stored(
    line: Mapping[str, Any], kind: str, embedded: Mapping[str, Any], prices: Prices
) -> int | None:
    for name in _names(line, kind, embedded):
        price = prices.get(name)
        if price is not None:
            return price
    return None


def _names(line: Mapping[str, Any], kind: str, embedded: Mapping[str, Any]) -> Iterator[str]:
    names = [line.get(f"{kind}_id"), embedded.get("id"), embedded.get("source_id")]
    if line.get("related_object") == kind:
        names.append(line.get("source_id"))
    return (name for name in names if name)


def _amount(line: Mapping[str, Any], quantity: int | None, price: int | None) -> int | None:
    sent = _minor(line.get("amount"))
    if sent is not None:
        return sent
    return None if price is None or quantity is None else price * quantity


def _minor(value: Any) -> int | None:
    # The wire types prices of embedded products as number: 1700.0 is 1700.
    return None if value is None else int(value)
