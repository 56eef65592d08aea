"""Product collections over HTTP: creation, reading, change, removal and activity."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kupon.engine.collections import ALL_PRODUCTS
from kupon.features.product_collections.service import definitions
from kupon.storage.queries.projects import get_revision
from kupon.testing.builders import make_product
from kupon.testing.client import ApiClient
from kupon.testing.clocks import MoveTime
from kupon.testing.plugin import ConnectApi, NewProject

NOW = "2026-03-01T12:00:00.000Z"
LATER = "2026-03-01T13:00:00.000Z"
MUGS = {"junction": "and", "name": {"conditions": {"$contains": ["mug"]}}}

Body = dict[str, Any]


@pytest.fixture(autouse=True)
def _frozen(move_time: MoveTime) -> None:
    move_time.freeze("2026-03-01T12:00:00+00:00")


def make_collection(api: ApiClient, **members: Any) -> Body:
    body = {"name": "Mugs", "type": "AUTO_UPDATE", "filter": MUGS}
    made: Body = api.post("/v1/product-collections", json=body | members).expect()
    return made


def make_static(api: ApiClient, *listed: Body, name: str = "Listed") -> Body:
    body = {"name": name, "type": "STATIC", "products": listed}
    made: Body = api.post("/v1/product-collections", json=body).expect()
    return made


def names(api: ApiClient, **query: Any) -> list[str]:
    rows = api.get("/v1/product-collections", query=query).expect()["data"]
    return [row["name"] for row in rows]


def test_a_static_collection_is_stored(api: ApiClient) -> None:
    product = make_product(api)
    listed = [
        {"id": product["id"], "object": "product"},
        {"id": "sku_1", "object": "sku", "product_id": "prod_1"},
    ]
    made = make_static(api, *listed)
    assert made["id"].startswith("pc_")
    assert made == {
        "id": made["id"],
        "name": "Listed",
        "type": "STATIC",
        "products": listed,
        "created_at": NOW,
        "object": "products_collection",
    }
    assert api.get(f"/v1/product-collections/{made['id']}").expect() == made


def test_a_static_collection_may_be_empty(api: ApiClient) -> None:
    body = {"name": "None", "type": "STATIC", "filter": MUGS}
    made = api.post("/v1/product-collections", json=body).expect()
    assert (made["products"], "filter" in made) == ([], False)


def test_a_collection_that_updates_itself_is_stored(api: ApiClient) -> None:
    sent = {
        "junction": "OR",
        "id": {"conditions": {"$in": ["prod_1"]}},
        "price": {"conditions": {"$more_than": ["100"]}},
        "metadata.brand": {"conditions": {"$is": "Acme"}},
        "metadata.place": {"conditions": {"$in_location": ["loc_1"]}},
        "created_at": {"conditions": {"$less_than_ago": [3]}},
    }
    made = make_collection(api, filter=sent, products=[])
    assert made == {
        "id": made["id"],
        "name": "Mugs",
        "type": "AUTO_UPDATE",
        "filter": sent | {"junction": "or"},
        "created_at": NOW,
        "object": "products_collection",
    }
    assert api.get(f"/v1/product-collections/{made['id']}").expect() == made


NO_FILTER = "'AUTO_UPDATE' collection must contain valid filter with 'junction' property"


@pytest.mark.parametrize(
    ("change", "details"),
    [
        pytest.param({"name": 5}, "Property .name must be string", id="name"),
        pytest.param({"name": None}, "Property .name must be string", id="no name"),
        pytest.param(
            {"name": "x" * 501},
            "Property .name must NOT have more than 500 characters",
            id="long name",
        ),
        pytest.param(
            {"type": "OTHER"}, "Property .type must be one of: STATIC, AUTO_UPDATE", id="type"
        ),
        pytest.param({"filter": None}, NO_FILTER, id="no filter"),
        pytest.param({"filter": {}}, NO_FILTER, id="no junction"),
        pytest.param({"filter": []}, "Property .filter must be object", id="a list"),
        pytest.param(
            {"filter": {"junction": "nor"}},
            "Property .filter has wrong `junction` property. It must be one of: and, or",
            id="junction",
        ),
        pytest.param(
            {"filter": {"junction": "and", "weight": {"conditions": {"$is": 1}}}},
            "Property .filter.weight is not supported",
            id="field",
        ),
        pytest.param(
            {"type": "STATIC", "products": {}}, "Property .products must be array", id="no array"
        ),
        pytest.param(
            {"type": "STATIC", "products": [{"object": "product"}]},
            "Property .products[0] should have required property 'id'",
            id="no id",
        ),
        pytest.param(
            {"type": "STATIC", "products": [{"id": "x", "object": "shop"}]},
            "Property .products[0].object must be one of: product, sku",
            id="object",
        ),
        pytest.param(
            {"type": "STATIC", "products": [{"id": "x", "object": "sku"}] * 1001},
            "Property .products must NOT have more than 1000 items",
            id="too many",
        ),
    ],
)
def test_a_broken_body_is_refused_and_nothing_stored(
    api: ApiClient, change: Body, details: str
) -> None:
    body = {"name": "Mugs", "type": "AUTO_UPDATE", "filter": MUGS} | change
    refusal = api.post("/v1/product-collections", json=body).refused(400, "invalid_payload")
    assert refusal["details"] == details
    assert names(api) == []


def test_there_are_at_most_100_collections(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert definitions.MOST_COLLECTIONS == 100
    monkeypatch.setattr(definitions, "MOST_COLLECTIONS", 2)
    make_collection(api)
    make_static(api)
    body = {"name": "C", "type": "STATIC"}
    refusal = api.post("/v1/product-collections", json=body).refused(400, "invalid_payload")
    assert refusal["details"] == "Project must NOT have more than 2 collections"
    assert len(names(api)) == 2


def test_an_unknown_collection_is_not_found(
    api: ApiClient, new_project: NewProject, connect_api: ConnectApi
) -> None:
    other = connect_api(new_project())
    for id in ("pc_x", make_collection(other)["id"]):
        path = f"/v1/product-collections/{id}"
        for answer in (
            api.get(path),
            api.put(path, json={"name": "A"}),
            api.delete(path),
            api.get(f"{path}/products"),
            api.get(f"{path}/activities"),
        ):
            refusal = answer.refused(404, "not_found")
            assert (refusal["resource_id"], refusal["resource_type"]) == (
                id,
                "products_collection",
            )


def test_collections_are_listed_in_pages(api: ApiClient, move_time: MoveTime) -> None:
    for name in "ABC":
        make_static(api, name=name)
        move_time(hours=1)
    page = api.get("/v1/product-collections", query={"limit": 2}).expect()
    assert [row["name"] for row in page["data"]] == ["C", "B"]
    assert {**page, "data": []} == {"object": "list", "data_ref": "data", "data": [], "total": 3}
    assert names(api, limit=2, page=2) == ["A"]
    assert names(api, order="created_at") == ["A", "B", "C"]
    assert len(names(api, order="-category")) == 3
    api.get("/v1/product-collections", query={"order": "name"}).refused(400, "invalid_query_params")


class TestChange:
    def test_of_a_filter_replaces_it_whole(self, api: ApiClient, move_time: MoveTime) -> None:
        made = make_collection(api)
        move_time(hours=1)
        path = f"/v1/product-collections/{made['id']}"
        changed = api.put(path, json={"filter": {"junction": "AND"}}).expect()
        assert changed == made | {"filter": {"junction": "and"}, "updated_at": LATER}
        assert api.get(path).expect() == changed
        assert api.put(path, json={"name": "Cups"}).expect() == changed | {"name": "Cups"}

    def test_of_a_static_one_is_of_the_name_alone(self, api: ApiClient) -> None:
        made = make_static(api, {"id": "prod_1", "object": "product"})
        path = f"/v1/product-collections/{made['id']}"
        body = {"name": "B", "filter": MUGS, "products": []}
        assert api.put(path, json=body).expect() == made | {"name": "B", "updated_at": NOW}
        refusal = api.put(path, json={}).refused(400, "invalid_payload")
        assert refusal["details"] == "Payload must have required property 'name'"

    @pytest.mark.parametrize(
        ("change", "details"),
        [
            ({"name": 1}, "Property .name must be string"),
            (
                {"filter": {"junction": "ANDD"}},
                "Property .filter has wrong `junction` property. It must be one of: and, or",
            ),
            ({"filter": {"name": {"conditions": {"$is": "x"}}}}, NO_FILTER),
        ],
    )
    def test_that_is_broken_changes_nothing(
        self, api: ApiClient, change: Body, details: str
    ) -> None:
        made = make_collection(api)
        path = f"/v1/product-collections/{made['id']}"
        assert api.put(path, json=change).refused(400, "invalid_payload")["details"] == details
        assert api.get(path).expect() == made


def test_a_collection_is_deleted(api: ApiClient) -> None:
    made = make_collection(api)
    assert api.delete(f"/v1/product-collections/{made['id']}").status == 204
    api.get(f"/v1/product-collections/{made['id']}").refused(404, "not_found")


@pytest.mark.parametrize("column", ["rules", "bundle_rules", "applicable_to"])
def test_a_collection_that_a_rule_names_stays(api: ApiClient, uow: Any, column: str) -> None:
    made = make_collection(api)
    told = {"included": [{"object": "products_collection", "id": made["id"]}]}
    for number in (1, 2):
        documents = {"rules": "{}", "bundle_rules": "{}", "applicable_to": "{}"}
        uow.driver.execute(
            "INSERT INTO validation_rules (project_id, id, name, rules, bundle_rules,"
            " applicable_to, type, context_type, created_at) VALUES (%(project)s, %(id)s, 'Rule',"
            " %(rules)s, %(bundle_rules)s, %(applicable_to)s, 'expression', 'global', %(now)s)",
            documents
            | {column: json.dumps(told), "id": f"val_{number}"}
            | {"project": uow.project_id, "now": uow.now},
        )
    uow.commit()
    refusal = api.delete(f"/v1/product-collections/{made['id']}").refused(400, "resource_in_use")
    assert (
        refusal.items()
        >= {
            "details": f"Resource products_collection with id {made['id']} is in use by"
            " validation_ruless with ids [val_1, val_2]",
            "resource_id": made["id"],
            "resource_type": "products_collection",
            "related_object_ids": ["val_1", "val_2"],
            "related_object_type": "validation_rules",
            "related_object_total": 2,
        }.items()
    )
    assert api.get(f"/v1/product-collections/{made['id']}").expect() == made


def test_all_products_is_built_in(api: ApiClient) -> None:
    path = f"/v1/product-collections/{ALL_PRODUCTS}"
    built_in = api.get(path).expect()
    assert built_in == {
        "id": ALL_PRODUCTS,
        "name": "All Products",
        "type": "AUTO_UPDATE",
        "filter": {"junction": "and"},
        "created_at": built_in["created_at"],
        "object": "products_collection",
    }
    api.put(path, json={"name": "A"}).refused(400, "resource_protected")
    api.delete(path).refused(400, "resource_protected")
    assert api.get(path).expect() == built_in
    assert names(api) == []


def test_changes_are_told_in_the_activity(api: ApiClient) -> None:
    made = make_collection(api)
    path = f"/v1/product-collections/{made['id']}"
    changed = api.put(path, json={"name": "B", "filter": {"junction": "or"}}).expect()
    page = api.get(f"{path}/activities", query={"limit": 2}).expect()
    assert [entry["type"] for entry in page["data"]] == [
        "products_collection.filters_updated",
        "products_collection.updated",
    ]
    assert page["data"][0]["data"]["data"] == {"products_collection": changed}
    query = {"starting_after_id": page["more_starting_after"]}
    rest = api.get(f"{path}/activities", query=query).expect()
    assert [entry["data"]["data"] for entry in rest["data"]] == [{"products_collection": made}]
    assert api.get(f"/v1/product-collections/{ALL_PRODUCTS}/activities").expect()["data"] == []


def test_each_change_is_a_new_revision(api: ApiClient, uow: Any) -> None:
    revisions = [get_revision(uow)]
    made = make_collection(api)
    revisions.append(get_revision(uow))
    api.put(f"/v1/product-collections/{made['id']}", json={"name": "B"}).expect()
    revisions.append(get_revision(uow))
    api.delete(f"/v1/product-collections/{made['id']}")
    revisions.append(get_revision(uow))
    assert revisions == sorted(set(revisions))
