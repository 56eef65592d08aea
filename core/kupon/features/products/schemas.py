"""Wire shapes of products and SKUs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kupon.kit.pages import list_body
from kupon.kit.timestamps import format_moment
from kupon.storage.tables.products import Product as ProductRow
from kupon.storage.tables.products import Sku as SkuRow
from kupon.web.fields import CountedList, Json, Many, Moment, Money, Part, Text, WireSchema, at_most
from kupon.web.query import ListQuery, Switch

LONGEST_KEY = 500


class ProductUpdate(WireSchema):
    """Body of an update; what is absent stays."""

    name = Text(allow_none=True)
    price = Money(allow_none=True)
    attributes = Many(Text(), allow_none=True)
    image_url = Text(allow_none=True)
    metadata = Json(allow_none=True)


class ProductCreate(ProductUpdate):
    """Body of creation; updates the product that has the id or the source_id."""

    id = Text(allow_none=True, validate=at_most(LONGEST_KEY))
    source_id = Text(allow_none=True, validate=at_most(LONGEST_KEY))


class SkuUpdate(WireSchema):
    """Body of an update; what is absent stays."""

    sku = Text(allow_none=True)
    price = Money(allow_none=True)
    currency = Text(allow_none=True)
    attributes = Json(allow_none=True)
    image_url = Text(allow_none=True)
    metadata = Json(allow_none=True)


class SkuCreate(SkuUpdate):
    """Body of creation; updates the SKU that has the id or the source_id."""

    id = Text(allow_none=True, validate=at_most(LONGEST_KEY))
    source_id = Text(allow_none=True, validate=at_most(LONGEST_KEY))


class CatalogueQuery(ListQuery):
    """Which products or SKUs to list."""

    class Meta(ListQuery.Meta):
        exclude = ("created_at", "updated_at", "starting_after_id", "filters")

    # The reference's listings share these; what a product doesn't have sorts nothing.
    ORDER = ("created_at", "updated_at", "type", "code", "campaign", "category")


class ForceQuery(WireSchema):
    """Whether to delete for good instead of into the bin."""

    force = Switch(load_default=False)


class Sku(WireSchema):
    """A variant of a product."""

    id = Text(required=True)
    source_id = Text(required=True, allow_none=True)
    product_id = Text(required=True)
    sku = Text(required=True, allow_none=True)
    price = Money(required=True, allow_none=True)
    currency = Text()
    attributes = Json(required=True)
    image_url = Text(required=True, allow_none=True)
    metadata = Json(required=True)
    created_at = Moment(required=True)
    updated_at = Moment(required=True, allow_none=True)
    object = Text(required=True)


class SkusOfProduct(CountedList):
    """All SKUs of a product."""

    data = Many(Part(Sku), required=True)


class SkuList(CountedList):
    """One page of a product's SKUs."""

    skus = Many(Part(Sku), required=True)


class Product(WireSchema):
    """A product."""

    id = Text(required=True)
    source_id = Text(required=True, allow_none=True)
    name = Text(required=True, allow_none=True)
    price = Money(required=True, allow_none=True)
    attributes = Many(Text(), required=True)
    image_url = Text(allow_none=True)
    metadata = Json(required=True)
    skus = Part(SkusOfProduct)
    created_at = Moment()
    updated_at = Moment(allow_none=True)
    object = Text(required=True)


class ProductList(CountedList):
    """One page of products."""

    products = Many(Part(Product), required=True)


def dump_product(row: ProductRow, skus: Iterable[SkuRow]) -> dict[str, Any]:
    """The wire's product with its SKUs."""
    listed = [dump_sku(sku) for sku in skus]
    return {
        "id": row.id,
        "source_id": row.source_id,
        "name": row.name,
        "price": row.price,
        "attributes": row.attributes,
        "image_url": row.image_url,
        "metadata": row.product_metadata,
        "skus": list_body("data", listed, total=len(listed)),
        "created_at": format_moment(row.created_at),
        "updated_at": format_moment(row.updated_at) if row.updated_at is not None else None,
        "object": "product",
    }


def dump_sku(row: SkuRow) -> dict[str, Any]:
    """The wire's SKU."""
    body: dict[str, Any] = {
        "id": row.id,
        "source_id": row.source_id,
        "product_id": row.product_id,
        "sku": row.sku,
        "price": row.price,
    }
    if row.currency is not None:
        body["currency"] = row.currency
    return body | {
        "attributes": row.attributes,
        "image_url": row.image_url,
        "metadata": row.sku_metadata,
        "created_at": format_moment(row.created_at),
        "updated_at": format_moment(row.updated_at) if row.updated_at is not None else None,
        "object": "sku",
    }
