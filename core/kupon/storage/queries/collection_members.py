"""Statements on the products and SKUs that collections are made of.

Source: spec rules-and-qualification, section 18.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from psycopg.rows import dict_row
from sqlalchemy import select

from kupon.storage.tables.products import Product, Sku
from kupon.storage.uow import UnitOfWork

# Rows read at once while the whole catalogue is looked at.
SLICE = 2000

Row = dict[str, Any]


class ArticleKey(NamedTuple):
    """What a product or SKU is found and sorted by; object is product or sku."""

    object: str
    id: str
    created_at: datetime
    updated_at: datetime | None


_KEYS = (
    "SELECT 'product' AS object, id, created_at, updated_at FROM products"
    " WHERE project_id = %(project_id)s AND binned_at IS NULL{products}"
    " UNION ALL SELECT 'sku', id, created_at, updated_at FROM skus"
    " WHERE project_id = %(project_id)s AND binned_at IS NULL{skus}"
)


def find_all(uow: UnitOfWork) -> list[ArticleKey]:
    """All products and SKUs that are not in the bin."""
    return _fetch_keys(uow, _KEYS.format(products="", skus=""), {})


def find_named(uow: UnitOfWork, products: Sequence[str], skus: Sequence[str]) -> list[ArticleKey]:
    """The products and SKUs that are named by id or source id and are not in the bin."""
    statement = _KEYS.format(
        products=" AND (id = ANY(%(products)s) OR source_id = ANY(%(products)s))",
        skus=" AND (id = ANY(%(skus)s) OR source_id = ANY(%(skus)s))",
    )
    return _fetch_keys(uow, statement, {"products": list(products), "skus": list(skus)})


def _fetch_keys(uow: UnitOfWork, statement: str, values: dict[str, Any]) -> list[ArticleKey]:
    rows = uow.reader.execute(statement, {"project_id": uow.project_id, **values})
    return [ArticleKey(*row) for row in rows]


_COMMON = "id, source_id, price, attributes, image_url, metadata, created_at, updated_at"


def walk_catalogue(uow: UnitOfWork) -> Iterator[tuple[Row, list[Row]]]:
    """Every product that is not in the bin, with its SKUs; rows hold columns of the tables.

    Shapes:  read slice by slice, in no order that means anything.
    """
    after = ""
    while True:
        products = _fetch(
            uow,
            f"SELECT name, {_COMMON} FROM products WHERE project_id = %(project_id)s"
            " AND binned_at IS NULL AND id > %(after)s ORDER BY id LIMIT %(most)s",
            {"after": after, "most": SLICE},
        )
        skus: defaultdict[str, list[Row]] = defaultdict(list)
        if products:
            ids = [product["id"] for product in products]
            for sku in _fetch(
                uow,
                f"SELECT sku, product_id, {_COMMON} FROM skus WHERE project_id = %(project_id)s"
                " AND binned_at IS NULL AND product_id = ANY(%(ids)s)",
                {"ids": ids},
            ):
                skus[sku["product_id"]].append(sku)
        yield from ((product, skus[product["id"]]) for product in products)
        if len(products) < SLICE:
            return
        after = products[-1]["id"]


def _fetch(uow: UnitOfWork, statement: str, values: dict[str, Any]) -> list[Row]:
    with uow.reader.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement, {"project_id": uow.project_id, **values}).fetchall()


def find_articles(
    uow: UnitOfWork, keys: Sequence[ArticleKey]
) -> dict[tuple[str, str], Product | tuple[Sku, Product]]:
    """The rows behind keys, by object and id; a SKU comes with its product."""
    found: dict[tuple[str, str], Product | tuple[Sku, Product]] = {}
    ids = {kind: [key.id for key in keys if key.object == kind] for kind in ("product", "sku")}
    if ids["product"]:
        for product in uow.session.scalars(
            select(Product).where(
                Product.project_id == uow.project_id, Product.id.in_(ids["product"])
            )
        ):
            found["product", product.id] = product
    if ids["sku"]:
        for sku, product in uow.session.execute(
            select(Sku, Product)
            .join(Product, (Product.project_id == Sku.project_id) & (Product.id == Sku.product_id))
            .where(Sku.project_id == uow.project_id, Sku.id.in_(ids["sku"]))
        ):
            found["sku", sku.id] = (sku, product)
    return found
