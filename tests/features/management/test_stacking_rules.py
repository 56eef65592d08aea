"""Stacking rules over HTTP: defaults, one set per project, ranges, restoration."""

from __future__ import annotations

from typing import Any

import pytest

from kupon.storage.queries.projects import find_project
from kupon.storage.uow import UnitOfWork
from kupon.testing.client import ApiClient
from kupon.testing.clocks import MoveTime
from kupon.testing.plugin import NewProject, ProjectKeys

NOW = "2026-03-01T12:00:00.000Z"
LATER = "2026-03-01T13:00:00.000Z"

DEFAULTS: dict[str, Any] = {
    "redeemables_limit": 30,
    "applicable_redeemables_limit": 5,
    "applicable_redeemables_per_category_limit": None,
    "applicable_redeemables_category_limits": {},
    "applicable_exclusive_redeemables_limit": 1,
    "applicable_exclusive_redeemables_per_category_limit": None,
    "exclusive_categories": [],
    "joint_categories": [],
    "redeemables_application_mode": "ALL",
    "redeemables_sorting_rule": "REQUESTED_ORDER",
    "grouped_redeemables_sorting_rule": "JOINT_ALWAYS_LAST",
    "redeemables_products_application_mode": "STACK",
    "redeemables_no_effect_rule": "REDEEM_ANYWAY",
    "no_effect_skip_categories": [],
    "no_effect_redeem_anyway_categories": [],
    "redeemables_rollback_order_mode": "WITH_ORDER",
    "discount_calculation_mode": "DISCOUNTED_AMOUNT",
    "initial_amount_mode_categories": [],
    "discounted_amount_mode_categories": [],
}
EVERYTHING: dict[str, Any] = {
    "redeemables_limit": 20,
    "applicable_redeemables_limit": 20,
    "applicable_redeemables_per_category_limit": 3,
    "applicable_redeemables_category_limits": {"cat_a": 1, "cat_b": 30},
    "applicable_exclusive_redeemables_limit": 5,
    "applicable_exclusive_redeemables_per_category_limit": 2,
    "exclusive_categories": ["cat_a"],
    "joint_categories": ["cat_b"],
    "redeemables_application_mode": "PARTIAL",
    "redeemables_sorting_rule": "CATEGORY_HIERARCHY",
    "grouped_redeemables_sorting_rule": "TOGETHER",
    "redeemables_products_application_mode": "ONCE",
    "redeemables_no_effect_rule": "SKIP",
    "no_effect_skip_categories": ["cat_a"],
    "no_effect_redeem_anyway_categories": ["cat_b"],
    "redeemables_rollback_order_mode": "WITHOUT_ORDER",
    "discount_calculation_mode": "INITIAL_AMOUNT",
    "initial_amount_mode_categories": ["cat_a"],
    "discounted_amount_mode_categories": ["cat_b"],
}


@pytest.fixture(autouse=True)
def _frozen(move_time: MoveTime) -> None:
    move_time.freeze("2026-03-01T12:00:00+00:00")


@pytest.fixture
def path(project: ProjectKeys) -> str:
    return f"/management/v1/projects/{project.id}/stacking-rules"


def revision(uow: UnitOfWork) -> int:
    project = find_project(uow, uow.project_id)
    assert project is not None
    uow.session.refresh(project)
    return project.revision


def test_the_defaults_are_listed_without_an_id(management_api: ApiClient, path: str) -> None:
    listed = {"object": "list", "data_ref": "data", "data": [DEFAULTS], "total": 1}
    assert management_api.get(path).expect() == listed


@pytest.mark.uncertain
@pytest.mark.parametrize("body", [{}, {"redeemables_limit": 7}, EVERYTHING])
def test_rules_are_stored(management_api: ApiClient, path: str, body: dict[str, Any]) -> None:
    made = management_api.post(path, json=body).expect()
    assert made["id"].startswith("stk_")
    assert made == DEFAULTS | body | {"id": made["id"], "created_at": NOW}
    assert management_api.get(f"{path}/{made['id']}").expect() == made
    assert management_api.get(path).expect()["data"] == [made]


def test_the_default_of_applicable_ones_gives_way(management_api: ApiClient, path: str) -> None:
    made = management_api.post(path, json={"redeemables_limit": 2}).expect()
    assert made["applicable_redeemables_limit"] == 2


def test_a_project_has_one_set(management_api: ApiClient, path: str) -> None:
    made = management_api.post(path, json={}).expect()
    refusal = management_api.post(path, json=EVERYTHING).refused(409, "stacking_rules_exist")
    assert (refusal["message"], refusal["resource_id"]) == ("Stacking rules exist", made["id"])
    assert management_api.get(path).expect()["data"] == [made]


def test_an_update_keeps_what_it_does_not_name(
    management_api: ApiClient, path: str, move_time: MoveTime
) -> None:
    made = management_api.post(path, json=EVERYTHING).expect()
    move_time(hours=1)
    change = {
        "redeemables_limit": 25,
        "applicable_redeemables_per_category_limit": None,
        "applicable_redeemables_category_limits": {"cat_c": 4},
        "joint_categories": [],
    }
    changed = management_api.put(f"{path}/{made['id']}", json=change).expect()
    assert changed == made | change | {"updated_at": LATER}
    assert management_api.get(f"{path}/{made['id']}").expect() == changed


def test_deletion_restores_the_defaults(management_api: ApiClient, path: str) -> None:
    made = management_api.post(path, json=EVERYTHING).expect()
    assert management_api.delete(f"{path}/{made['id']}").status == 204
    assert management_api.get(path).expect()["data"] == [DEFAULTS]
    management_api.get(f"{path}/{made['id']}").refused(404, "not_found")
    assert management_api.post(path, json={}).expect()["id"] != made["id"]


def test_every_change_bumps_the_revision(
    management_api: ApiClient, path: str, uow: UnitOfWork
) -> None:
    seen = [revision(uow)]
    uow.commit()
    made = management_api.post(path, json={}).expect()
    seen.append(revision(uow))
    uow.commit()
    management_api.put(f"{path}/{made['id']}", json={})
    seen.append(revision(uow))
    uow.commit()
    management_api.post(path, json={}).refused(409, "stacking_rules_exist")
    management_api.delete(f"{path}/{made['id']}")
    seen.append(revision(uow))
    assert seen == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ([], "Payload must be object"),
        ({"redeemables_limit": 31}, "Property .redeemables_limit must be <= 30"),
        ({"redeemables_limit": 0}, "Property .redeemables_limit must be >= 1"),
        ({"redeemables_limit": "some"}, "Property .redeemables_limit must be integer"),
        (
            {"applicable_redeemables_limit": 31},
            "Property .applicable_redeemables_limit must be <= 30",
        ),
        (
            {"redeemables_limit": 4, "applicable_redeemables_limit": 5},
            "Property .applicable_redeemables_limit must be <= 4",
        ),
        (
            {"applicable_redeemables_per_category_limit": 0},
            "Property .applicable_redeemables_per_category_limit must be >= 1",
        ),
        (
            {"applicable_redeemables_category_limits": {"cat_a": 31}},
            "Property .applicable_redeemables_category_limits.cat_a must be <= 30",
        ),
        (
            {"applicable_redeemables_category_limits": {"cat_a": None}},
            "Property .applicable_redeemables_category_limits.cat_a must be integer",
        ),
        (
            {"applicable_redeemables_category_limits": []},
            "Property .applicable_redeemables_category_limits must be object",
        ),
        (
            {"applicable_exclusive_redeemables_limit": 6},
            "Property .applicable_exclusive_redeemables_limit must be <= 5",
        ),
        (
            {"applicable_exclusive_redeemables_per_category_limit": 6},
            "Property .applicable_exclusive_redeemables_per_category_limit must be <= 5",
        ),
        ({"exclusive_categories": "cat_a"}, "Property .exclusive_categories must be array"),
        ({"exclusive_categories": [1]}, "Property .exclusive_categories[0] must be string"),
        (
            {"redeemables_application_mode": "SOME"},
            "Property .redeemables_application_mode must be one of: ALL, PARTIAL",
        ),
        (
            {"redeemables_sorting_rule": ""},
            "Property .redeemables_sorting_rule must be one of:"
            " REQUESTED_ORDER, CATEGORY_HIERARCHY",
        ),
        (
            {"no_effect_skip_categories": ["a"], "no_effect_redeem_anyway_categories": ["b", "a"]},
            "Property .no_effect_redeem_anyway_categories must not have categories of"
            " .no_effect_skip_categories",
        ),
    ],
)
def test_bad_rules_are_refused(
    management_api: ApiClient, path: str, body: Any, details: str
) -> None:
    refusal = management_api.post(path, json=body).refused(400, "invalid_payload")
    assert refusal["details"] == details
    assert management_api.get(path).expect()["data"] == [DEFAULTS]


@pytest.mark.parametrize(
    ("change", "details"),
    [
        ({"redeemables_limit": 10}, "Property .applicable_redeemables_limit must be <= 10"),
        (
            {"joint_categories": ["cat_a"]},
            "Property .joint_categories must not have categories of .exclusive_categories",
        ),
    ],
)
def test_an_update_that_contradicts_stored_rules_is_refused(
    management_api: ApiClient, path: str, change: dict[str, Any], details: str
) -> None:
    made = management_api.post(path, json=EVERYTHING).expect()
    refusal = management_api.put(f"{path}/{made['id']}", json=change).refused(
        400, "invalid_payload"
    )
    assert refusal["details"] == details
    assert management_api.get(path).expect()["data"] == [made]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_unknown_rules_are_not_found(
    management_api: ApiClient, path: str, method: str, new_project: NewProject
) -> None:
    management_api.post(path, json={}).expect()
    theirs = path.replace(path.split("/")[4], new_project().id)
    foreign = management_api.post(theirs, json={}).expect()["id"]
    refusal = management_api.send(method, f"{path}/{foreign}", json={}).refused(404, "not_found")
    assert refusal["details"] == f"Cannot find stacking rules with id {foreign}"


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("POST", ""), ("GET", "/stk_1"), ("PUT", "/stk_1"), ("DELETE", "/stk_1")],
)
def test_an_unknown_project_is_not_found(management_api: ApiClient, method: str, path: str) -> None:
    path = f"/management/v1/projects/proj_x/stacking-rules{path}"
    refusal = management_api.send(method, path, json={}).refused(404, "not_found")
    assert refusal["message"] == "Resource not found"
    assert refusal["details"] == "Cannot find project with id proj_x"


def test_only_management_keys_open_the_surface(api: ApiClient, path: str) -> None:
    unauthorized = {"code": 401, "message": "Unauthorized", "key": "unauthorized"}
    assert api.get(path).expect(401) == unauthorized
    assert api.post(path, json={}).expect(401) == unauthorized
