"""What a full pull does not meet any more is marked as deleted, and nothing else is."""

from __future__ import annotations

import pytest
from tests.features.integrations.segment import connect, run_platform

from kupon.hooks.adapter import Page
from kupon.hooks.commands import Stamp, UpsertCustomer
from kupon.hooks.errors import Unavailable
from kupon.runtime import clock
from kupon.storage.queries.platform_records import advance
from kupon.storage.uow import UnitOfWork
from kupon_segment.adapter import SegmentAdapter

SWEEP = {"resource": "profiles", "mode": "FULL", "sweep": True}
PAGE = 2


class Listing:
    """What the platform lists, page by page."""

    def __init__(self):
        self.names = []
        self.refused = []
        self.on_page = lambda cursor: None

    def pull(self, _, __, cursor, ___):
        self.on_page(cursor)
        start = int(cursor or 0)
        names = self.names[start : start + PAGE]
        commands = [
            UpsertCustomer(source_id=each, fields={"name": each}, stamp=Stamp(at=clock.now()))
            for each in names
        ]
        end = start + PAGE
        skipped = [(each, "no") for each in self.refused] if start == 0 else []
        cursor = str(end) if end < len(self.names) else None
        return Page(commands=commands, cursor=cursor, skipped=skipped)


@pytest.fixture
def listing(monkeypatch):
    made = Listing()
    monkeypatch.setattr(SegmentAdapter, "pull", lambda *arguments: made.pull(*arguments))
    return made


@pytest.fixture
def segment(manage, listing):
    with run_platform() as platform:
        yield connect(platform, manage)


@pytest.fixture
def sweep(segment, jobs):
    """Sweeps; the run."""

    def run():
        begun = segment.post("/syncs", json=SWEEP)
        jobs()
        return segment.get(f"/syncs/{begun['id']}")

    return run


def deleted(api):
    found = api.get("/v1/customers", query={"limit": 100}).expect()["customers"]
    return sorted(each["source_id"] for each in found if each["metadata"].get("deleted_at"))


def test_what_is_gone_is_marked_and_comes_back(sweep, listing, api, segment):
    api.post("/v1/customers", json={"source_id": "own"}).expect()
    listing.names = ["a", "b", "c", "d", "e"]
    assert (sweep()["deleted"], deleted(api)) == (0, [])
    listing.names = ["a", "c", "e"]
    run = sweep()
    assert (run["state"], run["sweep"], run["done"], run["deleted"]) == ("DONE", True, 3, 2)
    assert deleted(api) == ["b", "d"]
    assert segment.totals()["pulled.deleted"] == 2
    assert sweep()["deleted"] == 0
    listing.names = ["a", "b", "c", "e"]
    assert sweep()["deleted"] == 0
    assert deleted(api) == ["d"]


def test_many_are_marked_in_turns(sweep, listing, api, monkeypatch):
    monkeypatch.setattr("kupon.features.integrations.service.pulls.sweeping._MOST", 2)
    listing.names = [f"c{number}" for number in range(9)]
    sweep()
    listing.names = ["c0"]
    assert sweep()["deleted"] == 8
    assert len(deleted(api)) == 8


def test_what_could_not_be_taken_is_there_all_the_same(sweep, listing, api):
    listing.names = ["a", "b", "c"]
    sweep()
    listing.names, listing.refused = ["a"], ["c"]
    assert sweep()["deleted"] == 1
    assert deleted(api) == ["b"]


def test_what_comes_meanwhile_is_not_missed(sweep, listing, api, uow, segment):
    listing.names = ["a", "b", "c"]
    sweep()

    def tell(cursor):
        if cursor is not None:
            api.post("/v1/customers", json={"source_id": "z"}).expect()
            uow.driver.execute(
                "INSERT INTO platform_records (project_id, connection_id, kind, source_id)"
                " VALUES (%s, %s, 'customer', 'z')",
                (uow.project_id, segment.id),
            )
            uow.commit()

    listing.on_page = tell
    assert sweep()["deleted"] == 0
    assert deleted(api) == []


def test_what_is_told_of_meanwhile_is_there_though_no_page_has_it(
    sweep, listing, api, uow, segment
):
    listing.names = ["a", "b", "c"]
    sweep()
    listing.names = ["a", "c", "d"]

    def tell(cursor):
        if cursor is not None:
            advance(uow, segment.id, "customer", "b", Stamp(at=clock.now()))
            uow.commit()

    listing.on_page = tell
    assert sweep()["deleted"] == 0


def test_a_run_that_is_canceled_at_its_last_page_marks_nothing(sweep, listing, api, segment, jobs):
    listing.names = ["a", "b", "c"]
    sweep()

    def cancel(cursor):
        if cursor is not None:
            [run, _] = segment.get("/syncs")["data"]
            segment.post(f"/syncs/{run['id']}/cancel")

    listing.names, listing.on_page = ["a", "c", "d"], cancel
    run = sweep()
    assert (run["state"], run["deleted"], deleted(api)) == ("CANCELED", 0, [])
    listing.on_page = lambda cursor: None
    segment.post(f"/syncs/{run['id']}/resume")
    jobs()
    assert segment.get(f"/syncs/{run['id']}")["deleted"] == 1
    assert deleted(api) == ["b"]


def test_a_run_that_did_not_come_to_its_end_marks_nothing(
    sweep, listing, api, segment, jobs, move_time
):
    listing.names = ["a", "b", "c"]
    sweep()

    def fail(cursor):
        if cursor is not None:
            raise Unavailable("it is away")

    listing.names, listing.on_page = ["a", "c", "d"], fail
    run = sweep()
    assert deleted(api) == []
    listing.on_page = lambda cursor: None
    move_time(minutes=20)
    jobs()
    assert segment.get(f"/syncs/{run['id']}")["deleted"] == 1
    assert deleted(api) == ["b"]


@pytest.mark.parametrize("body", [SWEEP | {"mode": "INCREMENTAL"}, SWEEP | {"sweep": "yes"}])
def test_what_can_not_be_swept_is_refused(segment, management_api, project, body):
    path = f"/management/v1/projects/{project.id}{segment.path}/syncs"
    management_api.post(path, json=body).refused(400, "invalid_payload")


def test_orders_are_never_swept(manage):
    settings = {"shop": "a.myshopify.com", "client_secret": "canary"}
    made = manage(
        "post", "/connections", json={"adapter": "shopify", "name": "S", "settings": settings}
    )
    body = SWEEP | {"resource": "orders"}
    refused = manage("post", f"/connections/{made['id']}/syncs", 400, json=body)
    assert "Property .sweep" in refused["details"]
    schedule = {"orders": {"full_every": "P7D", "sweep": True}}
    refused = manage("put", f"/connections/{made['id']}", 400, json={"schedule": schedule})
    assert "Property .schedule.orders.sweep" in refused["details"]


def test_a_schedule_may_sweep(segment, listing, manage, engine, jobs, api):
    listing.names = ["a"]
    segment.put(json={"schedule": {"profiles": {"full_every": "P7D", "sweep": True}}})
    task = next(each for each in jobs.registry.periodic if each.name == "begin_pulls")
    with UnitOfWork(engine, project_id="", now=clock.now()) as unit:
        task.run(unit)
        unit.commit()
    jobs()
    [run] = segment.get("/syncs")["data"]
    assert (run["state"], run["sweep"], run["deleted"]) == ("DONE", True, 0)
