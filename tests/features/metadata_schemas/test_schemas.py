"""Metadata schemas over HTTP, in the spelling of either surface."""

from __future__ import annotations

from typing import Any

import pytest

from kupon.testing.client import ApiClient
from kupon.testing.clocks import MoveTime
from kupon.testing.plugin import ConnectApi, NewProject, ProjectKeys

NOW = "2026-03-01T12:00:00.000Z"
LATER = "2026-03-01T13:00:00.000Z"

PATH = "/v1/metadata-schemas"


def prop(type: str = "string", **members: Any) -> dict[str, Any]:
    return {"type": type, "array": False, "optional": True} | members


@pytest.fixture(autouse=True)
def _frozen(move_time: MoveTime) -> None:
    move_time.freeze("2026-03-01T12:00:00+00:00")


@pytest.fixture
def managed(project: ProjectKeys) -> str:
    """The path of the project's schemas on the management surface."""
    return f"/management/v1/projects/{project.id}/metadata-schemas"


def test_a_schema_is_stored_and_shown_in_both_spellings(
    api: ApiClient, management_api: ApiClient, managed: str
) -> None:
    body = {
        "related_object": "customer",
        "properties": {
            "size": prop(eq=["S", "M"], min_length=1, max_length=2, exact_length=1),
            "age": prop("number", gt=0, gte=1.5, lt=150, lte=149.5, ne=[13], optional=False),
            "home": prop("object", object_type=None, array=True, deleted=False, unknown=1),
        },
    }
    made = management_api.post(managed, json=body).expect()
    assert made["id"].startswith("ms_")
    properties = body["properties"] | {"home": prop("object", array=True, deleted=False)}
    assert made == {
        "id": made["id"],
        "related_object": "customer",
        "properties": properties,
        "allow_defined_only": False,
        "created_at": NOW,
        "updated_at": None,
        "object": "metadata_schema",
    }
    assert management_api.get(f"{managed}/{made['id']}").expect() == made
    shown = made | {
        "properties": properties
        | {"size": prop(eq=["S", "M"], minLength=1, maxLength=2, exactLength=1)}
    }
    assert api.get(f"{PATH}/customer").expect() == shown
    assert api.get(f"{PATH}/{made['id']}").expect() == shown
    assert api.get(PATH).expect() == {
        "object": "list",
        "data_ref": "schemas",
        "schemas": [shown],
        "total": 1,
    }
    assert management_api.get(managed).expect() == {
        "object": "list",
        "data_ref": "data",
        "data": [made],
        "total": 1,
    }


def test_a_project_without_schemas_lists_none(api: ApiClient) -> None:
    empty = {"object": "list", "data_ref": "schemas", "schemas": [], "total": 0}
    assert api.get(PATH).expect() == empty


@pytest.mark.uncertain
def test_schemas_are_made_and_changed_without_management_keys(
    api: ApiClient, move_time: MoveTime
) -> None:
    nested = api.post(f"{PATH}/address", json={"properties": {"city": prop(maxLength=9)}}).expect()
    assert nested["related_object"] == "address"
    made = api.post(
        PATH,
        json={
            "related_object": "order",
            "properties": {"to": prop("object", objectType="address")},
            "allow_defined_only": True,
        },
    ).expect()
    assert made["properties"]["to"]["objectType"] == "address"
    move_time(hours=1)
    changed = api.put(f"{PATH}/order", json={"properties": {"by": prop()}}).expect()
    assert changed == made | {
        "properties": made["properties"] | {"by": prop()},
        "updated_at": LATER,
    }
    assert [row["id"] for row in api.get(PATH).expect()["schemas"]] == [nested["id"], made["id"]]
    assert api.delete(f"{PATH}/order").status == 204
    api.get(f"{PATH}/order").refused(404, "not_found")


def test_an_update_replaces_whole_definitions_and_leaves_the_others(
    management_api: ApiClient, managed: str, move_time: MoveTime
) -> None:
    properties = {"a": prop(max_length=5), "b": prop("number")}
    body = {"related_object": "voucher", "properties": properties, "allow_defined_only": True}
    made = management_api.post(managed, json=body).expect()
    move_time(hours=1)
    news = {"a": prop(optional=False), "c": prop("date")}
    changed = management_api.put(f"{managed}/{made['id']}", json={"properties": news}).expect()
    assert changed == made | {"properties": properties | news, "updated_at": LATER}
    loosened = management_api.put(
        f"{managed}/{made['id']}", json={"properties": {}, "allow_defined_only": False}
    ).expect()
    assert loosened == changed | {"allow_defined_only": False}
    assert management_api.get(f"{managed}/{made['id']}").expect() == loosened


def test_a_type_never_changes(management_api: ApiClient, managed: str) -> None:
    body = {"related_object": "voucher", "properties": {"a": prop(deleted=True)}}
    made = management_api.post(managed, json=body).expect()
    path = f"{managed}/{made['id']}"
    refusal = management_api.put(path, json={"properties": {"a": prop("number")}})
    assert refusal.refused(400, "invalid_payload")["details"] == (
        "Property .properties.a.type cannot be changed"
    )
    assert management_api.get(path).expect() == made


def test_a_kind_of_object_has_one_schema(
    api: ApiClient,
    management_api: ApiClient,
    managed: str,
    new_project: NewProject,
    connect_api: ConnectApi,
) -> None:
    body = {"related_object": "customer", "properties": {}}
    management_api.post(managed, json=body).expect()
    refusal = management_api.post(managed, json=body).refused(409, "duplicate_found")
    assert refusal["details"] == "Duplicated metadata_schema exists with related_object customer"
    assert (refusal["resource_id"], refusal["resource_type"]) == ("customer", "metadata_schema")
    assert api.get(PATH).expect()["total"] == 1
    other = connect_api(new_project())
    assert other.get(PATH).expect()["total"] == 0
    other.post(PATH, json=body).expect()


def test_a_deleted_schema_is_gone(management_api: ApiClient, managed: str) -> None:
    body = {"related_object": "customer", "properties": {}}
    made = management_api.post(managed, json=body).expect()
    assert management_api.delete(f"{managed}/{made['id']}").status == 204
    management_api.get(f"{managed}/{made['id']}").refused(404, "not_found")
    assert management_api.post(managed, json=body).expect()["id"] != made["id"]


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_an_unknown_schema_is_not_found(
    api: ApiClient,
    management_api: ApiClient,
    managed: str,
    new_project: NewProject,
    connect_api: ConnectApi,
    method: str,
) -> None:
    body = {"related_object": "customer", "properties": {}}
    theirs = connect_api(new_project()).post(PATH, json=body).expect()["id"]
    options = {"json": {"properties": {}}} if method == "put" else {}
    for client, path in ((api, PATH), (management_api, managed)):
        refusal = getattr(client, method)(f"{path}/{theirs}", **options).refused(404, "not_found")
        assert refusal["details"] == f"Cannot find metadata schema with id {theirs}"
        assert (refusal["resource_id"], refusal["resource_type"]) == (theirs, "metadata_schema")


@pytest.mark.parametrize("method", ["get", "post"])
def test_an_unknown_project_is_not_found(management_api: ApiClient, method: str) -> None:
    body = {"related_object": "customer", "properties": {}}
    options = {"json": body} if method == "post" else {}
    path = "/management/v1/projects/proj_none/metadata-schemas"
    refusal = getattr(management_api, method)(path, **options).refused(404, "not_found")
    assert refusal["resource_type"] == "project"


def test_a_name_in_the_path_has_its_limit_too(api: ApiClient) -> None:
    refusal = api.post(f"{PATH}/{'a' * 513}", json={"properties": {}})
    assert refusal.refused(400, "invalid_payload")["details"] == (
        "Property .related_object must NOT have more than 512 characters"
    )


MANY = {f"key{number}": prop() for number in range(100)}


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ([], "Payload must be object"),
        ({"properties": {}}, "Payload must have required property 'related_object'"),
        ({"related_object": "order"}, "Payload must have required property 'properties'"),
        ({"related_object": 1, "properties": {}}, "Property .related_object must be string"),
        (
            {"related_object": "", "properties": {}},
            "Property .related_object must NOT have fewer than 1 characters",
        ),
        ({"related_object": "order", "properties": []}, "Property .properties must be object"),
        (
            {"related_object": "order", "properties": {"a": 1}},
            "Property .properties.a must be object",
        ),
        (
            {"related_object": "order", "properties": {}, "allow_defined_only": 1},
            "Property .allow_defined_only must be boolean",
        ),
        (
            {"related_object": "order", "properties": {"a": {"type": "string", "array": False}}},
            "Property .properties.a should have required property 'optional'",
        ),
        (
            {"related_object": "order", "properties": {"a": prop("text")}},
            "Property .properties.a.type must be equal to one of the allowed values: string,"
            " number, object, date, datetime, geopoint, boolean, image_url",
        ),
        (
            {"related_object": "order", "properties": {"a": prop(minLength="x")}},
            "Property .properties.a.min_length must be number",
        ),
        (
            {"related_object": "order", "properties": MANY | {"more": prop()}},
            "Property .properties must NOT have more than 100 properties",
        ),
        (
            {"related_object": "order", "properties": {"a": prop("object", object_type="b")}},
            "Property .properties.a.object_type must name a schema of nested objects",
        ),
        (
            {"related_object": "order", "properties": {"a": prop("object", object_type="order")}},
            "Property .properties.a.object_type must name a schema of nested objects",
        ),
        (
            {"related_object": "address", "properties": {"a": prop("object")}},
            "Property .properties.a.type must not be object within a nested object",
        ),
    ],
)
def test_bad_schemas_are_refused(api: ApiClient, body: Any, details: str) -> None:
    refusal = api.post(PATH, json=body).refused(400, "invalid_payload")
    assert refusal["details"] == details
    assert api.get(PATH).expect()["total"] == 0


def test_a_schema_does_not_grow_beyond_its_limit(api: ApiClient) -> None:
    made = api.post(PATH, json={"related_object": "order", "properties": MANY}).expect()
    gone = {"key0": prop(deleted=True)}
    api.put(f"{PATH}/order", json={"properties": gone}).expect()
    refusal = api.put(f"{PATH}/order", json={"properties": {"more": prop()}})
    assert refusal.refused(400, "invalid_payload")["details"] == (
        "Property .properties must NOT have more than 100 properties"
    )
    assert api.get(f"{PATH}/order").expect()["properties"] == made["properties"] | gone


def test_a_project_has_a_hundred_schemas_at_most(api: ApiClient) -> None:
    for number in range(100):
        api.post(PATH, json={"related_object": f"part{number}", "properties": {}}).expect()
    refusal = api.post(PATH, json={"related_object": "order", "properties": {}})
    assert refusal.refused(400, "invalid_payload")["details"] == (
        "Project must NOT have more than 100 metadata schemas"
    )
    assert api.get(PATH).expect()["total"] == 100
