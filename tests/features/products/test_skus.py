"""SKUs over HTTP: creation and upsert within a product, change, the bin, listings."""

from __future__ import annotations

from typing import Any

import pytest

from kupon.testing.builders import make_product, make_sku
from kupon.testing.client import ApiClient
from kupon.testing.clocks import MoveTime

NOW = "2026-03-01T12:00:00.000Z"
LATER = "2026-03-01T13:00:00.000Z"


@pytest.fixture(autouse=True)
def _frozen(move_time: MoveTime) -> None:
    move_time.freeze("2026-03-01T12:00:00+00:00")


@pytest.fixture
def shirt(api: ApiClient) -> dict[str, Any]:
    return make_product(api, source_id="shirt")


def listed(api: ApiClient, **query: Any) -> list[str]:
    """The source ids of the shirt's SKUs."""
    rows = api.get("/v1/products/shirt/skus", query=query).expect()["skus"]
    return [row["source_id"] for row in rows]


def test_a_sku_is_stored_with_all_its_members(api: ApiClient, shirt: dict[str, Any]) -> None:
    body = {
        "source_id": "shirt-red",
        "sku": "Red shirt",
        "price": 2500,
        "currency": "USD",
        "attributes": {"color": "red"},
        "image_url": "https://example.com/red.png",
        "metadata": {"shelf": 4},
    }
    made = api.post("/v1/products/shirt/skus", json=body).expect()
    assert made.pop("id").startswith("sku_")
    common = {"product_id": shirt["id"], "created_at": NOW, "updated_at": None, "object": "sku"}
    assert made == body | common


def test_a_sku_needs_nothing_but_its_product(api: ApiClient, shirt: dict[str, Any]) -> None:
    made = api.post(f"/v1/products/{shirt['id']}/skus", json={}).expect()
    del made["id"]
    assert made == {
        "source_id": None,
        "product_id": shirt["id"],
        "sku": None,
        "price": None,
        "attributes": {},
        "image_url": None,
        "metadata": {},
        "created_at": NOW,
        "updated_at": None,
        "object": "sku",
    }


@pytest.mark.parametrize("key", ["id", "source_id"])
def test_a_sku_is_found_by_id_and_by_source_id(
    api: ApiClient, shirt: dict[str, Any], key: str
) -> None:
    made = make_sku(api, shirt["id"])
    assert api.get(f"/v1/skus/{made[key]}").expect() == made


def test_creation_with_a_known_key_changes_the_sku(
    api: ApiClient, shirt: dict[str, Any], move_time: MoveTime
) -> None:
    made = make_sku(api, shirt["id"], source_id="red", metadata={"a": 1})
    move_time(hours=1)
    again = api.post(
        "/v1/products/shirt/skus", json={"source_id": "red", "price": 1, "metadata": {"b": 2}}
    ).expect()
    assert again == made | {"price": 1, "metadata": {"a": 1, "b": 2}, "updated_at": LATER}
    by_id = api.post("/v1/products/shirt/skus", json={"id": made["id"], "sku": "New"}).expect()
    assert by_id == again | {"sku": "New"}
    assert listed(api) == ["red"]


@pytest.mark.parametrize("key", ["id", "source_id"])
def test_a_sku_of_another_product_is_refused(
    api: ApiClient, shirt: dict[str, Any], key: str
) -> None:
    made = make_sku(api, shirt["id"])
    other = make_product(api)
    refusal = api.post(f"/v1/products/{other['id']}/skus", json={key: made[key]}).refused(
        409, "duplicate_found"
    )
    assert refusal["details"] == f"Duplicated sku exists with {key} {made[key]}"
    assert api.get(f"/v1/skus/{made['id']}").expect() == made


def test_an_update_keeps_what_it_does_not_name(
    api: ApiClient, shirt: dict[str, Any], move_time: MoveTime
) -> None:
    made = make_sku(api, "shirt", currency="USD", attributes={"color": "red"}, metadata={"a": 1})
    move_time(hours=1)
    path = f"/v1/products/{shirt['id']}/skus/{made['source_id']}"
    changed = api.put(path, json={"sku": "X", "metadata": {"b": 2}, "source_id": "y"}).expect()
    assert changed == made | {"sku": "X", "metadata": {"a": 1, "b": 2}, "updated_at": LATER}
    cleared = dict.fromkeys(("sku", "price", "currency", "attributes", "image_url", "metadata"))
    empty = api.put(path, json=cleared).expect()
    assert "currency" not in empty
    assert (empty["attributes"], empty["metadata"], empty["price"]) == ({}, {}, None)


@pytest.mark.parametrize("method", ["put", "delete"])
def test_a_sku_is_changed_through_its_own_product_only(api: ApiClient, method: str) -> None:
    shirt, mug = make_product(api), make_product(api)
    made = make_sku(api, shirt["id"])
    options = {"json": {"sku": "X"}} if method == "put" else {}
    path = f"/v1/products/{mug['id']}/skus/{made['id']}"
    refusal = getattr(api, method)(path, **options).refused(404, "not_found")
    assert refusal["details"] == f"Cannot find sku with id {made['id']}"
    assert api.get(f"/v1/skus/{made['id']}").expect() == made


@pytest.mark.parametrize(
    ("method", "path", "missing"),
    [
        ("GET", "/v1/skus/nope", "sku"),
        ("GET", "/v1/products/nope/skus", "product"),
        ("POST", "/v1/products/nope/skus", "product"),
        ("PUT", "/v1/products/nope/skus/nope", "product"),
        ("PUT", "/v1/products/shirt/skus/nope", "sku"),
        ("DELETE", "/v1/products/nope/skus/nope", "product"),
        ("DELETE", "/v1/products/shirt/skus/nope", "sku"),
    ],
)
@pytest.mark.usefixtures("shirt")
def test_unknown_skus_and_products_are_not_found(
    api: ApiClient, method: str, path: str, missing: str
) -> None:
    refusal = api.send(method, path, json={}).refused(404, "not_found")
    assert refusal["details"] == f"Cannot find {missing} with id nope"


@pytest.mark.usefixtures("shirt")
def test_a_deleted_sku_is_gone_but_its_source_id_stays_taken(api: ApiClient) -> None:
    made = make_sku(api, "shirt", source_id="red")
    assert api.delete("/v1/products/shirt/skus/red").status == 204
    api.get("/v1/skus/red").refused(404, "not_found")
    api.put("/v1/products/shirt/skus/red", json={}).refused(404, "not_found")
    assert listed(api) == []
    for body in ({"source_id": "red"}, {"id": made["id"]}):
        api.post("/v1/products/shirt/skus", json=body).refused(409, "duplicate_found")


@pytest.mark.usefixtures("shirt")
def test_a_sku_deleted_by_force_frees_its_source_id(api: ApiClient) -> None:
    made = make_sku(api, "shirt", source_id="red")
    assert api.delete("/v1/products/shirt/skus/red?force=true").status == 204
    assert make_sku(api, "shirt", source_id="red")["id"] != made["id"]


@pytest.mark.uncertain
@pytest.mark.usefixtures("shirt")
def test_skus_of_a_product_are_listed_in_pages(api: ApiClient) -> None:
    for name in "abc":
        make_sku(api, "shirt", source_id=name)
    make_sku(api, make_product(api)["id"], source_id="stranger")
    body = api.get("/v1/products/shirt/skus", query={"limit": 2}).expect()
    assert {**body, "skus": [row["source_id"] for row in body["skus"]]} == {
        "object": "list",
        "data_ref": "skus",
        "skus": ["c", "b"],
        "total": 3,
    }
    assert listed(api, limit=2, page=2) == ["a"]
    assert listed(api, order="created_at") == ["a", "b", "c"]
    assert listed(api, start_date="2026-03-02") == []
    assert listed(api, end_date="2026-03-02", order="-category") == ["c", "b", "a"]


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ({"sku": 1}, "Property .sku must be string,null"),
        ({"price": True}, "Property .price must be integer,null"),
        ({"price": -5}, "Property .price must be >= 0"),
        ({"attributes": ["red"]}, "Property .attributes must be object,null"),
        ({"currency": 7}, "Property .currency must be string,null"),
        ({"metadata": "x"}, "Property .metadata must be object,null"),
    ],
)
@pytest.mark.usefixtures("shirt")
def test_bad_skus_are_refused(api: ApiClient, body: Any, details: str) -> None:
    refusal = api.post("/v1/products/shirt/skus", json=body).refused(400, "invalid_payload")
    assert refusal["details"] == details
    assert listed(api) == []
