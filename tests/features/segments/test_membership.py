"""Who is in which segment, and what is told when that changes."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from kupon.bootstrap import build_registry
from kupon.features.segments import reactions, service
from kupon.features.segments.service import walks
from kupon.runtime import clock
from kupon.storage.queries import outbox
from kupon.storage.uow import UnitOfWork
from kupon.testing.background import Jobs
from kupon.testing.builders import make_customer, make_voucher, redeemable
from kupon.testing.client import ApiClient
from kupon.testing.clocks import MoveTime
from kupon.testing.plugin import ConnectApi, NewProject

WARSAW = {"address.city": {"conditions": {"$is": ["Warsaw"]}}}
SPENT = {"summary.orders.total_amount": {"conditions": {"$more_than_equal": [1000]}}}

Body = dict[str, Any]


def make_segment(api: ApiClient, name: str = "A", **members: Any) -> Body:
    body = {"name": name, "type": "auto-update", "filter": {"junction": "and", **WARSAW}}
    made: Body = api.post("/v1/segments", json=body | members).expect()
    return made


def members(api: ApiClient, segment: Body) -> list[str]:
    query = {"segment_id": segment["id"], "order": "source_id", "limit": 100}
    rows = api.get("/v1/customers", query=query).expect()["customers"]
    return [row["source_id"] for row in rows]


def segments_of(api: ApiClient, customer: str) -> list[str]:
    body = api.get(f"/v1/customers/{customer}/segments").expect()
    assert body["total"] == len(body["data"])
    return [row["name"] for row in body["data"]]


@pytest.fixture
def told(events):
    """Call it for who entered or left what so far."""

    def read() -> list[tuple[str, str, str]]:
        return [
            (
                name.removeprefix("customer.segment."),
                payload["customer"]["source_id"],
                payload["segment"]["name"],
            )
            for name, payload in events()
            if name.startswith("customer.segment.")
        ]

    return read


def move_to(api: ApiClient, customer: str, city: str) -> None:
    api.put(f"/v1/customers/{customer}", json={"address": {"city": city}}).expect()


def test_a_new_segment_finds_those_who_fit_and_tells_nobody(api, jobs, told):
    make_customer(api, source_id="ada", address={"city": "Warsaw"})
    make_customer(api, source_id="bob", address={"city": "Berlin"})
    made = make_segment(api)
    assert members(api, made) == ["ada"]
    jobs()
    assert members(api, made) == ["ada"]
    assert told() == []


def test_entering_and_leaving_are_told_once_each(api, jobs, told, events):
    made = make_segment(api)
    ada = make_customer(api, source_id="ada", address={"city": "Warsaw"})
    jobs()
    assert told() == [("entered", "ada", "A")]
    assert members(api, made) == ["ada"]
    api.put("/v1/customers/ada", json={"name": "Ada B."}).expect()
    jobs()
    move_to(api, "ada", "Berlin")
    jobs()
    assert told() == [("entered", "ada", "A"), ("left", "ada", "A")]
    assert members(api, made) == []
    move_to(api, "ada", "Warsaw")
    jobs()
    assert told()[2:] == [("entered", "ada", "A")]
    entered = [payload for name, payload in events() if name == "customer.segment.entered"]
    assert entered[0]["segment"] == {"id": made["id"], "name": "A", "object": "segment"}
    assert entered[0]["customer"] == ada


def test_a_passive_segment_tells_nothing(api, jobs, told):
    made = make_segment(api, type="passive")
    make_customer(api, source_id="ada", address={"city": "Warsaw"})
    jobs()
    move_to(api, "ada", "Berlin")
    make_customer(api, source_id="bob", address={"city": "Warsaw"})
    jobs()
    assert members(api, made) == ["bob"]
    assert told() == []


def test_what_is_told_stands_in_the_feed_beside_its_cause(api, jobs):
    make_segment(api)
    make_customer(api, source_id="ada", address={"city": "Berlin"})
    jobs()
    answer = api.put("/v1/customers/ada", json={"address": {"city": "Warsaw"}})
    jobs()
    feed = api.get("/v1/customers/ada/activity").expect()["data"]
    assert [entry["type"] for entry in feed] == [
        "customer.segment.entered",
        "customer.updated",
        "customer.created",
    ]
    assert feed[0]["group_id"] == feed[1]["group_id"] == answer.headers["X-Request-Id"]
    assert feed[0]["data"]["event_source"] == {"channel": "INTERNAL"}
    effects = api.get("/v1/customers/ada/activity", query={"category": "EFFECT"}).expect()["data"]
    assert effects == feed[:1]


def test_orders_move_customers(api, jobs, told):
    made = make_segment(api, filter=SPENT)
    make_customer(api, source_id="ada")
    order = {"source_id": "o1", "customer": {"source_id": "ada"}, "amount": 1000}
    api.post("/v1/orders", json=order | {"status": "CREATED"}).expect()
    jobs()
    assert members(api, made) == []
    api.put("/v1/orders/o1", json={"status": "PAID"}).expect()
    jobs()
    assert members(api, made) == ["ada"]
    assert told() == [("entered", "ada", "A")]
    api.put("/v1/orders/o1", json={"status": "CANCELED"}).expect()
    jobs()
    assert told()[1:] == [("left", "ada", "A")]


def test_redemptions_and_rollbacks_move_customers(api, jobs, told):
    succeeded = {"summary.redemptions.total_succeeded": {"conditions": {"$more_than": ["0"]}}}
    undone = {"summary.redemptions.total_rolled_back": {"conditions": {"$is": [1]}}}
    make_segment(api, "Redeemed", filter=succeeded)
    make_segment(api, "Undone", filter=undone)
    code = make_voucher(api)["code"]
    sent = {
        "redeemables": [redeemable(code)],
        "customer": {"source_id": "ada"},
        "order": {"amount": 1000},
    }
    made = api.post("/v1/redemptions", json=sent).expect()
    api.post("/v1/redemptions", json=sent | {"customer": None}).expect()
    jobs()
    assert told() == [("entered", "ada", "Redeemed")]
    api.post(f"/v1/redemptions/{made['redemptions'][0]['id']}/rollback").expect()
    jobs()
    assert ("entered", "ada", "Undone") in told()


def test_a_customer_is_in_several_segments_at_once(api, jobs):
    make_segment(api, "City")
    make_segment(api, "Named", type="passive", filter={"name": {"conditions": {"$has_value": ""}}})
    make_segment(api, "Nobody", filter={"name": {"conditions": {"$is_unknown": True}}})
    make_customer(api, source_id="ada", name="Ada", address={"city": "Warsaw"})
    assert segments_of(api, "ada") == ["Named", "City"]
    jobs()
    assert segments_of(api, "ada") == ["Named", "City"]


def test_the_segments_of_a_customer_are_those_of_this_moment(api):
    make_customer(api, source_id="ada")
    made = make_segment(api)
    move_to(api, "ada", "Warsaw")
    assert segments_of(api, "ada") == ["A"]
    assert members(api, made) == []


def test_the_segments_of_nobody_are_not_found(api):
    api.get("/v1/customers/ada/segments").refused(404, "not_found")


def test_an_unknown_segment_has_no_members(api):
    make_customer(api)
    query = {"segment_id": "seg_x"}
    assert api.get("/v1/customers", query=query).expect()["customers"] == []


def test_members_are_listed_in_pages(api, jobs):
    made = make_segment(api)
    for number in range(5):
        city = "Berlin" if number == 2 else "Warsaw"
        make_customer(api, source_id=f"c{number}", address={"city": city})
    jobs()
    query = {"segment_id": made["id"], "order": "created_at", "limit": 3}
    page = api.get("/v1/customers", query=query).expect()
    assert [row["source_id"] for row in page["customers"]] == ["c0", "c1", "c3"]
    assert (page["total"], page["has_more"]) == (4, True)
    page = api.get("/v1/customers", query=query | {"page": 2}).expect()
    assert [row["source_id"] for row in page["customers"]] == ["c4"]


def test_deleting_a_customer_ends_memberships_without_a_word(api, jobs, told, uow):
    made = make_segment(api, type="static", customers=[make_customer(api, source_id="ada")["id"]])
    make_segment(api, "B", filter={"name": {"conditions": {"$is": "Ada Example"}}})
    assert segments_of(api, "ada") == ["B", "A"]
    api.delete("/v1/customers/ada")
    jobs()
    assert members(api, made) == []
    assert uow.reader.execute(
        "SELECT count(*) FROM segment_members WHERE project_id = %s", (uow.project_id,)
    ).fetchone() == (0,)
    assert told() == []


def test_erasing_a_customer_counts_the_memberships(api, jobs):
    customer = make_customer(api, source_id="ada", address={"city": "Warsaw"})
    make_segment(api)
    make_segment(api, "B", type="static", customers=[customer["id"]])
    erased = api.post(f"/v1/customers/{customer['id']}/permanent-deletion").expect()
    assert erased["data_json"]["segments"] == 2


def test_a_changed_filter_moves_members_and_tells_nobody(api, jobs, told):
    make_customer(api, source_id="ada", address={"city": "Warsaw"})
    made = make_segment(api, type="passive")
    berlin = {"address.city": {"conditions": {"$is": ["Berlin"]}}}
    path = f"/v1/segments/{made['id']}"
    api.put(path, json={"filter": berlin, "type": "auto-update"}).expect()
    assert members(api, made) == []
    jobs()
    assert told() == []
    move_to(api, "ada", "Berlin")
    jobs()
    assert told() == [("entered", "ada", "A")]


def test_members_of_a_segment_made_active_have_not_entered_it(api, jobs, told):
    make_customer(api, source_id="ada", address={"city": "Warsaw"})
    made = make_segment(api, type="passive")
    jobs()
    api.put(f"/v1/segments/{made['id']}", json={"type": "auto-update"}).expect()
    make_customer(api, source_id="bob", address={"city": "Warsaw"})
    jobs()
    assert told() == [("entered", "bob", "A")]
    move_to(api, "ada", "Berlin")
    jobs()
    assert told()[1:] == [("left", "ada", "A")]


class TestManyCustomers:
    """More than the first slice: a job finds out who is in a new segment."""

    @pytest.fixture(autouse=True)
    def _small_slices(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(walks, "SLICE", 2)

    def test_all_are_looked_at_slice_by_slice(self, api, jobs, told):
        for number in range(7):
            city = "Berlin" if number == 3 else "Warsaw"
            make_customer(api, source_id=f"c{number}", address={"city": city})
        jobs()
        made = make_segment(api)
        assert members(api, made) == []
        jobs()
        assert members(api, made) == ["c0", "c1", "c2", "c4", "c5", "c6"]
        assert told() == []
        move_to(api, "c3", "Warsaw")
        jobs()
        assert told() == [("entered", "c3", "A")]

    def test_who_comes_meanwhile_has_entered(self, api, jobs, told):
        for number in range(3):
            make_customer(api, source_id=f"c{number}", address={"city": "Warsaw"})
        jobs()
        make_segment(api)
        make_customer(api, source_id="late", address={"city": "Warsaw"})
        move_to(api, "c1", "Berlin")
        jobs()
        assert told() == [("entered", "late", "A")]

    def test_an_older_walk_ends_when_the_filter_is_changed(self, api, jobs):
        for number in range(3):
            make_customer(api, source_id=f"c{number}", address={"city": "Warsaw"})
        jobs()
        made = make_segment(api, type="passive")
        berlin = {"address.city": {"conditions": {"$is": ["Berlin"]}}}
        api.put(f"/v1/segments/{made['id']}", json={"filter": berlin}).expect()
        # The older walk's only step, and both steps of the newer one.
        assert jobs() == 3
        assert members(api, made) == []

    def test_a_walk_for_a_deleted_segment_ends(self, api, jobs):
        for number in range(3):
            make_customer(api, source_id=f"c{number}", address={"city": "Warsaw"})
        made = make_segment(api)
        api.delete(f"/v1/segments/{made['id']}")
        jobs()
        assert members(api, made) == []


BIRTHDAY = {"birthdate": {"conditions": {"$next_month": [True]}}}


@pytest.fixture
def sweep(engine, tenants):
    """Does what the scheduler does when it is time; how many walks a project is to have now."""

    def run(project_id: str = "") -> int:
        periodic = build_registry(tenants).periodic
        task = next(each for each in periodic if each.name == "sweep_segments")
        with UnitOfWork(engine, project_id="", now=clock.now()) as uow:
            task.run(uow)
            (count,) = uow.driver.execute(
                "SELECT count(*) FROM jobs WHERE project_id = %s AND handler = %s",
                (project_id, walks.SWEEP),
            ).fetchone()
            uow.commit()
        return count

    return run


def test_time_alone_moves_customers(api, jobs, told, sweep, move_time):
    move_time.freeze("2026-03-30T12:00:00+00:00")
    make_customer(api, source_id="ada", birthdate="1990-05-20")
    make_segment(api, filter=BIRTHDAY)
    sweep()
    jobs()
    assert told() == []
    move_time(days=2)
    sweep()
    jobs()
    assert told() == [("entered", "ada", "A")]
    move_time(days=30)
    sweep()
    jobs()
    assert told()[1:] == [("left", "ada", "A")]


def test_a_project_is_swept_once_on_each_of_its_days(
    new_project: NewProject, connect_api: ConnectApi, jobs: Jobs, sweep, move_time: MoveTime
):
    move_time.freeze("2026-03-30T10:30:00+00:00")
    project = new_project(timezone="Pacific/Auckland")
    make_segment(connect_api(project))
    assert sweep(project.id) == 0
    # The day there begins at 11:00, in UTC.
    move_time(hours=1)
    assert sweep(project.id) == 1
    jobs()
    move_time(hours=23)
    assert sweep(project.id) == 0
    move_time(hours=1)
    assert sweep(project.id) == 1


def test_a_sweep_goes_on_slice_by_slice(api, jobs, told, sweep, move_time, monkeypatch):
    monkeypatch.setattr(walks, "SLICE", 2)
    move_time.freeze("2026-03-31T12:00:00+00:00")
    for number in range(5):
        make_customer(api, source_id=f"c{number}", birthdate="1990-05-20")
    make_segment(api, filter=BIRTHDAY)
    jobs()
    assert told() == []
    move_time(days=1)
    sweep()
    jobs()
    assert told() == [("entered", f"c{number}", "A") for number in range(5)]


def test_static_segments_are_never_swept(api, project, jobs, sweep, move_time):
    move_time.freeze("2026-03-30T12:00:00+00:00")
    made = make_segment(api, type="static", customers=[make_customer(api, source_id="ada")["id"]])
    jobs()
    move_time(days=3)
    assert sweep(project.id) == 0
    jobs()
    assert members(api, made) == ["ada"]


def test_events_are_delivered_twice_without_harm(api, jobs, told, uow):
    made = make_segment(api)
    make_customer(api, source_id="ada", address={"city": "Warsaw"})
    jobs()
    (seq,) = uow.reader.execute(
        "SELECT seq FROM events WHERE project_id = %s AND name = 'customer.created'",
        (uow.project_id,),
    ).fetchone()
    reactions.refresh_members(uow, list(outbox.find_events(uow, [seq]).values()))
    uow.commit()
    assert told() == [("entered", "ada", "A")]
    assert members(api, made) == ["ada"]


def test_projects_are_apart(api, new_project, connect_api, jobs, told):
    make_segment(api)
    other = connect_api(new_project())
    make_customer(other, source_id="ada", address={"city": "Warsaw"})
    theirs = make_segment(other, type="passive")
    jobs()
    assert told() == []
    assert members(api, theirs) == []
    assert segments_of(other, "ada") == ["A"]


@pytest.mark.race
def test_two_workers_tell_of_one_entrance_once(api, jobs, told, engine, project):
    made = make_segment(api, type="passive", filter={"name": {"conditions": {"$is": "Nobody"}}})
    jobs()
    ids = [make_customer(api, address={"city": "Warsaw"})["id"] for _ in range(20)]
    jobs()
    everybody = {"name": {"conditions": {"$has_value": True}}}
    with UnitOfWork(engine, project_id=project.id, now=clock.now()) as uow:
        uow.driver.execute(
            "UPDATE segments SET type = 'auto-update', filter = %s WHERE id = %s",
            (json.dumps(everybody), made["id"]),
        )
        uow.commit()

    def refresh(order: list[str]) -> None:
        with UnitOfWork(engine, project_id=project.id, now=clock.now()) as uow:
            service.refresh(uow, order)
            uow.commit()

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(refresh, [ids, ids[::-1], ids]))
    assert [what for what, _, _ in told()] == ["entered"] * 20


WARSAW_CIRCLE = {
    "type": "circle",
    "format": "distance",
    "distance": {"center": "geo:52.23,21.01", "radius": "20 km"},
}


def test_filters_know_places(api, jobs):
    body = {"name": "Warsaw", "shape": WARSAW_CIRCLE}
    place = api.post("/v1/locations", json=body).expect()
    lives_there = {"metadata.home": {"conditions": {"$in_location": [place["id"]]}}}
    made = make_segment(api, filter=lives_there)
    make_customer(api, source_id="ada", metadata={"home": "geo:52.2,21.0"})
    make_customer(api, source_id="bob", metadata={"home": "geo:50.0,20.0"})
    jobs()
    assert members(api, made) == ["ada"]
    assert (segments_of(api, "ada"), segments_of(api, "bob")) == (["A"], [])
