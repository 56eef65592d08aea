"""Statements on products.

Source: spec api-conventions, sections 9, 11 and 14.
"""

from __future__ import annotations

from datetime import tzinfo
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert

from kupon.kit.errors import RaceLost, duplicate_found, not_found
from kupon.kit.pages import PageRequest
from kupon.storage.catalogue import SHIPPING_ENTRY, SHIPPING_NAMES
from kupon.storage.criteria import MomentField
from kupon.storage.listing import Listing, Page, fetch_page
from kupon.storage.queries import trash_bin
from kupon.storage.refusing import refusing
from kupon.storage.tables.products import Product, Sku
from kupon.storage.tables.projects import Project
from kupon.storage.uow import UnitOfWork

_LISTING = Listing(
    Product,
    fields={
        "created_at": MomentField(Product.created_at),
        "updated_at": MomentField(Product.updated_at),
    },
    where=(Product.binned_at.is_(None),),
)


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
    if is_locked and key in SHIPPING_NAMES:
        store_shipping(uow)
    row = uow.session.scalar(statement.with_for_update(key_share=True) if is_locked else statement)
    if row is None and key in SHIPPING_NAMES:
        return _shipping(uow)
    if row is None:
        raise not_found("product", key)
    return row


def store_shipping(uow: UnitOfWork) -> None:
    """Give the product that every project has a row of its own, unless it has one."""
    entry = SHIPPING_ENTRY
    insert_product(
        uow, id=entry.id, source_id=entry.source_id, name=entry.name, product_metadata={}
    )


def _shipping(uow: UnitOfWork) -> Product:
    """The product that every project has, of which nothing was said yet; it is in no session."""
    created_at = uow.session.scalar(select(Project.created_at).where(Project.id == uow.project_id))
    return Product(
        project_id=uow.project_id,
        id=SHIPPING_ENTRY.id,
        source_id=SHIPPING_ENTRY.source_id,
        name=SHIPPING_ENTRY.name,
        attributes=[],
        product_metadata={},
        created_at=created_at,
    )


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
    name = product.name or product.source_id or product.id
    trash_bin.add_entry(uow, trash_bin.PRODUCT, product.id, name)
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
    """Delete a product and its SKUs for good.

    Locks:  the product must be locked.
    """
    uow.session.delete(product)
    uow.session.flush()
    # After its SKUs: one that somebody is just binning is waited for.
    trash_bin.remove_children(uow, trash_bin.SKU, product.id)
