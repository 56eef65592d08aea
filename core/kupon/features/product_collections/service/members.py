"""What is in a collection.

A filter is tried on every product and every SKU by the engine, as evaluations do: no second
reading of filters, in SQL, could come to another result.

Source: spec rules-and-qualification, section 18. UNCERTAIN there, and decided so: a static
    collection lists what it names, without the SKUs that its products bring in evaluations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import tzinfo
from typing import Any

from kupon.engine.collections import ALL_PRODUCTS
from kupon.engine.conditions import Moment
from kupon.engine.filters import Surroundings
from kupon.engine.order import Item
from kupon.features.product_collections import schemas
from kupon.features.product_collections.service.definitions import find_collection
from kupon.kit.calendar import Calendar
from kupon.kit.errors import invalid_query
from kupon.kit.pages import OrderTerm, PageRequest, list_body
from kupon.storage.queries import collection_members
from kupon.storage.queries.collection_members import ArticleKey
from kupon.storage.queries.locations import load_locations
from kupon.storage.queries.product_collections import STATIC, load_collections
from kupon.storage.tables.product_collections import ProductCollection
from kupon.storage.uow import UnitOfWork


def list_products(
    uow: UnitOfWork, collection_id: str, request: PageRequest, tz: tzinfo
) -> dict[str, Any]:
    """One page of the products and SKUs of a collection."""
    keys = _members(uow, find_collection(uow, collection_id), tz)
    keys = _ordered(_left(keys, request, Calendar(uow.now, tz)), request.order[0])
    page = keys[request.offset : request.offset + request.limit]
    found = collection_members.find_articles(uow, page)
    rows = [
        schemas.dump_article(found[key.object, key.id])
        for key in page
        if (key.object, key.id) in found
    ]
    return list_body("data", rows, total=len(keys))


def _members(uow: UnitOfWork, collection: ProductCollection, tz: tzinfo) -> list[ArticleKey]:
    if collection.id == ALL_PRODUCTS:
        return collection_members.find_all(uow)
    if collection.type == STATIC:
        listed = collection.products or []
        return collection_members.find_named(
            uow,
            [each["id"] for each in listed if each["object"] == "product"],
            [each["id"] for each in listed if each["object"] == "sku"],
        )
    return list(_matching(uow, collection.id, tz))


def _matching(uow: UnitOfWork, collection_id: str, tz: tzinfo) -> Iterator[ArticleKey]:
    collections = load_collections(uow)
    surroundings = Surroundings(Moment(uow.now, tz), load_locations(uow))
    for product, skus in collection_members.walk_catalogue(uow):
        facts = product | {"skus": skus}
        if collections.contains(collection_id, _product_item(facts), surroundings):
            yield _key("product", product)
        for sku in skus:
            if collections.contains(collection_id, _sku_item(facts, sku), surroundings):
                yield _key("sku", sku)


def _product_item(facts: Mapping[str, Any]) -> Item:
    return Item(product_id=facts["id"], price=facts["price"], product_facts=facts)


def _sku_item(facts: Mapping[str, Any], sku: Mapping[str, Any]) -> Item:
    """A SKU as a line would have it: named by its `sku`, at its product's price without its own."""
    price = facts["price"] if sku["price"] is None else sku["price"]
    return Item(
        sku_id=sku["id"],
        product_id=facts["id"],
        price=price,
        product_facts=facts,
        sku_facts={**sku, "name": sku["sku"]},
    )


def _key(kind: str, row: Mapping[str, Any]) -> ArticleKey:
    return ArticleKey(kind, row["id"], row["created_at"], row["updated_at"])


def _left(keys: list[ArticleKey], request: PageRequest, calendar: Calendar) -> list[ArticleKey]:
    """What comes after the cursor, in the direction of the order."""
    when = request.shortcuts.get("starting_after")
    if when is None:
        return keys
    try:
        start = calendar.instant(when)
    except OverflowError:
        raise invalid_query("Query must name dates between the years 1 and 9999") from None
    if request.order[0] == OrderTerm("created_at"):
        return [key for key in keys if key.created_at > start]
    return [key for key in keys if key.created_at < start]


def _ordered(keys: list[ArticleKey], term: OrderTerm) -> list[ArticleKey]:
    """Sorted as all listings are: rows without a value last, equal ones by id."""
    if term.field not in ("created_at", "updated_at"):
        return sorted(keys, key=lambda key: key.id, reverse=term.descending)

    def rank(key: ArticleKey) -> tuple[Any, str]:
        return getattr(key, term.field), key.id

    with_value = [key for key in keys if getattr(key, term.field) is not None]
    without = [key for key in keys if getattr(key, term.field) is None]
    return [
        *sorted(with_value, key=rank, reverse=term.descending),
        *sorted(without, key=lambda key: key.id, reverse=term.descending),
    ]
