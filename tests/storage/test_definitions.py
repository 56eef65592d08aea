"""A project's definitions in the process: read once per revision, shared, bounded."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from kupon.engine.collections import NO_COLLECTIONS
from kupon.engine.locations import NO_LOCATIONS, parse_point
from kupon.engine.metadata import NO_SCHEMAS
from kupon.engine.model import Category, StackingRules
from kupon.engine.segments import NO_SEGMENTS
from kupon.kit.errors import KuponError
from kupon.runtime import clock
from kupon.storage.definitions import DefinitionCache, Definitions, load_definitions
from kupon.storage.programmes import Programmes
from kupon.storage.promotions import Promotions
from kupon.storage.uow import UnitOfWork
from kupon.testing.client import ApiClient
from kupon.testing.plugin import ConnectApi, NewProject, ProjectKeys

DEFAULT_ECHO = {
    "redeemables_limit": 30,
    "applicable_redeemables_limit": 5,
    "applicable_redeemables_per_category_limit": 5,
    "applicable_redeemables_category_limits": {},
    "applicable_exclusive_redeemables_limit": 1,
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
}


@pytest.fixture
def reads(engine: Engine) -> Iterator[UnitOfWork]:
    with UnitOfWork(engine, project_id="", now=clock.now(), is_read_only=True) as uow:
        yield uow


def revision(uow: UnitOfWork, project: ProjectKeys) -> int:
    statement = "SELECT revision FROM projects WHERE id = %s"
    found: int = uow.reader.execute(statement, (project.id,)).fetchone()[0]
    return found


@pytest.mark.uncertain
def test_a_fresh_project_has_the_defaults(new_project: NewProject, engine: Engine) -> None:
    project = new_project(timezone="Europe/Warsaw")
    with UnitOfWork(engine, project_id=project.id, now=clock.now(), is_read_only=True) as uow:
        found = load_definitions(uow, project.id)
    assert found == Definitions(
        revision=0,
        timezone=ZoneInfo("Europe/Warsaw"),
        week_start=calendar.MONDAY,
        stacking_rules=StackingRules(),
        stacking_rules_wire=DEFAULT_ECHO,
        categories={},
        segments=NO_SEGMENTS,
        collections=NO_COLLECTIONS,
        locations=NO_LOCATIONS,
        metadata_schemas=NO_SCHEMAS,
        programmes=Programmes(),
        promotions=Promotions(),
    )


def test_what_filters_and_metadata_need_is_read(
    api: ApiClient, management_api: ApiClient, project: ProjectKeys, uow: UnitOfWork
) -> None:
    conditions = {"conditions": {"$is": ["x"]}}
    filter = {"junction": "and", "name": conditions}
    segment = api.post("/v1/segments", json={"name": "A", "filter": filter}).expect()
    body = {"name": "A", "type": "AUTO_UPDATE", "filter": filter}
    collection = api.post("/v1/product-collections", json=body).expect()
    circle = {"center": "geo:1,2", "radius": "1 km"}
    shape = {"type": "circle", "format": "distance", "distance": circle}
    location = api.post("/v1/locations", json={"name": "A", "shape": shape}).expect()
    size = {"type": "number", "optional": True, "array": False}
    body = {"related_object": "customer", "properties": {"size": size}}
    path = f"/management/v1/projects/{project.id}/metadata-schemas"
    management_api.post(path, json=body).expect()

    found = load_definitions(uow, project.id)
    assert list(found.segments.by_id) == [segment["id"]]
    assert list(found.collections.by_id) == [collection["id"]]
    point = parse_point("geo:1,2")
    assert point is not None
    assert found.locations.contains(location["id"], point)
    assert found.metadata_schemas["customer"].properties["size"].type == "number"
    assert found.revision == 4


def test_stored_rules_and_categories_are_read(
    api: ApiClient, management_api: ApiClient, project: ProjectKeys, reads: UnitOfWork
) -> None:
    common, exclusive, joint = (
        api.post("/v1/categories", json={"name": name, "hierarchy": 3}).expect()
        for name in ("Common", "Exclusive", "Joint")
    )
    joint = api.put(f"/v1/categories/{joint['id']}", json={"hierarchy": 9}).expect()
    rules = {
        "applicable_redeemables_limit": 9,
        "applicable_redeemables_per_category_limit": 2,
        "applicable_exclusive_redeemables_per_category_limit": 1,
        "applicable_redeemables_category_limits": {common["id"]: 4},
        "exclusive_categories": [exclusive["id"]],
        "joint_categories": [joint["id"]],
        "redeemables_application_mode": "PARTIAL",
        "discount_calculation_mode": "INITIAL_AMOUNT",
    }
    management_api.post(f"/management/v1/projects/{project.id}/stacking-rules", json=rules).expect()

    found = load_definitions(reads, project.id)
    assert found.revision == 5
    assert found.stacking_rules == StackingRules(
        applicable_redeemables_limit=9,
        applicable_redeemables_per_category_limit=2,
        applicable_exclusive_redeemables_per_category_limit=1,
        applicable_redeemables_category_limits={common["id"]: 4},
        exclusive_categories=(exclusive["id"],),
        joint_categories=(joint["id"],),
        redeemables_application_mode="PARTIAL",
        discount_calculation_mode="INITIAL_AMOUNT",
    )
    del rules["discount_calculation_mode"]
    assert found.stacking_rules_wire == DEFAULT_ECHO | rules
    assert found.category(common["id"]) == common
    assert found.category(exclusive["id"]) == exclusive | {"stacking_rules_type": "EXCLUSIVE"}
    assert found.category(joint["id"]) == joint | {"stacking_rules_type": "JOINT"}
    assert found.engine_category(joint["id"]) == Category(id=joint["id"], hierarchy=9)
    for unknown in ("cat_x", None):
        assert found.category(unknown) is None
        assert found.engine_category(unknown) is None


def test_an_unknown_project_is_not_found(reads: UnitOfWork) -> None:
    with pytest.raises(KuponError) as refusal:
        load_definitions(reads, "proj_x")
    assert refusal.value.key == "not_found"


def test_definitions_are_read_again_only_after_a_change(
    api: ApiClient, project: ProjectKeys, reads: UnitOfWork
) -> None:
    cache = DefinitionCache()
    first = cache.get(reads, project.id, revision(reads, project))
    assert cache.get(reads, project.id, revision(reads, project)) is first
    api.post("/v1/categories", json={"name": "New", "hierarchy": 1}).expect()
    assert cache.get(reads, project.id, first.revision) is first
    second = cache.get(reads, project.id, revision(reads, project))
    assert (second.revision, len(second.categories)) == (1, 1)
    assert cache.get(reads, project.id, 1) is second


def test_projects_do_not_mix(
    api: ApiClient,
    project: ProjectKeys,
    new_project: NewProject,
    connect_api: ConnectApi,
    reads: UnitOfWork,
) -> None:
    other = new_project()
    connect_api(other).post("/v1/categories", json={"name": "Theirs", "hierarchy": 1}).expect()
    api.post("/v1/categories", json={"name": "Ours", "hierarchy": 1}).expect()
    cache = DefinitionCache()
    names = [
        [category.wire["name"] for category in cache.get(reads, p.id, 1).categories.values()]
        for p in (project, other)
    ]
    assert names == [["Ours"], ["Theirs"]]


def test_the_least_used_project_is_forgotten(new_project: NewProject, reads: UnitOfWork) -> None:
    cache = DefinitionCache(most=2)
    a, b, c = (new_project() for _ in range(3))
    first, second = cache.get(reads, a.id, 0), cache.get(reads, b.id, 0)
    assert cache.get(reads, a.id, 0) is first
    cache.get(reads, c.id, 0)
    assert cache.get(reads, a.id, 0) is first
    assert cache.get(reads, b.id, 0) is not second


@pytest.mark.race
def test_threads_share_the_cache(engine: Engine, new_project: NewProject) -> None:
    cache = DefinitionCache(most=2)
    projects = [new_project() for _ in range(4)]

    def ask(start: int) -> set[int]:
        with UnitOfWork(engine, project_id="", now=clock.now(), is_read_only=True) as uow:
            asked = [projects[(start + step) % len(projects)].id for step in range(100)]
            return {cache.get(uow, project_id, 0).revision for project_id in asked}

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, range(4))) == [{0}] * 4
