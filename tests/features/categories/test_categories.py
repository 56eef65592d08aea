"""Categories over HTTP: creation, change, deletion next to stacking rules, order of the list."""

from __future__ import annotations

from typing import Any

import pytest

from kupon.testing.client import ApiClient
from kupon.testing.clocks import MoveTime
from kupon.testing.plugin import ConnectApi, NewProject, ProjectKeys

NOW = "2026-03-01T12:00:00.000Z"
LATER = "2026-03-01T13:00:00.000Z"


@pytest.fixture(autouse=True)
def _frozen(move_time: MoveTime) -> None:
    move_time.freeze("2026-03-01T12:00:00+00:00")


def make_category(api: ApiClient, name: str, hierarchy: int = 1) -> dict[str, Any]:
    body = {"name": name, "hierarchy": hierarchy}
    made: dict[str, Any] = api.post("/v1/categories", json=body).expect()
    return made


def names(api: ApiClient) -> list[str]:
    return [row["name"] for row in api.get("/v1/categories").expect()["data"]]


def test_a_category_is_stored(api: ApiClient) -> None:
    made = make_category(api, "Summer", 0)
    assert made["id"].startswith("cat_")
    assert made == {
        "id": made["id"],
        "name": "Summer",
        "hierarchy": 0,
        "created_at": NOW,
        "object": "category",
    }
    assert api.get(f"/v1/categories/{made['id']}").expect() == made


def test_categories_are_listed_in_order_of_application(api: ApiClient) -> None:
    last, first, second = (
        make_category(api, name, n) for name, n in (("a", 9), ("b", 1), ("c", 1))
    )
    assert api.get("/v1/categories").expect() == {
        "object": "list",
        "data_ref": "data",
        "data": [first, second, last],
        "total": 3,
    }


def test_a_project_without_categories_lists_none(api: ApiClient) -> None:
    empty = {"object": "list", "data_ref": "data", "data": [], "total": 0}
    assert api.get("/v1/categories").expect() == empty


@pytest.mark.parametrize("change", [{"name": "Winter"}, {"hierarchy": 7}, {}])
def test_an_update_keeps_what_it_does_not_name(
    api: ApiClient, move_time: MoveTime, change: dict[str, Any]
) -> None:
    made = make_category(api, "Summer", 3)
    move_time(hours=1)
    changed = api.put(f"/v1/categories/{made['id']}", json=change).expect()
    assert changed == made | change | {"updated_at": LATER}
    assert api.get(f"/v1/categories/{made['id']}").expect() == changed


def test_a_name_is_taken_once_in_a_project(
    api: ApiClient, new_project: NewProject, connect_api: ConnectApi
) -> None:
    make_category(api, "Summer")
    winter = make_category(api, "Winter")
    summer = {"name": "Summer", "hierarchy": 4}
    for refusal in (
        api.post("/v1/categories", json=summer).refused(409, "duplicate_found"),
        api.put(f"/v1/categories/{winter['id']}", json=summer).refused(409, "duplicate_found"),
    ):
        assert refusal["details"] == "Duplicated category exists with name Summer"
        assert (refusal["resource_id"], refusal["resource_type"]) == ("Summer", "category")
    assert names(api) == ["Summer", "Winter"]
    assert api.get(f"/v1/categories/{winter['id']}").expect() == winter
    assert make_category(connect_api(new_project()), "Summer")["name"] == "Summer"


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ([], "Payload must be object"),
        ({}, "Payload must have required property 'name'"),
        ({"name": "a"}, "Payload must have required property 'hierarchy'"),
        ({"name": None, "hierarchy": 1}, "Property .name must be string"),
        (
            {"name": "a" * 501, "hierarchy": 1},
            "Property .name must NOT have more than 500 characters",
        ),
        ({"name": "a", "hierarchy": "high"}, "Property .hierarchy must be integer"),
        ({"name": "a", "hierarchy": -1}, "Property .hierarchy must be >= 0"),
        ({"name": "a", "hierarchy": 2**31}, "Property .hierarchy must be <= 2147483647"),
    ],
)
def test_bad_categories_are_refused(api: ApiClient, body: Any, details: str) -> None:
    refusal = api.post("/v1/categories", json=body).refused(400, "invalid_payload")
    assert refusal["details"] == details
    assert names(api) == []


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_an_unknown_category_is_not_found(
    api: ApiClient, new_project: NewProject, connect_api: ConnectApi, method: str
) -> None:
    theirs = make_category(connect_api(new_project()), "Theirs")["id"]
    options = {"json": {"name": "Mine"}} if method == "put" else {}
    refusal = getattr(api, method)(f"/v1/categories/{theirs}", **options).refused(404, "not_found")
    assert refusal["details"] == f"Cannot find category with id {theirs}"
    assert (refusal["resource_id"], refusal["resource_type"]) == (theirs, "category")


def test_a_deleted_category_is_gone(api: ApiClient) -> None:
    made = make_category(api, "Summer")
    assert api.delete(f"/v1/categories/{made['id']}").status == 204
    api.get(f"/v1/categories/{made['id']}").refused(404, "not_found")
    assert make_category(api, "Summer")["id"] != made["id"]


def test_a_category_in_stacking_rules_is_kept(
    api: ApiClient, management_api: ApiClient, project: ProjectKeys
) -> None:
    used, other = make_category(api, "Used")["id"], make_category(api, "Other")["id"]
    path = f"/management/v1/projects/{project.id}/stacking-rules"
    body = {
        "exclusive_categories": [other, used],
        "no_effect_skip_categories": [used],
        "applicable_redeemables_category_limits": {used: 1, other: 2},
    }
    rules = management_api.post(path, json=body).expect()

    refusal = api.delete(f"/v1/categories/{used}").refused(400, "resource_in_use")
    del refusal["request_id"]
    assert refusal == {
        "code": 400,
        "key": "resource_in_use",
        "message": "Resource in use",
        "details": f"Resource category with id {used} is in use by stacking_rules"
        f" with ids [{rules['id']}]",
        "resource_id": used,
        "resource_type": "category",
        "related_object_ids": [rules["id"]],
        "related_object_type": "stacking_rules",
        "related_object_total": 1,
    }
    assert names(api) == ["Used", "Other"]

    assert api.delete(f"/v1/categories/{used}?remove_from_stacking_rules=true").status == 204
    assert names(api) == ["Other"]
    assert management_api.get(f"{path}/{rules['id']}").expect() == rules | {
        "exclusive_categories": [other],
        "no_effect_skip_categories": [],
        "applicable_redeemables_category_limits": {other: 2},
    }
