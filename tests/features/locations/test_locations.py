"""Locations over HTTP: circles and polygons, paging, filters, broken shapes."""

from __future__ import annotations

from typing import Any

import pytest

from kupon.engine.locations import Point
from kupon.storage.definitions import load_definitions
from kupon.storage.uow import UnitOfWork
from kupon.testing.client import ApiClient
from kupon.testing.clocks import MoveTime
from kupon.testing.plugin import ConnectApi, NewProject

NOW = "2026-03-01T12:00:00.000Z"
LATER = "2026-03-01T13:00:00.000Z"

PATH = "/v1/locations"
CIRCLE = {
    "type": "circle",
    "format": "distance",
    "distance": {"center": "geo:52.2297,21.0122", "radius": "1.54 km"},
}
SQUARE = [[10.5, 50.0], [11.5, 50.0], [11.5, 51.0], [10.5, 51.0], [10.5, 50.0]]
POLYGON = {
    "type": "polygon",
    "format": "geojson",
    "geojson": {"type": "Polygon", "coordinates": [SQUARE]},
}
SEVERAL = {
    "type": "polygon",
    "format": "geojson",
    "geojson": {"type": "MultiPolygon", "coordinates": [[SQUARE]]},
}


@pytest.fixture(autouse=True)
def _frozen(move_time: MoveTime) -> None:
    move_time.freeze("2026-03-01T12:00:00+00:00")


def make_location(api: ApiClient, name: str = "Centre", shape: Any = CIRCLE) -> dict[str, Any]:
    made: dict[str, Any] = api.post(PATH, json={"name": name, "shape": shape}).expect()
    return made


@pytest.mark.parametrize("shape", [CIRCLE, POLYGON, SEVERAL])
def test_a_location_is_stored(api: ApiClient, shape: Any) -> None:
    made = make_location(api, shape=shape)
    assert made["id"].startswith("loc_")
    assert made == {
        "id": made["id"],
        "object": "location",
        "name": "Centre",
        "shape": shape,
        "created_at": NOW,
        "updated_at": None,
    }
    assert api.get(f"{PATH}/{made['id']}").expect() == made


def test_members_of_the_other_kind_of_shape_are_left_out(api: ApiClient) -> None:
    mixed = CIRCLE | {"geojson": POLYGON["geojson"], "colour": "red"}
    assert make_location(api, shape=mixed)["shape"] == CIRCLE


def test_an_update_changes_what_it_names(api: ApiClient, move_time: MoveTime) -> None:
    made = make_location(api)
    path = f"{PATH}/{made['id']}"
    move_time(hours=1)
    renamed = api.put(path, json={"name": "Old town"}).expect()
    assert renamed == made | {"name": "Old town", "updated_at": LATER}
    moved = api.put(path, json={"shape": POLYGON}).expect()
    assert moved == renamed | {"shape": POLYGON}
    assert api.get(path).expect() == moved


def test_a_deleted_location_is_gone(api: ApiClient) -> None:
    made = make_location(api)
    assert api.delete(f"{PATH}/{made['id']}").status == 204
    api.get(f"{PATH}/{made['id']}").refused(404, "not_found")


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_an_unknown_location_is_not_found(
    api: ApiClient, new_project: NewProject, connect_api: ConnectApi, method: str
) -> None:
    theirs = make_location(connect_api(new_project()))["id"]
    options = {"json": {"name": "Mine"}} if method == "put" else {}
    refusal = getattr(api, method)(f"{PATH}/{theirs}", **options).refused(404, "not_found")
    assert refusal["details"] == f"Cannot find location with id {theirs}"
    assert (refusal["resource_id"], refusal["resource_type"]) == (theirs, "location")


def test_locations_are_listed_in_pages(api: ApiClient, move_time: MoveTime) -> None:
    made = []
    for name in ("a", "b", "c"):
        made.append(make_location(api, name))
        move_time(hours=1)
    assert api.get(PATH).expect() == {
        "object": "list",
        "data_ref": "data",
        "data": made[::-1],
        "total": 3,
        "has_more": False,
    }
    first = api.get(PATH, query={"limit": 2, "order": "created_at"}).expect()
    assert (first["data"], first["total"], first["has_more"]) == (made[:2], 3, True)
    older = api.get(PATH, query={"end_date": made[1]["created_at"]}).expect()
    assert older["data"] == made[1::-1]
    api.put(f"{PATH}/{made[0]['id']}", json={"name": "z"}).expect()
    changed = api.get(PATH, query={"order": "-updated_at", "limit": 1}).expect()["data"]
    assert [row["name"] for row in changed] == ["z"]


def test_locations_are_filtered(api: ApiClient, move_time: MoveTime) -> None:
    north = make_location(api, "North")
    move_time(days=2)
    south = make_location(api, "South")

    def found(field: str, operator: str, value: Any) -> list[Any]:
        filters = {"filters": {field: {"conditions": {operator: [value]}}}}
        rows: list[Any] = api.get(PATH, query=filters).expect()["data"]
        return rows

    assert found("name", "$is", "North") == [north]
    assert found("name", "$starts_with", "S") == [south]
    assert found("created_at", "$after", "2026-03-02") == [south]
    assert found("updated_at", "$is_unknown", True) == [south, north]
    api.get(PATH, query={"filters": {"shape": {"conditions": {"$is": ["x"]}}}}).refused(
        400, "invalid_query_params"
    )
    api.get(PATH, query={"order": "name"}).refused(400, "invalid_query_params")


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ([], "Payload must be object"),
        ({"shape": CIRCLE}, "Payload must have required property 'name'"),
        ({"name": "a"}, "Payload must have required property 'shape'"),
        ({"name": "", "shape": CIRCLE}, "Property .name"),
        ({"name": "a", "shape": "circle"}, "Property .shape must be object"),
        ({"name": "a", "shape": {}}, "Property .shape should have required property 'type'"),
        ({"name": "a", "shape": CIRCLE | {"type": "square"}}, "Property .shape.type"),
        ({"name": "a", "shape": CIRCLE | {"format": "geojson"}}, "Property .shape.format"),
        (
            {"name": "a", "shape": {"type": "circle", "format": "distance"}},
            "Property .shape should have required property 'distance'",
        ),
        (
            {"name": "a", "shape": CIRCLE | {"distance": {"center": "here", "radius": "1 km"}}},
            "Property .shape.distance.center",
        ),
        (
            {"name": "a", "shape": CIRCLE | {"distance": {"center": "geo:1,2", "radius": "far"}}},
            "Property .shape.distance.radius",
        ),
        (
            {"name": "a", "shape": POLYGON | {"geojson": {"type": "Polygon"}}},
            "Property .shape.geojson should have required property 'coordinates'",
        ),
        (
            {"name": "a", "shape": POLYGON | {"geojson": {"type": "Point", "coordinates": [1]}}},
            "Property .shape.geojson.type",
        ),
        *(
            (
                {
                    "name": "a",
                    "shape": POLYGON | {"geojson": {"type": "Polygon", "coordinates": wrong}},
                },
                "Property .shape.geojson.coordinates",
            )
            for wrong in ("x", [], [[]], [SQUARE[:-1]], [[[1]] * 5], [[["a", "b"]] * 5])
        ),
    ],
)
def test_bad_locations_are_refused(api: ApiClient, body: Any, place: str) -> None:
    refusal = api.post(PATH, json=body).refused(400, "invalid_payload")
    assert refusal["details"].startswith(place)
    assert api.get(PATH).expect()["total"] == 0


def test_a_bad_update_changes_nothing(api: ApiClient) -> None:
    made = make_location(api)
    path = f"{PATH}/{made['id']}"
    wrong = {"name": "New", "shape": CIRCLE | {"distance": {"center": "x", "radius": "1 m"}}}
    api.put(path, json=wrong).refused(400, "invalid_payload")
    assert api.get(path).expect() == made


def test_evaluations_see_each_change(api: ApiClient, uow: UnitOfWork) -> None:
    made = make_location(api)
    inside, outside = Point(52.23, 21.01), Point(50.0, 10.6)
    before = load_definitions(uow, uow.project_id)
    assert before.locations.contains(made["id"], inside)
    assert not before.locations.contains(made["id"], outside)
    api.put(f"{PATH}/{made['id']}", json={"shape": POLYGON}).expect()
    after = load_definitions(uow, uow.project_id)
    assert after.revision > before.revision
    assert after.locations.contains(made["id"], outside)
    api.delete(f"{PATH}/{made['id']}").expect(204)
    gone = load_definitions(uow, uow.project_id)
    assert gone.revision > after.revision
    assert not gone.locations.contains(made["id"], outside)
