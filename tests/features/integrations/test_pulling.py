"""What platforms have is pulled page by page, without a gap or a repetition, whoever dies."""

from __future__ import annotations

import pytest
from tests.features.integrations.segment import KillingPlatform, connect, run_platform

from kupon.hooks.adapter import Page
from kupon.hooks.commands import Stamp, UpsertCustomer
from kupon.runtime import clock
from kupon_segment.adapter import SegmentAdapter

FULL = {"resource": "profiles", "mode": "FULL"}


@pytest.fixture
def platform():
    with run_platform() as running:
        yield running


@pytest.fixture
def segment(platform, manage):
    return connect(platform, manage)


def profiles(platform, count):
    return platform.put("profiles", count, changed_at=clock.now())


def source_ids(api):
    found = api.get("/v1/customers", query={"limit": "100"}).expect()["customers"]
    return sorted(each["source_id"] for each in found)


def test_everything_is_pulled(segment, platform, api, jobs):
    users = profiles(platform, 10)
    run = segment.post("/syncs", json=FULL)
    assert (run["state"], run["done"], run["mode"]) == ("WAITING", 0, "FULL")
    jobs()
    run = segment.get(f"/syncs/{run['id']}")
    assert (run["state"], run["done"], run["skipped"]) == ("DONE", 10, 0)
    assert "finished_at" in run
    assert source_ids(api) == sorted(users)
    assert segment.get("/syncs")["data"] == [run]
    assert segment.totals()["pulled.done"] == 10
    # What came from the platform is no news to it.
    assert platform.calls("POST") == []


def test_pulling_again_changes_nothing(segment, platform, api, jobs, events):
    profiles(platform, 4)
    for _ in range(2):
        segment.post("/syncs", json=FULL)
        jobs()
    assert [name for name, _ in events()].count("customer.created") == 4
    assert "customer.updated" not in [name for name, _ in events()]


def test_an_incremental_run_asks_for_what_is_new(segment, jobs, monkeypatch, move_time):
    asked = []

    def pull(self, resource, cursor, since):
        asked.append(since)
        return Page(commands=[], cursor=None, total=0)

    monkeypatch.setattr(SegmentAdapter, "pull", pull)
    first = segment.post("/syncs", json={"resource": "profiles"})
    assert "since" not in first
    jobs()
    move_time(hours=1)
    second = segment.post("/syncs", json={"resource": "profiles"})
    jobs()
    assert asked[0] is None
    assert second["since"] < first["created_at"]
    assert segment.get(f"/syncs/{second['id']}")["progress"] == 100
    third = segment.post("/syncs", json=FULL)
    assert "since" not in third


def test_one_run_at_a_time(segment, management_api, project, jobs, platform):
    profiles(platform, 1)
    segment.post("/syncs", json=FULL)
    path = f"/management/v1/projects/{project.id}{segment.path}/syncs"
    answer = management_api.post(path, json=FULL)
    answer.refused(400, "resource_in_use")
    jobs()
    segment.post("/syncs", json=FULL)


@pytest.mark.parametrize("body", [{}, {"resource": "orders"}, {"resource": "profiles", "mode": 1}])
def test_what_can_not_be_pulled_is_refused(segment, management_api, project, body):
    path = f"/management/v1/projects/{project.id}{segment.path}/syncs"
    management_api.post(path, json=body).refused(400, "invalid_payload")


def test_bad_records_are_named_and_the_others_taken(segment, api, jobs, monkeypatch):
    fields = [{"email": "a@example.com"}, {"email": "x" * 600}, {"name": 7}, {"name": "Zoë"}]

    def pull(self, resource, cursor, since):
        commands = [
            UpsertCustomer(source_id=f"c{place}", fields=each, stamp=Stamp(version=1))
            for place, each in enumerate(fields)
        ]
        return Page(commands=commands, cursor=None, total=5, skipped=[("c9", "it has no id")])

    monkeypatch.setattr(SegmentAdapter, "pull", pull)
    run = segment.post("/syncs", json=FULL)
    jobs()
    run = segment.get(f"/syncs/{run['id']}")
    assert (run["state"], run["done"], run["skipped"], run["total"]) == ("DONE", 2, 3, 5)
    assert [each["id"] for each in run["failed"]] == ["c9", "c1", "c2"]
    assert source_ids(api) == ["c0", "c3"]


def test_a_platform_that_is_away_is_asked_again(segment, platform, api, jobs, move_time):
    users = profiles(platform, 7)
    platform.fail("503", times=2, path="/v1/spaces")
    run = segment.post("/syncs", json=FULL)
    jobs()
    waiting = segment.get(f"/syncs/{run['id']}")
    assert (waiting["state"], "503" in waiting["error"]) == ("WAITING", True)
    for _ in range(3):
        move_time(minutes=1)
        jobs()
    done = segment.get(f"/syncs/{run['id']}")
    assert (done["state"], done["done"], "error" in done) == ("DONE", 7, False)
    assert source_ids(api) == sorted(users)


def test_a_run_that_failed_goes_on_where_it_stood(segment, platform, api, jobs, move_time):
    users = profiles(platform, 9)
    run = segment.post("/syncs", json=FULL)
    platform.fail("500", path="/v1/spaces/spa_1/collections/users/profiles/segment_id:use_user-5")
    for _ in range(9):
        jobs()
        move_time(minutes=15)
    failed = segment.get(f"/syncs/{run['id']}")
    assert (failed["state"], failed["done"]) == ("FAILED", 3)
    platform.mend()
    before = len(platform.calls("GET"))
    segment.post(f"/syncs/{run['id']}/resume")
    jobs()
    done = segment.get(f"/syncs/{run['id']}")
    assert (done["state"], done["done"]) == ("DONE", 9)
    assert source_ids(api) == sorted(users)
    # Two pages with two looks at each profile.
    assert len(platform.calls("GET")) - before == 2 + 12


def test_a_canceled_run_ends_and_may_go_on(segment, platform, api, jobs, monkeypatch):
    users = profiles(platform, 9)
    run = segment.post("/syncs", json=FULL)
    pull, canceled = SegmentAdapter.pull, []

    def pull_and_cancel(self, resource, cursor, since):
        page = pull(self, resource, cursor, since)
        if cursor == "3" and not canceled:
            canceled.append(segment.post(f"/syncs/{run['id']}/cancel"))
        return page

    monkeypatch.setattr(SegmentAdapter, "pull", pull_and_cancel)
    jobs()
    assert canceled[0]["state"] == "CANCELED"
    ended = segment.get(f"/syncs/{run['id']}")
    assert (ended["state"], ended["done"]) == ("CANCELED", 6)
    assert segment.post(f"/syncs/{run['id']}/cancel")["state"] == "CANCELED"
    segment.post(f"/syncs/{run['id']}/resume")
    jobs()
    assert segment.get(f"/syncs/{run['id']}")["state"] == "DONE"
    assert source_ids(api) == sorted(users)


def test_runs_are_listed_page_by_page(segment, management_api, project, jobs):
    begun = []
    for _ in range(3):
        begun.insert(0, segment.post("/syncs", json=FULL)["id"])
        jobs()
    path = f"/management/v1/projects/{project.id}{segment.path}/syncs"

    def look(**query):
        page = management_api.get(path, query=query).expect()
        return [each["id"] for each in page["data"]], page.get("more_starting_after")

    assert look(limit=2) == (begun[:2], begun[1])
    assert look(limit=2, starting_after=begun[1]) == (begun[2:], None)
    refused = management_api.get(path, query={"starting_after": "nobody"})
    refused.refused(404, "not_found")


def test_a_run_that_is_done_does_not_go_on(segment, management_api, project, jobs):
    run = segment.post("/syncs", json=FULL)
    jobs()
    path = f"/management/v1/projects/{project.id}{segment.path}/syncs/{run['id']}/resume"
    management_api.post(path).refused(400, "invalid_payload")


def test_wrong_credentials_end_the_run(segment, platform, jobs):
    platform.fail("401")
    run = segment.post("/syncs", json=FULL)
    jobs()
    assert segment.get(f"/syncs/{run['id']}")["state"] == "FAILED"
    assert segment.get()["status"] == "BROKEN"


def test_a_paused_connection_is_not_asked(segment, platform, jobs, move_time):
    profiles(platform, 1)
    segment.post("/pause")
    run = segment.post("/syncs", json=FULL)
    jobs()
    assert platform.calls() == []
    segment.post("/resume")
    move_time(minutes=1)
    jobs()
    assert segment.get(f"/syncs/{run['id']}")["state"] == "DONE"


@pytest.mark.slow
def test_a_worker_that_is_killed_leaves_no_gap(manage, api, jobs, run_processes, move_time, events):
    def is_third_page(request, platform):
        return request.path.endswith("/profiles") and request.query["next"] == "6"

    with KillingPlatform(is_third_page) as platform:
        segment = connect(platform, manage)
        users = profiles(platform, 10)
        run = segment.post("/syncs", json=FULL)
        with run_processes() as worker:
            platform.kill(worker)
        killed = segment.get(f"/syncs/{run['id']}")
        assert (killed["state"], killed["done"]) == ("RUNNING", 6)
        move_time(minutes=2)
        jobs()
        done = segment.get(f"/syncs/{run['id']}")
    assert (done["state"], done["done"]) == ("DONE", 10)
    assert source_ids(api) == sorted(users)
    assert [name for name, _ in events()].count("customer.created") == 10
