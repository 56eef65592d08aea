"""Areas and stores over HTTP, on both surfaces: creation, change, paging, limits, deletion."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from kupon.cli.main import main
from kupon.features.areas import service
from kupon.testing.builders import assigned_to, make_campaign
from kupon.testing.plugin import ProjectKeys

NOW = "2026-03-01T12:00:00.000Z"
LATER = "2026-03-01T13:00:00.000Z"


@pytest.fixture(params=["server", "management"])
def surface(request, connect_api, project):
    """A client of each surface that has areas, and where they are."""
    paths = {"server": "/v1/areas", "management": f"/management/v1/projects/{project.id}/areas"}
    return connect_api(project, request.param), paths[request.param]


def test_an_area_is_made_read_changed_and_deleted(surface, move_time):
    api, path = surface
    move_time.freeze(NOW)
    made = api.post(path, json={"name": "France"}).expect()
    assert made["id"].startswith("ar_")
    assert made == {
        "id": made["id"],
        "name": "France",
        "created_at": NOW,
        "updated_at": None,
        "object": "area",
    }
    one = f"{path}/{made['id']}"
    assert api.get(one).expect() == made
    move_time(hours=1)
    changed = api.put(one, json={"name": "Gaul"}).expect()
    assert changed == made | {"name": "Gaul", "updated_at": LATER}
    assert api.put(one, json={}).expect() == changed
    assert api.delete(one).expect(204) is None
    api.get(one).refused(404, "not_found")


def test_a_store_is_made_read_changed_and_deleted(surface, make_area, move_time):
    api, path = surface
    area, elsewhere = make_area("France")[0], make_area("Poland")[0]
    move_time.freeze(NOW)
    stores = f"{path}/{area}/stores"
    made = api.post(stores, json={"name": "Lyon"}).expect()
    assert made["id"].startswith("ars_")
    assert made == {
        "id": made["id"],
        "area_id": area,
        "name": "Lyon",
        "created_at": NOW,
        "updated_at": None,
        "object": "area_store",
    }
    one = f"{stores}/{made['id']}"
    assert api.get(one).expect() == made
    assert api.put(one, json={"name": "Nice"}).expect()["name"] == "Nice"
    api.get(f"{path}/{elsewhere}/stores/{made['id']}").refused(404, "not_found")
    assert api.get(stores).expect()["total"] == 1
    assert api.get(f"{path}/{elsewhere}/stores").expect()["data"] == []
    assert api.delete(one).expect(204) is None
    api.get(one).refused(404, "not_found")


def test_listings_go_by_pages(surface):
    api, path = surface
    for name in ("B", "A", "C"):
        api.post(path, json={"name": name}).expect()
    page = api.get(path, query={"limit": 2, "order": "name"}).expect()
    assert (page["object"], page["data_ref"], page["total"]) == ("list", "data", 3)
    assert [each["name"] for each in page["data"]] == ["A", "B"]
    newest = api.get(path).expect()["data"]
    assert [each["name"] for each in newest] == ["C", "A", "B"]
    api.get(path, query={"order": "colour"}).refused(400, "invalid_query_params")


@pytest.mark.parametrize(
    "body", [{}, {"name": ""}, {"name": None}, {"name": 7}, {"name": "x" * 513}]
)
def test_a_broken_body_is_refused(surface, make_area, body):
    api, path = surface
    area = make_area("France")[0]
    for place in (path, f"{path}/{area}/stores"):
        api.post(place, json=body).refused(400, "invalid_payload")
    assert api.get(path).expect()["total"] == 1


def test_what_does_not_exist_is_not_found(surface, make_area):
    api, path = surface
    area = make_area("France")[0]
    for place in (f"{path}/ar_x", f"{path}/ar_x/stores/ars_x", f"{path}/{area}/stores/ars_x"):
        api.get(place).refused(404, "not_found")
        api.put(place, json={"name": "X"}).refused(404, "not_found")
        api.delete(place).refused(404, "not_found")
    api.get(f"{path}/ar_x/stores").refused(404, "not_found")
    api.post(f"{path}/ar_x/stores", json={"name": "X"}).refused(404, "not_found")


def test_other_projects_have_areas_of_their_own(
    connect_api, new_project, management_api, make_area
):
    area = make_area("France")[0]
    stranger = connect_api(new_project())
    assert stranger.get("/v1/areas").expect()["data"] == []
    stranger.get(f"/v1/areas/{area}").refused(404, "not_found")
    nowhere = "/management/v1/projects/proj_x/areas"
    management_api.get(nowhere).refused(404, "not_found")
    management_api.post(nowhere, json={"name": "X"}).refused(404, "not_found")


def test_there_is_room_for_so_many(surface, monkeypatch):
    api, path = surface
    monkeypatch.setattr(service, "MOST_AREAS", 1)
    monkeypatch.setattr(service, "MOST_STORES", 1)
    area = api.post(path, json={"name": "One"}).expect()["id"]
    refusal = api.post(path, json={"name": "Two"}).refused(400, "invalid_payload")
    assert refusal["details"] == "Project must NOT have more than 1 areas"
    api.post(f"{path}/{area}/stores", json={"name": "One"}).expect()
    refusal = api.post(f"{path}/{area}/stores", json={"name": "Two"})
    assert refusal.refused(400, "invalid_payload")["details"] == (
        "Area must NOT have more than 1 stores"
    )


def refused_use(api, path, kind, total=1):
    refusal = api.delete(path).refused(400, "resource_in_use")
    assert (refusal["related_object_type"], refusal["related_object_total"]) == (kind, total)
    return refusal


def test_an_area_with_stores_stays(surface, make_area):
    api, path = surface
    area, lyon = make_area("France", "Lyon")
    refusal = refused_use(api, f"{path}/{area}", "area_store")
    assert refusal["details"] == (
        f"Resource area with id {area} is in use by area_store with ids [{lyon}]"
    )
    assert refusal["related_object_ids"] == [lyon]
    assert api.get(f"{path}/{area}").expect()["name"] == "France"


@pytest.mark.parametrize("kind", ["areas", "all_stores", "stores"])
def test_a_place_with_campaigns_stays_until_they_are_gone(api, surface, make_area, jobs, kind):
    other, path = surface
    area, lyon = make_area("France", "Lyon")
    place = f"{path}/{area}/stores/{lyon}" if kind == "stores" else f"{path}/{area}"
    if kind != "stores":
        api.delete(f"/v1/areas/{area}/stores/{lyon}").expect(204)
    named = [lyon if kind == "stores" else area]
    one, two = (make_campaign(api, **assigned_to(**{kind: named}))["id"] for _ in range(2))
    refusal = refused_use(other, place, "campaign", 2)
    assert sorted(refusal["related_object_ids"]) == sorted([one, two])
    api.delete(f"/v1/campaigns/{one}").expect(202)
    api.delete(f"/v1/campaigns/{two}", query={"force": True}).expect(202)
    jobs.run()
    assert other.delete(place).expect(204) is None


@pytest.mark.parametrize("named", ["areas_ids", "area_all_stores_ids", "area_stores_ids"])
def test_a_place_with_keys_stays(surface, make_area, restricted_api, named, api):
    other, path = surface
    area, lyon = make_area("France", "Lyon")
    restricted_api(**{named: [lyon if named == "area_stores_ids" else area]})
    if named == "area_stores_ids":
        refused_use(other, f"{path}/{area}/stores/{lyon}", "api_key")
        return
    api.delete(f"/v1/areas/{area}/stores/{lyon}").expect(204)
    refused_use(other, f"{path}/{area}", "api_key")


def test_restricted_keys_have_no_business_with_areas(make_area, restricted_api):
    area, lyon = make_area("France", "Lyon")
    till = restricted_api(areas_ids=[area])
    for place in ("/v1/areas", f"/v1/areas/{area}/stores"):
        till.get(place).refused(403, "missing_required_permission")
        till.post(place, json={"name": "X"}).refused(403, "missing_required_permission")
    for place in (f"/v1/areas/{area}", f"/v1/areas/{area}/stores/{lyon}"):
        till.get(place).refused(403, "missing_required_permission")
        till.put(place, json={"name": "X"}).refused(403, "missing_required_permission")
        till.delete(place).refused(403, "missing_required_permission")


@pytest.fixture
def run_cli(settings, monkeypatch):
    """Runs `kupon` on the tests' database."""
    monkeypatch.setenv("KUPON_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("KUPON_REDIS_URL", settings.redis_url)
    return lambda *words: CliRunner().invoke(main, ["projects", "add-restricted-key", *words])


def test_a_restricted_key_is_made_on_the_command_line(run_cli, project, make_area, connect_api):
    area, lyon = make_area("France", "Lyon")
    places = ["--area", area, "--all-stores", area, "--store", lyon]
    made = run_cli(project.id, "Till", *places)
    assert made.exit_code == 0, made.output
    till = connect_api(ProjectKeys(project.id, json.loads(made.output)))
    assert till.get("/v1/campaigns").expect()["total"] == 0
    till.get("/v1/areas").refused(403, "missing_required_permission")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--area", "ar_x"], "Cannot find area with id ar_x"),
        (["--store", "ars_x"], "Cannot find area store with id ars_x"),
        ([], "A restricted key must have 1 to 100 assignments"),
    ],
)
def test_a_key_for_nowhere_is_refused(run_cli, project, words, text):
    refused = run_cli(project.id, "Till", *words)
    assert (refused.exit_code, refused.output) == (1, f"Error: {text}\n")


def test_a_key_of_no_project_is_refused(run_cli):
    assert "Cannot find project with id proj_x" in run_cli("proj_x", "Till").output
