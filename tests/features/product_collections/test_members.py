"""The products and SKUs of a collection."""

from __future__ import annotations

from typing import Any

import pytest

from kupon.engine.collections import ALL_PRODUCTS
from kupon.storage.queries import collection_members
from kupon.testing.builders import make_product, make_sku
from kupon.testing.client import ApiClient
from kupon.testing.clocks import MoveTime
from kupon.testing.plugin import ConnectApi, NewProject

Body = dict[str, Any]


@pytest.fixture(autouse=True)
def _frozen(move_time: MoveTime) -> None:
    move_time.freeze("2026-03-01T12:00:00+00:00")


def collect(api: ApiClient, *listed: Body, **filter: Any) -> str:
    """The id of a static collection of what is listed, or of one of what the filter finds."""
    body: Body = {"name": "A", "type": "AUTO_UPDATE", "filter": {"junction": "and", **filter}}
    if listed or not filter:
        body = {"name": "A", "type": "STATIC", "products": listed}
    made: Body = api.post("/v1/product-collections", json=body).expect()
    id: str = made["id"]
    return id


def page(api: ApiClient, id: str, **query: Any) -> Body:
    body: Body = api.get(f"/v1/product-collections/{id}/products", query=query).expect()
    return body


def found(api: ApiClient, id: str, **query: Any) -> list[str]:
    return [row["source_id"] for row in page(api, id, **query)["data"]]


def condition(operator: str, *values: Any) -> Body:
    return {"conditions": {operator: list(values)}}


@pytest.fixture
def shop(api: ApiClient, move_time: MoveTime) -> dict[str, Body]:
    """A mug with two sizes, and a plate."""
    mug = make_product(
        api,
        source_id="mug",
        name="Mug",
        price=1000,
        attributes=["size"],
        image_url="https://example.com/mug.png",
        metadata={"brand": "Acme", "stock": 5, "at": "geo:52.2,21.0"},
    )
    move_time(hours=1)
    small = make_sku(
        api, mug["id"], source_id="small", sku="Small mug", price=None, attributes={"size": "S"}
    )
    move_time(hours=1)
    large = make_sku(
        api,
        mug["id"],
        source_id="large",
        sku="Large mug",
        price=1500,
        currency="EUR",
        metadata={"brand": "Best", "stock": 0},
    )
    move_time(hours=1)
    plate = make_product(api, source_id="plate", name="Plate", price=700, metadata={"brand": "X"})
    move_time(hours=1)
    return {"mug": mug, "small": small, "large": large, "plate": plate}


def without_skus(product: Body) -> Body:
    return {name: value for name, value in product.items() if name != "skus"}


def test_products_and_skus_are_listed_with_all_their_members(
    api: ApiClient, shop: dict[str, Body]
) -> None:
    id = collect(
        api,
        {"id": shop["mug"]["id"], "object": "product"},
        {"id": shop["large"]["id"], "object": "sku", "product_id": shop["mug"]["id"]},
    )
    mug = without_skus(shop["mug"])
    assert page(api, id) == {
        "object": "list",
        "data_ref": "data",
        "data": [shop["large"] | {"product": mug}, mug],
        "total": 2,
    }


@pytest.mark.uncertain
def test_a_static_collection_lists_what_it_names(api: ApiClient, shop: dict[str, Body]) -> None:
    id = collect(
        api,
        {"id": "mug", "object": "product"},
        {"id": "large", "object": "sku"},
        {"id": "small", "object": "product"},
        {"id": "prod_unknown", "object": "product"},
    )
    assert found(api, id) == ["large", "mug"]


def test_an_empty_collection_has_no_products(api: ApiClient, shop: dict[str, Body]) -> None:
    assert page(api, collect(api)) == {
        "object": "list",
        "data_ref": "data",
        "data": [],
        "total": 0,
    }


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        pytest.param({"name": condition("$contains", "mug")}, ["large", "small"], id="name"),
        pytest.param({"name": condition("$is", "Mug")}, ["mug"], id="a product without its SKUs"),
        pytest.param({"object": condition("$is", "sku")}, ["large", "small"], id="object"),
        pytest.param({"source_id": condition("$is", "plate")}, ["plate"], id="source id"),
        pytest.param(
            {"price": condition("$more_than", 999)}, ["large", "small", "mug"], id="price"
        ),
        pytest.param({"price": condition("$is", "1000")}, ["small", "mug"], id="inherited price"),
        pytest.param(
            {"metadata.brand": condition("$is", "Acme")}, ["small", "mug"], id="inherited metadata"
        ),
        pytest.param({"metadata.brand": condition("$is", "Best")}, ["large"], id="own metadata"),
        pytest.param({"metadata.stock": condition("$less_than", 1)}, ["large"], id="a number"),
        pytest.param({"attributes": condition("$in", "size")}, ["small", "mug"], id="attributes"),
        pytest.param(
            {"image_url": condition("$is_unknown", True)},
            ["plate", "large", "small"],
            id="absent",
        ),
        pytest.param(
            {"created_at": condition("$before", "2026-03-01T12:30:00Z")}, ["mug"], id="date"
        ),
        pytest.param(
            {
                "junction": "or",
                "price": condition("$less_than", 800),
                "metadata.brand": condition("$is", "Best"),
            },
            ["plate", "large"],
            id="or",
        ),
        pytest.param(
            {
                "price": condition("$more_than", 800),
                "metadata.brand": condition("$is", "Best"),
            },
            ["large"],
            id="and",
        ),
        pytest.param({"metadata.at": condition("$in_location", "loc_x")}, [], id="nowhere"),
    ],
)
def test_a_filter_is_tried_on_every_product_and_sku(
    api: ApiClient, shop: dict[str, Body], filter: Body, expected: list[str]
) -> None:
    assert found(api, collect(api, **filter)) == expected


def test_filters_know_ids(api: ApiClient, shop: dict[str, Body]) -> None:
    of_mug = collect(api, product_id=condition("$is", shop["mug"]["id"]))
    assert found(api, of_mug) == ["large", "small"]
    with_large = collect(api, skus=condition("$is", shop["large"]["id"]))
    assert found(api, with_large) == ["mug"]
    plate = collect(api, id=condition("$in", shop["plate"]["id"], "prod_x"))
    assert found(api, plate) == ["plate"]


def test_all_products_are_all(api: ApiClient, shop: dict[str, Body]) -> None:
    assert found(api, ALL_PRODUCTS) == ["plate", "large", "small", "mug"]
    assert found(api, collect(api, junction="and")) == ["plate", "large", "small", "mug"]


@pytest.mark.parametrize("query", ["", "?force=true"])
def test_what_is_deleted_is_in_no_collection(
    api: ApiClient, shop: dict[str, Body], query: str
) -> None:
    listed = collect(api, {"id": "mug", "object": "product"}, {"id": "small", "object": "sku"})
    dynamic = collect(api, source_id=condition("$in", "mug", "small", "plate"))
    api.delete(f"/v1/products/mug{query}")
    for id, rest in ((listed, []), (dynamic, ["plate"]), (ALL_PRODUCTS, ["plate"])):
        assert found(api, id) == rest


def test_pages_fit_together(
    api: ApiClient, shop: dict[str, Body], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collection_members, "SLICE", 2)
    for number in range(5):
        make_product(api, source_id=f"p{number}", name="Cup", price=5)
    id = collect(api, name=condition("$is", "Cup"))
    first = page(api, id, limit=2)
    assert (first["total"], [row["source_id"] for row in first["data"]]) == (5, ["p4", "p3"])
    assert found(api, id, limit=2, page=2) == ["p2", "p1"]
    assert found(api, id, limit=2, page=3) == ["p0"]
    assert found(api, id, limit=2, page=4) == []


def test_the_order_can_be_chosen(
    api: ApiClient, shop: dict[str, Body], move_time: MoveTime
) -> None:
    api.put("/v1/products/plate", json={"price": 5}).expect()
    move_time(hours=1)
    api.put("/v1/products/mug", json={"price": 6}).expect()
    assert found(api, ALL_PRODUCTS, order="created_at") == ["mug", "small", "large", "plate"]
    assert found(api, ALL_PRODUCTS, order="updated_at")[:2] == ["plate", "mug"]
    assert found(api, ALL_PRODUCTS, order="-updated_at")[:2] == ["mug", "plate"]
    assert len(found(api, ALL_PRODUCTS, order="-category")) == 4


def test_a_moment_is_a_cursor(api: ApiClient, shop: dict[str, Body]) -> None:
    at = shop["large"]["created_at"]
    older = page(api, ALL_PRODUCTS, starting_after=at)
    assert [row["source_id"] for row in older["data"]] == ["small", "mug"]
    assert older["total"] == 2
    assert found(api, ALL_PRODUCTS, starting_after=at, order="created_at") == ["plate"]
    assert found(api, ALL_PRODUCTS, starting_after="2026-03-02") == found(api, ALL_PRODUCTS)


@pytest.mark.parametrize(
    "query", [{"limit": 0}, {"order": "name"}, {"starting_after": "x"}, {"page": 0}]
)
def test_a_broken_query_is_refused(api: ApiClient, query: Body) -> None:
    path = f"/v1/product-collections/{ALL_PRODUCTS}/products"
    api.get(path, query=query).refused(400, "invalid_query_params")


def test_filters_know_places(api: ApiClient, shop: dict[str, Body]) -> None:
    circle = {"center": "geo:52.23,21.01", "radius": "20 km"}
    shape = {"type": "circle", "format": "distance", "distance": circle}
    place = api.post("/v1/locations", json={"name": "Warsaw", "shape": shape}).expect()
    id = collect(api, **{"metadata.at": condition("$in_location", place["id"])})
    assert found(api, id) == ["large", "small", "mug"]


def test_a_cursor_must_lie_in_the_calendar(
    new_project: NewProject, connect_api: ConnectApi
) -> None:
    east = connect_api(new_project(timezone="Asia/Tokyo"))
    query = {"starting_after": "0001-01-01"}
    path = f"/v1/product-collections/{ALL_PRODUCTS}/products"
    east.get(path, query=query).refused(400, "invalid_query_params")
