"""Segments over HTTP: creation, reading, change, removal and activity."""

from __future__ import annotations

from typing import Any

import pytest

from kupon.features.segments.service import definitions
from kupon.storage.queries.projects import get_revision
from kupon.testing.builders import make_customer
from kupon.testing.client import ApiClient
from kupon.testing.clocks import MoveTime
from kupon.testing.plugin import ConnectApi, NewProject

NOW = "2026-03-01T12:00:00.000Z"
LATER = "2026-03-01T13:00:00.000Z"
WARSAW = {"address.city": {"conditions": {"$is": ["Warsaw"]}}}


@pytest.fixture(autouse=True)
def _frozen(move_time: MoveTime) -> None:
    move_time.freeze("2026-03-01T12:00:00+00:00")


def make_segment(api: ApiClient, **members: Any) -> dict[str, Any]:
    body = {"name": "Varsovians", "type": "passive", "filter": {"junction": "and", **WARSAW}}
    made: dict[str, Any] = api.post("/v1/segments", json=body | members).expect()
    return made


def names(api: ApiClient, **query: Any) -> list[str]:
    return [row["name"] for row in api.get("/v1/segments", query=query).expect()["data"]]


def members(api: ApiClient, segment: dict[str, Any]) -> list[str]:
    query = {"segment_id": segment["id"], "order": "created_at"}
    rows = api.get("/v1/customers", query=query).expect()["customers"]
    return [row["source_id"] for row in rows]


@pytest.mark.parametrize("type", ["passive", "auto-update"])
def test_a_segment_with_a_filter_is_stored_as_it_was_sent(api: ApiClient, type: str) -> None:
    sent = {
        "junction": "OR",
        "address.city": {"conditions": {"$is": "Warsaw", "$starts_with": ["W", "V"]}},
        "metadata.age": {"conditions": {"$more_than_equal": ["21"]}},
        "summary.orders.total_amount": {"conditions": {"$more_than": [0]}},
        "loyalty_points.campaigns.My Card.points": {"conditions": {"$less_than": [5]}},
    }
    made = make_segment(api, type=type, filter=sent)
    assert made["id"].startswith("seg_")
    assert made == {
        "id": made["id"],
        "name": "Varsovians",
        "type": type,
        "filter": {**sent, "junction": "or"},
        "created_at": NOW,
        "object": "segment",
    }
    assert api.get(f"/v1/segments/{made['id']}").expect() == made


def test_a_filter_without_junction_joins_by_and(api: ApiClient) -> None:
    assert make_segment(api, filter=WARSAW)["filter"] == {"junction": "and", **WARSAW}


def test_a_static_segment_holds_the_customers_that_are_known(api: ApiClient) -> None:
    ada, bob, _ = (make_customer(api, source_id=name) for name in ("ada", "bob", "eve"))
    listed = [ada["id"], ada["id"], bob["source_id"], "cust_nobody"]
    made = api.post("/v1/segments", json={"name": "Friends", "customers": listed}).expect()
    assert made == {
        "id": made["id"],
        "name": "Friends",
        "type": "static",
        "filter": None,
        "created_at": NOW,
        "object": "segment",
    }
    assert members(api, made) == ["ada", "bob"]
    mine = {
        "object": "list",
        "data_ref": "data",
        "data": [{"id": made["id"], "name": "Friends", "object": "segment"}],
        "total": 1,
    }
    assert api.get("/v1/customers/ada/segments").expect() == mine
    assert api.get("/v1/customers/eve/segments").expect() == mine | {"data": [], "total": 0}


@pytest.mark.uncertain
def test_the_type_follows_from_the_members_of_the_body(api: ApiClient) -> None:
    assert api.post("/v1/segments", json={"name": "A", "customers": []}).expect()["type"] == (
        "static"
    )
    passive = api.post("/v1/segments", json={"name": "B", "filter": WARSAW}).expect()
    assert passive["type"] == "passive"


@pytest.mark.parametrize(
    ("body", "details"),
    [
        pytest.param({}, "Payload must have required property 'name'", id="nothing"),
        pytest.param({"name": 5}, "Property .name must be string", id="name of another type"),
        pytest.param(
            {"name": "x" * 501},
            "Property .name must NOT have more than 500 characters",
            id="name too long",
        ),
        pytest.param({"name": "A"}, "Payload must have required property 'filter'", id="no filter"),
        pytest.param(
            {"name": "A", "type": "static"},
            "Payload must have required property 'customers'",
            id="no customers",
        ),
        pytest.param(
            {"name": "A", "type": "dynamic"},
            "Property .type must be one of: auto-update, passive, static",
            id="unknown type",
        ),
        pytest.param(
            {"name": "A", "customers": [5]}, "Property .customers[0] must be string", id="a number"
        ),
        pytest.param(
            {"name": "A", "customers": ["x"] * 20_001},
            "Property .customers must NOT have more than 20000 items",
            id="too many customers",
        ),
        pytest.param(
            {"name": "A", "filter": []}, "Property .filter must be object", id="filter is a list"
        ),
        pytest.param(
            {"name": "A", "filter": {"junction": "xor"}},
            "Property .filter has wrong `junction` property. It must be one of: and, or",
            id="junction",
        ),
        pytest.param(
            {"name": "A", "filter": {"shoe_size": {"conditions": {"$is": [1]}}}},
            "Property .filter.shoe_size is not supported",
            id="unknown field",
        ),
    ],
)
def test_a_broken_body_is_refused_and_nothing_stored(
    api: ApiClient, body: dict[str, Any], details: str
) -> None:
    assert api.post("/v1/segments", json=body).refused(400, "invalid_payload")["details"] == details
    assert names(api) == []


@pytest.mark.parametrize(
    "filter",
    [
        {"name": {"conditions": {"$no_such": ["x"]}}},
        {"name": {"conditions": {}}},
        {"name": {"conditions": {"$is": {"a": 1}}}},
        {"name": 5},
        {"created_at": {"conditions": {"$after": ["soon"]}}},
        {"metadata.": {"conditions": {"$is": [1]}}},
        {"": {"conditions": {"$is": [1]}}},
        {"junction": 5},
    ],
)
def test_a_broken_filter_is_refused(api: ApiClient, filter: Any) -> None:
    api.post("/v1/segments", json={"name": "A", "filter": filter}).refused(400, "invalid_payload")


def test_numbers_that_no_database_holds_break_nothing(api: ApiClient) -> None:
    body = b'{"name":"A","filter":{"metadata.n":{"conditions":{"$is":[1e999]}}}}'
    assert api.post("/v1/segments", body=body).status in (200, 400)


def test_there_are_at_most_100_segments_with_a_filter(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert definitions.MOST_FILTERED == 100
    monkeypatch.setattr(definitions, "MOST_FILTERED", 2)
    make_segment(api)
    make_segment(api, type="auto-update")
    refusal = api.post("/v1/segments", json={"name": "C", "filter": WARSAW})
    assert refusal.refused(400, "invalid_payload")["details"] == (
        "Project must NOT have more than 2 segments by filter"
    )
    assert len(names(api)) == 2
    api.post("/v1/segments", json={"name": "C", "customers": []}).expect()


def test_an_unknown_segment_is_not_found(api: ApiClient) -> None:
    for method, path in (
        ("GET", "/v1/segments/seg_x"),
        ("PUT", "/v1/segments/seg_x"),
        ("DELETE", "/v1/segments/seg_x"),
        ("GET", "/v1/segments/seg_x/activities"),
    ):
        body = {"json": {}} if method == "PUT" else {}
        refusal = api.send(method, path, **body).refused(404, "not_found")
        assert (refusal["resource_id"], refusal["resource_type"]) == ("seg_x", "segment")


def test_segments_of_another_project_are_not_found(
    api: ApiClient, new_project: NewProject, connect_api: ConnectApi
) -> None:
    made = make_segment(api)
    other = connect_api(new_project())
    other.get(f"/v1/segments/{made['id']}").refused(404, "not_found")
    assert names(other) == []


class TestListing:
    @pytest.fixture(autouse=True)
    def _made(self, api: ApiClient, move_time: MoveTime) -> None:
        make_customer(api, source_id="ada")
        self.ids = {}
        for name, type in (("A", "passive"), ("B", "auto-update"), ("C", "passive")):
            self.ids[name] = make_segment(api, name=name, type=type)["id"]
            move_time(hours=1)
        made = api.post("/v1/segments", json={"name": "D", "customers": []}).expect()
        self.ids["D"] = made["id"]

    def test_the_newest_come_first(self, api: ApiClient) -> None:
        page = api.get("/v1/segments", query={"limit": 3}).expect()
        assert [row["name"] for row in page["data"]] == ["D", "C", "B"]
        assert {**page, "data": []} == {
            "object": "list",
            "data_ref": "data",
            "data": [],
            "total": 4,
        }
        assert names(api, limit=3, page=2) == ["A"]
        assert names(api, order="created_at") == ["A", "B", "C", "D"]

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ({"filters": {"type": {"conditions": {"$in": ["static", "auto-update"]}}}}, "DB"),
            ({"filters": {"name": {"conditions": {"$starts_with": "C"}}}}, "C"),
            ({"filters": {"created_at": {"conditions": {"$after": NOW}}}}, "DCB"),
            ({"created_at": {"before": LATER}}, "A"),
            ({"starting_after": LATER}, "A"),
            ({"start_date": LATER, "end_date": LATER}, "B"),
        ],
    )
    def test_filters_narrow_it(self, api: ApiClient, query: dict[str, Any], expected: str) -> None:
        assert names(api, **query) == list(expected)

    def test_ids_pick_some(self, api: ApiClient) -> None:
        picked = [self.ids["A"], self.ids["D"], "seg_x"]
        assert names(api, ids=picked) == ["D", "A"]
        by_id = {"id": {"conditions": {"$is": self.ids["B"]}}}
        assert names(api, filters=by_id) == ["B"]

    def test_ids_walk_it(self, api: ApiClient) -> None:
        assert names(api, starting_after_id=self.ids["C"], limit=1) == ["B"]
        assert names(api, starting_after_id=self.ids["C"], order="created_at") == ["D"]

    @pytest.mark.parametrize(
        "query",
        [
            {"limit": 101},
            {"order": "name"},
            {"filters": {"filter": {"conditions": {"$is": "x"}}}},
            {"starting_after": "soon"},
        ],
    )
    def test_a_broken_query_is_refused(self, api: ApiClient, query: dict[str, Any]) -> None:
        api.get("/v1/segments", query=query).refused(400, "invalid_query_params")


def activities(api: ApiClient, segment_id: str, **query: Any) -> list[dict[str, Any]]:
    path = f"/v1/segments/{segment_id}/activities"
    rows: list[dict[str, Any]] = api.get(path, query=query).expect()["data"]
    return rows


def test_a_passive_segment_can_be_changed(api: ApiClient, move_time: MoveTime) -> None:
    make_customer(api, source_id="ada", address={"city": "Warsaw"})
    make_customer(api, source_id="bob", address={"city": "Berlin"})
    made = make_segment(api)
    assert members(api, made) == ["ada"]
    move_time(hours=1)
    berlin = {"junction": "AND", "address.city": {"conditions": {"$is": ["Berlin"]}}}
    changed = api.put(
        f"/v1/segments/{made['id']}", json={"name": "Berliners", "filter": berlin}
    ).expect()
    assert changed == made | {
        "name": "Berliners",
        "filter": berlin | {"junction": "and"},
        "updated_at": LATER,
    }
    assert api.get(f"/v1/segments/{made['id']}").expect() == changed
    assert members(api, made) == ["bob"]


def test_a_passive_segment_can_be_made_active(api: ApiClient) -> None:
    made = make_segment(api)
    path = f"/v1/segments/{made['id']}"
    assert api.put(path, json={"type": "auto-update"}).expect()["type"] == "auto-update"
    assert [entry["type"] for entry in activities(api, made["id"])] == [
        "segment.activated",
        "segment.created",
    ]


@pytest.mark.parametrize("change", [{"name": "B"}, {"filter": WARSAW}, {"type": "passive"}, {}])
@pytest.mark.parametrize("type", ["static", "auto-update"])
def test_other_segments_stay_as_they_were_made(
    api: ApiClient, type: str, change: dict[str, Any]
) -> None:
    made = make_segment(api, type=type, customers=[])
    refusal = api.put(f"/v1/segments/{made['id']}", json=change).refused(400, "invalid_payload")
    assert refusal["details"] == f"Segment of type '{type}' cannot be changed"
    assert api.get(f"/v1/segments/{made['id']}").expect() == made


@pytest.mark.parametrize(
    "change", [{"type": "static"}, {"filter": {"x": {}}}, {"name": 5}, {"filter": 7}]
)
def test_a_broken_change_changes_nothing(api: ApiClient, change: dict[str, Any]) -> None:
    made = make_segment(api)
    api.put(f"/v1/segments/{made['id']}", json=change).refused(400, "invalid_payload")
    assert api.get(f"/v1/segments/{made['id']}").expect() == made
    assert len(activities(api, made["id"])) == 1


def test_a_removed_segment_is_gone_with_its_members(api: ApiClient, events: Any) -> None:
    make_customer(api, source_id="ada", address={"city": "Warsaw"})
    made = make_segment(api, type="auto-update")
    assert members(api, made) == ["ada"]
    assert api.delete(f"/v1/segments/{made['id']}").status == 204
    api.get(f"/v1/segments/{made['id']}").refused(404, "not_found")
    assert members(api, made) == []
    assert api.get("/v1/customers/ada/segments").expect()["data"] == []
    assert [name for name, _ in events()] == ["customer.created"]


def test_changes_are_told_in_the_activity(api: ApiClient, project: Any) -> None:
    made = make_segment(api)
    answer = api.put(f"/v1/segments/{made['id']}", json={"name": "B", "filter": {}})
    changed = answer.expect()
    rows = activities(api, made["id"])
    assert [row["type"] for row in rows] == [
        "segment.filters_updated",
        "segment.updated",
        "segment.created",
    ]
    app_id = project.credentials["app_id"]
    assert rows[0] == {
        "id": rows[0]["id"],
        "type": "segment.filters_updated",
        "data": {
            "data": {"segment": changed},
            "event_source": {
                "channel": "API",
                "api_key": {
                    "app_id": app_id,
                    "name": rows[0]["data"]["event_source"]["api_key"]["name"],
                },
            },
        },
        "created_at": NOW,
        "group_id": answer.headers["X-Request-Id"],
    }
    assert rows[0]["group_id"] == rows[1]["group_id"] != rows[2]["group_id"]


def test_the_activity_is_walked_by_id(api: ApiClient) -> None:
    made = make_segment(api)
    for name in ("B", "C"):
        api.put(f"/v1/segments/{made['id']}", json={"name": name}).expect()
    path = f"/v1/segments/{made['id']}/activities"
    page = api.get(path, query={"limit": 2}).expect()
    assert page["has_more"] is True
    assert [row["data"]["data"]["segment"]["name"] for row in page["data"]] == ["C", "B"]
    rest = api.get(path, query={"starting_after_id": page["more_starting_after"]}).expect()
    assert [row["type"] for row in rest["data"]] == ["segment.created"]
    assert (rest["has_more"], "more_starting_after" in rest) == (False, False)
    assert len(activities(api, made["id"], type="segment.updated")) == 2
    assert activities(api, made["id"], category="EFFECT") == []
    assert activities(api, made["id"], starting_after=NOW) == []
    assert len(activities(api, made["id"], start_date=NOW, order="created_at")) == 3


def test_each_change_is_a_new_revision(api: ApiClient, uow: Any) -> None:
    revisions = [get_revision(uow)]
    made = make_segment(api)
    revisions.append(get_revision(uow))
    api.put(f"/v1/segments/{made['id']}", json={"name": "B"}).expect()
    revisions.append(get_revision(uow))
    api.delete(f"/v1/segments/{made['id']}")
    revisions.append(get_revision(uow))
    assert revisions == sorted(set(revisions))
