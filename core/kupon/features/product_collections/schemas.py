"""Wire shapes of product collections.

Source: spec rules-and-qualification, section 18.
"""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from kupon.features.products.schemas import dump_product, dump_sku
from kupon.kit.timestamps import format_moment
from kupon.storage.queries.product_collections import DYNAMIC, STATIC
from kupon.storage.tables.product_collections import ProductCollection as CollectionRow
from kupon.storage.tables.products import Product, Sku
from kupon.web.fields import (
    CountedList,
    Json,
    Many,
    Moment,
    Money,
    Part,
    Text,
    WireSchema,
    at_most,
    one_of,
)
from kupon.web.query import ListQuery, When

LONGEST_NAME = 500
MOST_LISTED = 1000


def _filter() -> Json:
    """A filter: conditions by the names of fields, beside the junction."""
    junction = {"type": "string", "enum": ["and", "or"]}
    return Json(metadata={"properties": {"junction": junction}})


class CollectionMember(WireSchema):
    """A product or SKU that a static collection lists."""

    id = Text(required=True)
    object = Text(required=True, validate=one_of("product", "sku"))
    product_id = Text()


class ProductCollectionCreate(WireSchema):
    """Body of creation: products for a static collection, a filter for one that updates itself."""

    name = Text(required=True, validate=at_most(LONGEST_NAME))
    type = Text(required=True, validate=one_of(STATIC, DYNAMIC))
    products = Many(
        Part(CollectionMember),
        validate=validate.Length(
            max=MOST_LISTED, error=f"must NOT have more than {MOST_LISTED} items"
        ),
    )
    filter = _filter()


class ProductCollectionUpdate(WireSchema):
    """Body of an update; what is absent stays. Of a static collection only the name changes."""

    name = Text(validate=at_most(LONGEST_NAME))
    filter = _filter()


class ProductCollection(WireSchema):
    """A collection."""

    id = Text(required=True)
    name = Text(required=True)
    type = Text(required=True)
    filter = _filter()
    products = Many(Part(CollectionMember))
    created_at = Moment(required=True)
    updated_at = Moment()
    object = Text(required=True)


class ProductCollectionList(CountedList):
    """A page of collections."""

    data = Many(Part(ProductCollection), required=True)


class CollectionsQuery(ListQuery):
    """Parameters of the listing of collections."""

    # The reference's listings share these; what a collection doesn't have sorts nothing.
    ORDER = ("created_at", "updated_at", "type", "code", "campaign", "category")

    class Meta(ListQuery.Meta):
        exclude = ("starting_after_id",)


class CollectedQuery(ListQuery):
    """Parameters of the listing of a collection's products."""

    ORDER = CollectionsQuery.ORDER

    class Meta(ListQuery.Meta):
        exclude = (
            *("created_at", "updated_at", "start_date", "end_date"),
            *("starting_after_id", "filters"),
        )

    starting_after = When(metadata={"format": "date-time"})


class ProductOfSku(WireSchema):
    """The product that a SKU belongs to."""

    id = Text(required=True)
    source_id = Text(required=True, allow_none=True)
    name = Text(required=True, allow_none=True)
    price = Money(required=True, allow_none=True)
    attributes = Many(Text(), required=True)
    image_url = Text(allow_none=True)
    metadata = Json(required=True)
    created_at = Moment()
    updated_at = Moment(allow_none=True)
    object = Text(required=True)


class CollectedArticle(WireSchema):
    """A product without its SKUs, or a SKU with its product; `object` tells them apart."""

    id = Text(required=True)
    source_id = Text(required=True, allow_none=True)
    name = Text(allow_none=True)
    product_id = Text()
    sku = Text(allow_none=True)
    price = Money(required=True, allow_none=True)
    currency = Text()
    attributes = fields.Raw(
        required=True, metadata={"description": "names of a product, names and values of a SKU"}
    )
    image_url = Text(allow_none=True)
    metadata = Json(required=True)
    product = Part(ProductOfSku)
    created_at = Moment()
    updated_at = Moment(allow_none=True)
    object = Text(required=True)


class CollectedArticleList(CountedList):
    """A page of a collection's products and SKUs."""

    data = Many(Part(CollectedArticle), required=True)


def dump_collection(row: CollectionRow) -> dict[str, Any]:
    """The wire's collection."""
    body: dict[str, Any] = {"id": row.id, "name": row.name, "type": row.type}
    if row.type == STATIC:
        body["products"] = row.products
    else:
        body["filter"] = row.filter
    body["created_at"] = format_moment(row.created_at)
    if row.updated_at is not None:
        body["updated_at"] = format_moment(row.updated_at)
    return body | {"object": "products_collection"}


def dump_article(row: Product | tuple[Sku, Product]) -> dict[str, Any]:
    """The wire's member of a collection."""
    if isinstance(row, Product):
        return _dump_plain(row)
    sku, product = row
    return dump_sku(sku) | {"product": _dump_plain(product)}


def _dump_plain(row: Product) -> dict[str, Any]:
    body = dump_product(row, ())
    del body["skus"]
    return body
