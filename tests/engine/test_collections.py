"""Collections: fixed lists bring the SKUs of a product, filters look at what a line sells."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from kupon.engine.collections import (
    NO_COLLECTIONS,
    Collection,
    Collections,
    parse_collection_filter,
    read_item,
)
from kupon.engine.conditions import Moment
from kupon.engine.definitions import DefinitionError
from kupon.engine.filters import Surroundings
from kupon.engine.locations import Location, Locations, parse_shape
from kupon.engine.order import Item

CENTER = {"type": "circle", "distance": {"center": "geo:40.7128,-74.0060", "radius": "5 km"}}
SURROUNDINGS = Surroundings(
    Moment(datetime(2026, 3, 12, 12, tzinfo=UTC), UTC),
    Locations({"loc_1": Location(id="loc_1", shape=parse_shape(CENTER))}),
)

SHIRT: dict[str, Any] = {
    "id": "prod_1",
    "source_id": "shirt",
    "name": "Shirt",
    "price": 5000,
    "attributes": ["color", "size"],
    "image_url": "https://example.com/shirt.png",
    "metadata": {"brand": "Hexagon", "season": "summer"},
    "created_at": "2026-03-01T10:00:00.000Z",
    "skus": {"object": "list", "data": [{"id": "sku_1"}, {"id": "sku_2"}]},
}
RED: dict[str, Any] = {
    "id": "sku_1",
    "source_id": "shirt-red",
    "name": "Red shirt",
    "price": 5500,
    "attributes": {"color": "red"},
    "metadata": {"season": "winter"},
}
PRODUCT_LINE = Item(product_id="prod_1", product_facts=SHIRT)
SKU_LINE = Item(product_id="prod_1", sku_id="sku_1", product_facts=SHIRT, sku_facts=RED)
UNKNOWN = Item(source_id="ebook", related_object="product", price=900)
UNKNOWN_SKU = Item(source_id="ebook-pdf", related_object="sku", price=800)


def is_in(item: Item, collection: Collection) -> bool:
    return Collections({collection.id: collection}).contains(collection.id, item, SURROUNDINGS)


def static(*products: str, skus: tuple[str, ...] = ()) -> Collection:
    return Collection(id="pc_1", products=frozenset(products), skus=frozenset(skus))


def dynamic(field: str, conditions: Any, **kinds: str) -> Collection:
    definition = {"junction": "AND", field: {"conditions": conditions}}
    return Collection(id="pc_1", filter=parse_collection_filter(definition, kinds=kinds))


@pytest.mark.parametrize(
    ("collection", "item", "expected"),
    [
        (static("prod_1"), PRODUCT_LINE, True),
        (static("prod_1"), SKU_LINE, True),
        (static("shirt"), SKU_LINE, True),
        (static(skus=("sku_1",)), SKU_LINE, True),
        (static(skus=("sku_1",)), PRODUCT_LINE, False),
        (static("prod_2", skus=("sku_2",)), SKU_LINE, False),
        (static(), PRODUCT_LINE, False),
        (static("ebook"), UNKNOWN, True),
    ],
)
def test_lists(collection: Collection, item: Item, expected: bool) -> None:
    assert is_in(item, collection) is expected


def test_all_products_and_unknown_collections() -> None:
    for item in (PRODUCT_LINE, SKU_LINE, UNKNOWN, Item()):
        assert NO_COLLECTIONS.contains("pc_a11pr0dUc75", item, SURROUNDINGS)
        assert not NO_COLLECTIONS.contains("pc_1", item, SURROUNDINGS)


@pytest.mark.parametrize(
    ("field", "conditions", "product", "sku"),
    [
        ("id", {"$is": ["prod_1"]}, True, False),
        ("id", {"$in": ["sku_1", "sku_9"]}, False, True),
        ("product_id", {"$is": ["prod_1"]}, False, True),
        ("product_id", {"$is_unknown": [True]}, True, False),
        ("source_id", {"$starts_with": ["shirt"]}, True, True),
        ("source_id", {"$is": ["shirt"]}, True, False),
        ("name", {"$contains": ["Red"]}, False, True),
        ("price", {"$more_than": ["5000"]}, False, True),
        ("object", {"$is": ["sku"]}, False, True),
        ("object", {"$is": ["product"]}, True, False),
        ("attributes", {"$is": ["color"]}, True, True),
        ("attributes", {"$is": ["red"]}, False, True),
        ("image_url", {"$ends_with": [".png"]}, True, False),
        ("skus", {"$count": [2]}, True, False),
        ("skus", {"$is": ["sku_2"]}, True, False),
        ("created_at", {"$less_than_ago": [30]}, True, False),
        ("updated_at", {"$has_value": [True]}, False, False),
        ("metadata.brand", {"$is": ["Hexagon"]}, True, True),
        ("metadata.season", {"$is": ["summer"]}, True, False),
        ("metadata.season", {"$is": ["winter"]}, False, True),
        ("metadata.place", {"$in_location": ["loc_1"]}, False, False),
    ],
)
def test_filters_try_products_and_skus_each_by_themselves(
    field: str, conditions: Any, product: bool, sku: bool
) -> None:
    collection = dynamic(field, conditions)
    assert (is_in(PRODUCT_LINE, collection), is_in(SKU_LINE, collection)) == (product, sku)


@pytest.mark.parametrize(
    ("item", "field", "expected"),
    [
        (UNKNOWN, "id", {"ebook"}),
        (UNKNOWN, "source_id", {"ebook"}),
        (UNKNOWN, "price", 900),
        (UNKNOWN, "object", "product"),
        (UNKNOWN, "attributes", None),
        (UNKNOWN, "skus", None),
        (UNKNOWN, "metadata.brand", None),
        (UNKNOWN_SKU, "id", {"ebook-pdf"}),
        (UNKNOWN_SKU, "object", "sku"),
        (UNKNOWN_SKU, "metadata.brand", None),
        (Item(product_id="prod_9", product_facts={"id": "prod_9"}), "source_id", None),
        (Item(product_facts={"id": "prod_9", "skus": [{"id": "sku_9"}]}), "skus", ["sku_9"]),
    ],
)
def test_articles_that_no_catalogue_knows(item: Item, field: str, expected: Any) -> None:
    assert read_item(item, field) == expected


def test_metadata_is_compared_as_its_schema_types_it() -> None:
    item = Item(product_facts={"id": "prod_1", "metadata": {"weight": 41, "place": "40.71, -74.0"}})
    assert is_in(item, dynamic("metadata.weight", {"$starts_with": ["4"]}))
    assert not is_in(item, dynamic("metadata.weight", {"$starts_with": ["4"]}, weight="number"))
    assert is_in(item, dynamic("metadata.place", {"$in_location": ["loc_1"]}, place="geopoint"))


@pytest.mark.parametrize(
    ("definition", "details"),
    [
        (None, "'AUTO_UPDATE' collection must contain valid filter with 'junction' property"),
        ({}, "'AUTO_UPDATE' collection must contain valid filter with 'junction' property"),
        (
            {"junction": "nor"},
            "Property .filter has wrong `junction` property. It must be one of: and, or",
        ),
        (
            {"junction": "and", "color": {"conditions": {"$is": ["red"]}}},
            "Property .filter.color is not supported",
        ),
        (
            {"junction": "and", "metadata": {"conditions": {"$is": ["red"]}}},
            "Property .filter.metadata is not supported",
        ),
    ],
)
def test_refuses(definition: Any, details: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        parse_collection_filter(definition)
    assert caught.value.details == details
    assert caught.value.key == "invalid_payload"
