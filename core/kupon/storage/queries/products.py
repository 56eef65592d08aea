"""Statements on products, and the prices that orders look up in the catalogue.

Source: spec api-conventions, sections 9, 11 and 14; discounts-and-stacking, section 2.1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert

from kupon.kit.errors import RaceLost, duplicate_found, not_found
from kupon.kit.pages import PageRequest
from kupon.storage.criteria import MomentField
from kupon.storage.listing import Listing, Page, fetch_page
from kupon.storage.refusing import refusing
from kupon.storage.tables.products import Product, Sku
from kupon.storage.uow import UnitOfWork

_LISTING = Listing(
    Product,
    fields={
        "created_at": MomentField(Product.created_at),
        "updated_at": MomentField(Product.updated_at),
    },
    where=(Product.binned_at.is_(None),),
)


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """A stored product or SKU, as far as an order's line needs it.

    Shapes: name is a product's `name` or a SKU's `sku`; product is the one that a SKU belongs to,
        None on a product itself.
    Units:  minor units; a SKU without a price of its own has its product's.
    """

    id: str
    source_id: str | None
    name: str | None
    price: int | None
    product: CatalogueEntry | None = None

    @property
    def product_id(self) -> str:
        """The id of the product, or of the one that the SKU belongs to."""
        return self.product.id if self.product is not None else self.id


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Entries by the key that was sent for them, an id or a source id; unknown keys are absent.

    Shapes: two mappings, because a product and a SKU may have the same source id.
    """

    products: Mapping[str, CatalogueEntry] = field(default_factory=dict)
    skus: Mapping[str, CatalogueEntry] = field(default_factory=dict)


_PRODUCTS = (
    "SELECT p.id, p.source_id, p.name, p.price, NULL, NULL, NULL, NULL FROM products p"
    " WHERE p.project_id = %(project_id)s AND p.binned_at IS NULL"
    " AND (p.id = ANY(%(products)s) OR p.source_id = ANY(%(products)s))"
)
_SKUS = (
    "SELECT p.id, p.source_id, p.name, p.price, s.id, s.source_id, s.sku, s.price FROM skus s"
    " JOIN products p ON p.project_id = s.project_id AND p.id = s.product_id"
    " WHERE s.project_id = %(project_id)s AND s.binned_at IS NULL AND p.binned_at IS NULL"
    " AND (s.id = ANY(%(skus)s) OR s.source_id = ANY(%(skus)s))"
)


def find_prices(uow: UnitOfWork, product_keys: Iterable[str], sku_keys: Iterable[str]) -> Catalogue:
    """Look up products and SKUs by ids or source ids, in one statement without a transaction.

    Shapes:  a key that is the id of one and the source id of another means the former; nothing is
        read when no key is given.
    """
    parameters = {
        "project_id": uow.project_id,
        "products": list(product_keys),
        "skus": list(sku_keys),
    }
    statements = []
    if parameters["products"]:
        statements.append(_PRODUCTS)
    if parameters["skus"]:
        statements.append(_SKUS)
    if not statements:
        return Catalogue()
    rows = uow.reader.execute(" UNION ALL ".join(statements), parameters).fetchall()
    products: list[CatalogueEntry] = []
    skus: list[CatalogueEntry] = []
    for product_id, product_source, name, product_price, sku_id, source, sku, price in rows:
        product = CatalogueEntry(product_id, product_source, name, product_price)
        if sku_id is None:
            products.append(product)
        else:
            own_price = product_price if price is None else price
            skus.append(CatalogueEntry(sku_id, source, sku, own_price, product))
    return Catalogue(_keyed(products, parameters["products"]), _keyed(skus, parameters["skus"]))


def _keyed(entries: Sequence[CatalogueEntry], keys: Sequence[str]) -> dict[str, CatalogueEntry]:
    known = {entry.source_id: entry for entry in entries} | {entry.id: entry for entry in entries}
    return {key: known[key] for key in keys if key in known}


def insert_product(uow: UnitOfWork, **values: Any) -> Product | None:
    """Store a product, or nothing when its id or source id is taken."""
    statement = (
        insert(Product)
        .values(project_id=uow.project_id, created_at=uow.now, **values)
        .on_conflict_do_nothing()
        .returning(Product)
    )
    return uow.session.scalar(statement)


def lock_taken_product(uow: UnitOfWork, product_id: str | None, source_id: str | None) -> Product:
    """The product that has an id or, if none has, a source id.

    Raises:  duplicate_found when it is in the bin; RaceLost when there is none any more.
    Locks:   the product's row.
    """
    row = uow.session.scalar(
        select(Product)
        .where(
            Product.project_id == uow.project_id,
            or_(Product.id == product_id, Product.source_id == source_id),
        )
        .order_by((Product.id == product_id).desc())
        .limit(1)
        .with_for_update(key_share=True)
    )
    if row is None:
        raise RaceLost
    if row.binned_at is not None:
        what, value = ("id", row.id) if row.id == product_id else ("source_id", source_id or "")
        raise duplicate_found("product", what, value)
    return row


def get_product(uow: UnitOfWork, key: str, *, is_locked: bool = False) -> Product:
    """A product by id or source id that is not in the bin.

    Raises:  not_found.
    Locks:   the product's row, where asked to.
    """
    statement = (
        select(Product)
        .where(
            Product.project_id == uow.project_id,
            Product.binned_at.is_(None),
            or_(Product.id == key, Product.source_id == key),
        )
        .order_by((Product.id == key).desc())
        .limit(1)
    )
    row = uow.session.scalar(statement.with_for_update(key_share=True) if is_locked else statement)
    if row is None:
        raise not_found("product", key)
    return row


def save_product(uow: UnitOfWork, product: Product) -> None:
    """Write a changed product.

    Raises:  duplicate_found when another one of the project has its source id.
    """
    error = duplicate_found("product", "source_id", product.source_id or "")
    with refusing("uq_products_project_id_source_id", error):
        uow.session.flush()


def list_products(uow: UnitOfWork, request: PageRequest, tz: tzinfo) -> Page[Product]:
    """One page of the products that are not in the bin."""
    return fetch_page(uow, _LISTING, request, tz=tz)


def bin_product(uow: UnitOfWork, product: Product) -> None:
    """Put a product and its SKUs into the bin; ids and source ids stay taken."""
    product.binned_at = uow.now
    uow.session.execute(
        update(Sku)
        .where(
            Sku.project_id == uow.project_id,
            Sku.product_id == product.id,
            Sku.binned_at.is_(None),
        )
        .values(binned_at=uow.now)
    )


def delete_product(uow: UnitOfWork, product: Product) -> None:
    """Delete a product and its SKUs for good."""
    uow.session.delete(product)
    uow.session.flush()
