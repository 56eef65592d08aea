"""Schemas of custom events over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from kupon.testing.client import ApiClient
from kupon.testing.clocks import MoveTime
from kupon.testing.plugin import NewProject, ProjectKeys

NOW = "2026-03-01T12:00:00.000Z"
LATER = "2026-03-01T13:00:00.000Z"

TYPES = ("string", "number", "date", "datetime", "boolean")
ALL = {type: {"type": type, "optional": True} for type in TYPES}


@pytest.fixture(autouse=True)
def _frozen(move_time: MoveTime) -> None:
    move_time.freeze("2026-03-01T12:00:00+00:00")


@pytest.fixture
def path(project: ProjectKeys) -> str:
    return f"/management/v1/projects/{project.id}/custom-event-schemas"


def event(name: str = "viewed", **properties: Any) -> dict[str, Any]:
    return {"name": name, "schema": {"properties": properties}}


def test_an_event_is_stored(management_api: ApiClient, path: str) -> None:
    made = management_api.post(path, json=event(**ALL)).expect()
    assert made["id"].startswith("ms_")
    assert made == {
        "id": made["id"],
        **event(**ALL),
        "created_at": NOW,
        "object": "custom-event-schema",
    }
    assert management_api.get(f"{path}/{made['id']}").expect() == made
    assert management_api.get(path).expect() == {
        "object": "list",
        "data_ref": "data",
        "data": [made],
        "total": 1,
    }


def test_an_update_merges_and_may_change_types(
    management_api: ApiClient, path: str, move_time: MoveTime
) -> None:
    made = management_api.post(path, json=event(**ALL)).expect()
    move_time(hours=1)
    news = {
        "string": {"type": "number", "optional": False},
        "date": {"type": "date", "optional": True, "deleted": True},
        "more": {"type": "string", "optional": True},
    }
    changed = management_api.put(f"{path}/{made['id']}", json=event("other", **news)).expect()
    assert changed == made | {"schema": {"properties": ALL | news}, "updated_at": LATER}
    assert management_api.get(f"{path}/{made['id']}").expect() == changed


def test_names_are_unique_in_their_project(
    management_api: ApiClient, path: str, new_project: NewProject
) -> None:
    management_api.post(path, json=event()).expect()
    refusal = management_api.post(path, json=event()).refused(409, "duplicate_found")
    assert refusal["resource_type"] == "custom_event_schema"
    assert management_api.get(path).expect()["total"] == 1
    others = f"/management/v1/projects/{new_project().id}/custom-event-schemas"
    management_api.post(others, json=event()).expect()


def test_a_deleted_event_is_gone(management_api: ApiClient, path: str) -> None:
    made = management_api.post(path, json=event()).expect()
    assert management_api.delete(f"{path}/{made['id']}").status == 204
    management_api.get(f"{path}/{made['id']}").refused(404, "not_found")
    management_api.post(path, json=event()).expect()


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_an_unknown_event_is_not_found(
    management_api: ApiClient, path: str, new_project: NewProject, method: str
) -> None:
    others = f"/management/v1/projects/{new_project().id}/custom-event-schemas"
    theirs = management_api.post(others, json=event()).expect()["id"]
    options = {"json": event()} if method == "put" else {}
    refusal = getattr(management_api, method)(f"{path}/{theirs}", **options)
    assert refusal.refused(404, "not_found")["resource_type"] == "custom_event_schema"


@pytest.mark.parametrize("method", ["get", "post"])
def test_an_unknown_project_is_not_found(management_api: ApiClient, method: str) -> None:
    options = {"json": event()} if method == "post" else {}
    path = "/management/v1/projects/proj_none/custom-event-schemas"
    refusal = getattr(management_api, method)(path, **options).refused(404, "not_found")
    assert refusal["resource_type"] == "project"


MANY = {f"key{number}": {"type": "string", "optional": True} for number in range(101)}


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ([], "Payload must be object"),
        ({"name": "a"}, "Payload must have required property 'schema'"),
        ({"schema": {"properties": {}}}, "Payload must have required property 'name'"),
        (event(""), "Property .name must NOT have fewer than 1 characters"),
        (
            {"name": "a", "schema": {}},
            "Property .schema should have required property 'properties'",
        ),
        (event(a=1), "Property .schema.properties.a must be object"),
        (
            event(**{"": {"type": "string", "optional": True}}),
            "Property .schema.properties. must NOT have fewer than 1 characters",
        ),
        (
            event(a={"type": "geopoint", "optional": True}),
            "Property .schema.properties.a.type must be one of: string, number, date, datetime,"
            " boolean",
        ),
        (
            event(a={"type": "string"}),
            "Property .schema.properties.a should have required property 'optional'",
        ),
        (event(**MANY), "Property .schema.properties must NOT have more than 100 properties"),
    ],
)
def test_bad_events_are_refused(
    management_api: ApiClient, path: str, body: Any, details: str
) -> None:
    refusal = management_api.post(path, json=body).refused(400, "invalid_payload")
    assert refusal["details"] == details
    assert management_api.get(path).expect()["total"] == 0
