"""Products over HTTP: creation and upsert, change, the bin, listings."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from kupon.testing.builders import make_product, make_sku
from kupon.testing.client import ApiClient
from kupon.testing.clocks import MoveTime
from kupon.testing.plugin import ConnectApi, NewProject

NOW = "2026-03-01T12:00:00.000Z"
LATER = "2026-03-01T13:00:00.000Z"


@pytest.fixture(autouse=True)
def _frozen(move_time: MoveTime) -> None:
    move_time.freeze("2026-03-01T12:00:00+00:00")


def listed(api: ApiClient, **query: Any) -> list[str]:
    """The source ids that a listing shows."""
    rows = api.get("/v1/products", query=query).expect()["products"]
    return [row["source_id"] for row in rows]


def count_statements(app: Flask, work: Callable[[], object]) -> int:
    statements: list[str] = []

    def note(*arguments: Any) -> None:
        statements.append(arguments[2])

    engine = app.extensions["kupon"].engine
    event.listen(engine, "before_cursor_execute", note)
    work()
    event.remove(engine, "before_cursor_execute", note)
    return len(statements)


def no_skus() -> dict[str, Any]:
    return {"object": "list", "data_ref": "data", "data": [], "total": 0}


def test_a_product_is_stored_with_all_its_members(api: ApiClient) -> None:
    made = api.post(
        "/v1/products",
        json={
            "source_id": "mug",
            "name": "Mug",
            "price": 1250,
            "attributes": ["color", "size"],
            "image_url": "https://example.com/mug.png",
            "metadata": {"brand": "Acme", "tags": ["a", 1]},
            "surprise": True,
        },
    ).expect()
    assert made.pop("id").startswith("prod_")
    assert made == {
        "source_id": "mug",
        "name": "Mug",
        "price": 1250,
        "attributes": ["color", "size"],
        "image_url": "https://example.com/mug.png",
        "metadata": {"brand": "Acme", "tags": ["a", 1]},
        "skus": no_skus(),
        "created_at": NOW,
        "updated_at": None,
        "object": "product",
    }


def test_a_product_needs_nothing(api: ApiClient) -> None:
    made = api.post("/v1/products", json={}).expect()
    unset = {name: made[name] for name in ("source_id", "name", "price", "image_url")}
    assert unset == {"source_id": None, "name": None, "price": None, "image_url": None}
    assert (made["attributes"], made["metadata"]) == ([], {})


@pytest.mark.parametrize("key", ["id", "source_id"])
def test_a_product_is_found_by_id_and_by_source_id(api: ApiClient, key: str) -> None:
    made = make_product(api)
    assert api.get(f"/v1/products/{made[key]}").expect() == made


def test_an_id_comes_before_the_same_source_id(api: ApiClient) -> None:
    first = make_product(api, id="same", source_id=None)
    make_product(api, source_id="same2")
    other = make_product(api, id="other", source_id="same2x")
    assert api.get("/v1/products/same").expect() == first
    named_like_an_id = api.post("/v1/products", json={"source_id": other["id"]}).expect()
    assert named_like_an_id["id"] != other["id"]
    assert api.get(f"/v1/products/{other['id']}").expect() == other


def test_creation_with_a_known_source_id_changes_the_product(
    api: ApiClient, move_time: MoveTime
) -> None:
    made = make_product(api, source_id="mug", price=100, metadata={"a": 1, "b": 2})
    move_time(hours=1)
    again = api.post(
        "/v1/products", json={"source_id": "mug", "name": "Cup", "metadata": {"b": 3}}
    ).expect()
    assert again == made | {"name": "Cup", "metadata": {"a": 1, "b": 3}, "updated_at": LATER}
    assert listed(api) == ["mug"]


def test_creation_with_a_known_id_changes_that_product(api: ApiClient) -> None:
    made = make_product(api, id="p1", source_id=None)
    make_product(api, source_id="other")
    again = api.post("/v1/products", json={"id": "p1", "source_id": "fresh"}).expect()
    assert (again["id"], again["source_id"]) == (made["id"], "fresh")
    kept = api.post("/v1/products", json={"id": "p1", "source_id": "another"}).expect()
    assert kept["source_id"] == "fresh"


def test_a_source_id_of_another_product_is_refused(api: ApiClient) -> None:
    made = make_product(api, id="p1", source_id=None, name="First")
    make_product(api, source_id="taken")
    refusal = api.post(
        "/v1/products", json={"id": "p1", "source_id": "taken", "name": "Changed"}
    ).refused(409, "duplicate_found")
    assert refusal["details"] == "Duplicated product exists with source_id taken"
    assert (refusal["resource_id"], refusal["resource_type"]) == ("taken", "product")
    assert api.get("/v1/products/p1").expect() == made


def test_an_update_keeps_what_it_does_not_name(api: ApiClient, move_time: MoveTime) -> None:
    made = make_product(api, attributes=["color"], metadata={"a": {"b": 1}, "c": 2})
    move_time(hours=1)
    changed = api.put(
        f"/v1/products/{made['source_id']}", json={"price": 5, "metadata": {"c": None, "d": 4}}
    ).expect()
    expected = {"price": 5, "metadata": {"a": {"b": 1}, "c": None, "d": 4}, "updated_at": LATER}
    assert changed == made | expected
    assert api.get(f"/v1/products/{made['id']}").expect() == changed


def test_an_update_clears_by_null(api: ApiClient) -> None:
    made = make_product(
        api, attributes=["color"], image_url="https://example.com", metadata={"a": 1}
    )
    cleared = dict.fromkeys(("name", "price", "attributes", "image_url", "metadata"))
    changed = api.put(f"/v1/products/{made['id']}", json=cleared).expect()
    assert changed == made | cleared | {"attributes": [], "metadata": {}, "updated_at": NOW}


def test_an_update_leaves_the_source_id_alone(api: ApiClient) -> None:
    made = make_product(api)
    changed = api.put(f"/v1/products/{made['id']}", json={"source_id": "x", "id": "y"}).expect()
    assert (changed["id"], changed["source_id"]) == (made["id"], made["source_id"])


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_an_unknown_product_is_not_found(api: ApiClient, method: str) -> None:
    options = {"json": {}} if method == "put" else {}
    refusal = getattr(api, method)("/v1/products/prod_x", **options).refused(404, "not_found")
    assert refusal["details"] == "Cannot find product with id prod_x"
    assert (refusal["resource_id"], refusal["resource_type"]) == ("prod_x", "product")


def test_projects_do_not_see_each_others_products(
    api: ApiClient, new_project: NewProject, connect_api: ConnectApi
) -> None:
    made = make_product(api, source_id="mug")
    stranger = connect_api(new_project())
    stranger.get(f"/v1/products/{made['id']}").refused(404, "not_found")
    assert listed(stranger) == []
    theirs = make_product(stranger, id=made["id"], source_id="mug", name="Theirs")
    assert theirs["name"] == "Theirs"
    assert api.get("/v1/products/mug").expect() == made


def test_a_deleted_product_is_gone_but_its_source_id_stays_taken(api: ApiClient) -> None:
    made = make_product(api, source_id="mug")
    sku = make_sku(api, made["id"], source_id="red")
    assert api.delete("/v1/products/mug").status == 204
    api.get("/v1/products/mug").refused(404, "not_found")
    api.get(f"/v1/products/{made['id']}").refused(404, "not_found")
    api.get(f"/v1/skus/{sku['id']}").refused(404, "not_found")
    api.put("/v1/products/mug", json={"name": "x"}).refused(404, "not_found")
    api.delete("/v1/products/mug?force=true").refused(404, "not_found")
    assert listed(api) == []
    refusal = api.post("/v1/products", json={"source_id": "mug"}).refused(409, "duplicate_found")
    assert refusal["details"] == "Duplicated product exists with source_id mug"
    refusal = api.post("/v1/products", json={"id": made["id"]}).refused(409, "duplicate_found")
    assert refusal["details"] == f"Duplicated product exists with id {made['id']}"
    other = make_product(api)
    api.post(f"/v1/products/{other['id']}/skus", json={"source_id": "red"}).refused(
        409, "duplicate_found"
    )


def test_a_product_deleted_by_force_frees_its_source_id(api: ApiClient) -> None:
    made = make_product(api, source_id="mug")
    make_sku(api, made["id"], source_id="red")
    assert api.delete("/v1/products/mug", query={"force": True}).status == 204
    again = make_product(api, source_id="mug")
    assert again["id"] != made["id"]
    assert make_sku(api, "mug", source_id="red")["product_id"] == again["id"]


def test_products_carry_their_own_skus(api: ApiClient) -> None:
    first, second = make_product(api, source_id="a"), make_product(api, source_id="b")
    red, blue = (make_sku(api, first["id"], source_id=name) for name in ("red", "blue"))
    green = make_sku(api, second["id"], source_id="green")
    assert api.delete(f"/v1/products/a/skus/{blue['id']}").status == 204
    body = api.get("/v1/products", query={"order": "created_at"}).expect()
    assert [row["skus"] for row in body["products"]] == [
        no_skus() | {"data": [red], "total": 1},
        no_skus() | {"data": [green], "total": 1},
    ]
    assert api.get("/v1/products/a").expect()["skus"]["data"] == [red]
    assert api.put("/v1/products/a", json={}).expect()["skus"]["total"] == 1


def test_a_longer_page_takes_no_more_statements(api: ApiClient, app: Flask) -> None:
    for name in ("a", "b", "c"):
        make_sku(api, make_product(api, source_id=name)["id"])
    assert count_statements(app, lambda: listed(api, limit=1)) == count_statements(
        app, lambda: listed(api, limit=2)
    )


def test_products_are_listed_newest_first_in_pages(api: ApiClient) -> None:
    for name in "abcde":
        make_product(api, source_id=name)
    first = api.get("/v1/products", query={"limit": 2}).expect()
    assert {**first, "products": len(first["products"])} == {
        "object": "list",
        "data_ref": "products",
        "products": 2,
        "total": 5,
    }
    assert listed(api, limit=2) == ["e", "d"]
    assert listed(api, limit=2, page=3) == ["a"]
    assert listed(api, limit=2, page=4) == []
    assert listed(api, order="created_at") == list("abcde")
    assert listed(api, order="-code") == list("edcba")


def test_products_are_listed_by_date_of_creation(api: ApiClient, move_time: MoveTime) -> None:
    for name in "abc":
        make_product(api, source_id=name)
        move_time(days=1)
    assert listed(api, start_date="2026-03-02") == ["c", "b"]
    assert listed(api, end_date="2026-03-02") == ["a"]
    assert listed(api, start_date="2026-03-02T12:00:00Z", end_date="2026-03-02T12:00:00Z") == ["b"]


@pytest.mark.parametrize(
    ("query", "details"),
    [
        ("limit=101", "Property .limit must be <= 100"),
        ("limit=0", "Property .limit must be >= 1"),
        ("page=x", "Property .page must be integer"),
        (
            "start_date=soon",
            "Property .start_date cannot be recognized as a ISO-8601 compliant date",
        ),
    ],
)
def test_bad_listings_are_refused(api: ApiClient, query: str, details: str) -> None:
    refusal = api.get(f"/v1/products?{query}").refused(400, "invalid_query_params")
    assert refusal["details"] == details


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ([], "Payload must be object"),
        ({"name": 5}, "Property .name must be string,null"),
        ({"price": "much"}, "Property .price must be integer,null"),
        ({"price": -1}, "Property .price must be >= 0"),
        ({"price": 10.5}, "Property .price must be integer,null"),
        ({"attributes": "color"}, "Property .attributes must be array,null"),
        ({"attributes": [1]}, "Property .attributes[0] must be string"),
        ({"metadata": []}, "Property .metadata must be object,null"),
        ({"image_url": {}}, "Property .image_url must be string,null"),
        ({"source_id": 1}, "Property .source_id must be string,null"),
        ({"source_id": "x" * 501}, "Property .source_id must NOT have more than 500 characters"),
        ({"id": "a\0b"}, "Payload must not contain a null character"),
    ],
)
def test_bad_products_are_refused(api: ApiClient, body: Any, details: str) -> None:
    assert api.post("/v1/products", json=body).refused(400, "invalid_payload")["details"] == details
    assert listed(api) == []


def test_a_bad_force_is_refused(api: ApiClient) -> None:
    make_product(api, source_id="mug")
    api.delete("/v1/products/mug?force=perhaps").refused(400, "invalid_query_params")
    assert listed(api) == ["mug"]


@pytest.mark.race
def test_parallel_creations_with_one_source_id_make_one_product(api: ApiClient) -> None:
    def create(number: int) -> Any:
        body = {"source_id": "mug", "metadata": {str(number): number}}
        return api.post("/v1/products", json=body).expect()["id"]

    with ThreadPoolExecutor(4) as pool:
        made = set(pool.map(create, range(12)))
    stored = api.get("/v1/products/mug").expect()
    assert made == {stored["id"]}
    assert stored["metadata"] == {str(number): number for number in range(12)}
