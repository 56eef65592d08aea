"""Use cases of products and SKUs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import Any

from kupon.features.metadata_schemas.service import check_metadata
from kupon.features.products import schemas
from kupon.kit.errors import KuponError
from kupon.kit.pages import PageRequest, list_body
from kupon.runtime import ids
from kupon.storage.catalogue import SHIPPING_NAMES
from kupon.storage.queries import products, skus
from kupon.storage.tables.products import Product, Sku
from kupon.storage.uow import UnitOfWork

_PRODUCT_FIELDS = ("name", "price", "image_url")
_SKU_FIELDS = ("sku", "price", "currency", "image_url")


def create_product(uow: UnitOfWork, body: Mapping[str, Any]) -> dict[str, Any]:
    """Store a product, or change the one that has its id or source_id."""
    return _dump_products(uow, [uow.attempt(lambda: _store_product(uow, body))])[0]


def _store_product(uow: UnitOfWork, body: Mapping[str, Any]) -> Product:
    product_id, source_id = body.get("id") or None, body.get("source_id") or None
    if not SHIPPING_NAMES.isdisjoint((product_id, source_id)):
        products.store_shipping(uow)
    row = products.insert_product(
        uow,
        id=product_id or ids.new_id("prod_"),
        source_id=source_id,
        attributes=body.get("attributes") or [],
        product_metadata=body.get("metadata") or {},
        **{name: body.get(name) for name in _PRODUCT_FIELDS},
    )
    check_metadata(uow, "product", body, is_creation=row is not None)
    if row is None:
        row = products.lock_taken_product(uow, product_id, source_id)
        row.source_id = row.source_id or source_id
        _change_product(uow, row, body)
    return row


def get_product(uow: UnitOfWork, key: str) -> dict[str, Any]:
    """One product."""
    return _dump_products(uow, [products.get_product(uow, key)])[0]


def list_products(uow: UnitOfWork, request: PageRequest, tz: tzinfo) -> dict[str, Any]:
    """One page of products."""
    page = products.list_products(uow, request, tz)
    return list_body("products", _dump_products(uow, page.rows), total=page.total)


def update_product(uow: UnitOfWork, key: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Change what the body names."""
    check_metadata(uow, "product", body, is_creation=False)
    row = products.get_product(uow, key, is_locked=True)
    _change_product(uow, row, body)
    return _dump_products(uow, [row])[0]


def delete_product(uow: UnitOfWork, key: str, *, is_forced: bool) -> None:
    """Put a product with its SKUs into the bin; forced, delete them for good.

    Raises:  not_found; resource_protected for the one that every project has.
    """
    row = products.get_product(uow, key, is_locked=True)
    if row.id in SHIPPING_NAMES:
        raise KuponError(
            "resource_protected",
            "Free shipping needs this product",
            resource_id=row.id,
            resource_type="product",
        )
    if is_forced:
        products.delete_product(uow, row)
    else:
        products.bin_product(uow, row)


def create_sku(uow: UnitOfWork, product_key: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Store a SKU of a product, or change the one that has its id or source_id."""
    product = products.get_product(uow, product_key, is_locked=True)
    return schemas.dump_sku(uow.attempt(lambda: _store_sku(uow, product, body)))


def _store_sku(uow: UnitOfWork, product: Product, body: Mapping[str, Any]) -> Sku:
    sku_id, source_id = body.get("id") or None, body.get("source_id") or None
    row = skus.insert_sku(
        uow,
        id=sku_id or ids.new_id("sku_"),
        source_id=source_id,
        product_id=product.id,
        attributes=body.get("attributes") or {},
        sku_metadata=body.get("metadata") or {},
        **{name: body.get(name) for name in _SKU_FIELDS},
    )
    # UNCERTAIN: SKUs have the schema of products (rules-and-qualification, section 17).
    check_metadata(uow, "product", body, is_creation=row is not None)
    if row is None:
        row = skus.lock_taken_sku(uow, product.id, sku_id, source_id)
        row.source_id = row.source_id or source_id
        _change_sku(uow, row, body)
    return row


def get_sku(uow: UnitOfWork, key: str) -> dict[str, Any]:
    """One SKU, whatever its product."""
    return schemas.dump_sku(skus.get_sku(uow, key))


def list_skus(
    uow: UnitOfWork, product_key: str, request: PageRequest, tz: tzinfo
) -> dict[str, Any]:
    """One page of a product's SKUs."""
    product = products.get_product(uow, product_key)
    page = skus.list_skus(uow, product.id, request, tz)
    # UNCERTAIN: products.json prints data_ref "data" beside a property `skus`.
    return list_body("skus", [schemas.dump_sku(row) for row in page.rows], total=page.total)


def update_sku(
    uow: UnitOfWork, product_key: str, key: str, body: Mapping[str, Any]
) -> dict[str, Any]:
    """Change what the body names."""
    check_metadata(uow, "product", body, is_creation=False)
    row = _lock_sku(uow, product_key, key)
    _change_sku(uow, row, body)
    return schemas.dump_sku(row)


def delete_sku(uow: UnitOfWork, product_key: str, key: str, *, is_forced: bool) -> None:
    """Put a SKU into the bin; forced, delete it for good."""
    row = _lock_sku(uow, product_key, key)
    if is_forced:
        skus.delete_sku(uow, row)
    else:
        skus.bin_sku(uow, row)


def _lock_sku(uow: UnitOfWork, product_key: str, key: str) -> Sku:
    product = products.get_product(uow, product_key)
    return skus.get_sku(uow, key, product_id=product.id, is_locked=True)


def _change_product(uow: UnitOfWork, row: Product, body: Mapping[str, Any]) -> None:
    _set_named(row, _PRODUCT_FIELDS, body)
    if "attributes" in body:
        row.attributes = body["attributes"] or []
    row.product_metadata = _merge(row.product_metadata, body)
    row.updated_at = uow.now
    products.save_product(uow, row)


def _change_sku(uow: UnitOfWork, row: Sku, body: Mapping[str, Any]) -> None:
    _set_named(row, _SKU_FIELDS, body)
    if "attributes" in body:
        row.attributes = body["attributes"] or {}
    row.sku_metadata = _merge(row.sku_metadata, body)
    row.updated_at = uow.now
    skus.save_sku(uow, row)


def _set_named(row: Product | Sku, names: Sequence[str], body: Mapping[str, Any]) -> None:
    for name in body.keys() & set(names):
        setattr(row, name, body[name])


def _merge(stored: dict[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """Metadata sent key by key; null in place of all of it empties it."""
    sent = body.get("metadata", {})
    return {} if sent is None else {**stored, **sent}


def _dump_products(uow: UnitOfWork, rows: Sequence[Product]) -> list[dict[str, Any]]:
    by_product: defaultdict[str, list[Sku]] = defaultdict(list)
    for sku in skus.find_skus_of(uow, [row.id for row in rows]):
        by_product[sku.product_id].append(sku)
    return [schemas.dump_product(row, by_product[row.id]) for row in rows]
