"""What platforms have is pulled by itself, as each connection's schedule says."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from tests.features.integrations.segment import connect, run_platform

from kupon.jobs.registry import JobRegistry, Periodic
from kupon.jobs.schedule import run_scheduler
from kupon.kit.timestamps import format_moment
from kupon.runtime import clock, ids
from kupon.storage.uow import UnitOfWork


@pytest.fixture
def platform():
    with run_platform() as running:
        yield running


@pytest.fixture
def segment(platform, manage):
    return connect(platform, manage)


@pytest.fixture
def ask(management_api, project, segment):
    """Changes of the connection; the answer."""
    path = f"/management/v1/projects/{project.id}{segment.path}"
    return lambda schedule: management_api.put(path, json={"schedule": schedule})


@pytest.fixture
def look(engine, jobs):
    """The scheduler looks once, and the work is done."""

    def run(name="begin_pulls"):
        task = next(each for each in jobs.registry.periodic if each.name == name)
        with UnitOfWork(engine, project_id="", now=clock.now()) as uow:
            task.run(uow)
            uow.commit()
        return jobs()

    return run


def modes(segment):
    return [each["mode"] for each in segment.get("/syncs")["data"]]


def test_a_resource_is_pulled_as_often_as_the_schedule_says(segment, look, move_time):
    look()
    assert modes(segment) == []
    schedule = {"profiles": {"every": "PT1H", "full_every": "P1D"}}
    assert segment.put(json={"schedule": schedule})["schedule"] == schedule
    look()
    assert modes(segment) == ["FULL"]
    move_time(minutes=59)
    look()
    assert modes(segment) == ["FULL"]
    move_time(minutes=1)
    look()
    assert modes(segment) == ["INCREMENTAL", "FULL"]
    move_time(hours=23)
    look()
    assert modes(segment) == ["FULL", "INCREMENTAL", "FULL"]
    assert segment.put(json={"schedule": {}})["schedule"] == {}
    move_time(days=7)
    look()
    assert len(modes(segment)) == 3


def test_changes_are_looked_for_as_far_back_as_is_said(segment, look, move_time):
    begun = move_time.freeze()
    segment.put(json={"schedule": {"profiles": {"every": "PT1H", "overlap": "PT20M"}}})
    look()
    move_time(hours=1)
    look()
    later, first = segment.get("/syncs")["data"]
    assert "since" not in first
    assert (later["since"], later["mode"]) < (first["created_at"], "INCREMENTAL!")
    assert later["since"] == format_moment(begun - timedelta(minutes=20))


def test_nothing_is_begun_while_a_run_is_open_or_the_connection_rests(
    segment, look, move_time, platform
):
    segment.put(json={"schedule": {"profiles": {"every": "PT1M"}}})
    platform.fail("503")
    look()
    move_time(minutes=2)
    look()
    assert [each["state"] for each in segment.get("/syncs")["data"]] == ["WAITING"]
    platform.mend()
    move_time(minutes=2)
    look()
    segment.post("/pause")
    count = len(modes(segment))
    move_time(hours=5)
    look()
    assert len(modes(segment)) == count
    segment.post("/resume")
    look()
    # Once, however many were left out.
    assert len(modes(segment)) == count + 1


def test_many_schedulers_begin_one_run(segment, engine, jobs):
    segment.put(json={"schedule": {"profiles": {"every": "PT1M"}}})
    task = next(each for each in jobs.registry.periodic if each.name == "begin_pulls")
    # Its turn is kept by name, and other tests move the clock.
    own = JobRegistry(periodic=[Periodic(ids.new_id("t_"), task.every, task.run)])

    def run(_):
        turns = iter((False, True))
        run_scheduler(engine, own, lambda: next(turns))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(run, range(4)))
    jobs()
    assert len(modes(segment)) == 1


@pytest.mark.parametrize(
    ("schedule", "details"),
    [
        ({"orders": {"every": "PT1H"}}, ".schedule.orders must be one of: profiles"),
        ({"profiles": {"every": "hourly"}}, ".schedule.profiles.every must be an ISO 8601"),
        ({"profiles": {"every": "PT1S"}}, ".schedule.profiles.every must be an ISO 8601"),
        ({"profiles": {"every": "P9Y"}}, ".schedule.profiles.every must be an ISO 8601"),
        ({"profiles": {"every": 60}}, ".schedule.profiles.every"),
        ({"profiles": {"each": "PT1H"}}, ".schedule.profiles.each"),
        ({"profiles": "PT1H"}, ".schedule.profiles"),
        ({"profiles": {"overlap": "-PT1H"}}, ".schedule.profiles.overlap"),
        ([], ".schedule"),
    ],
)
def test_bad_schedules_are_refused(ask, schedule, details):
    assert details in ask(schedule).refused(400, "invalid_payload")["details"]


def test_a_connection_may_be_made_with_its_schedule(platform, manage):
    schedule = {"profiles": {"every": "PT15M"}}
    body = {"adapter": "segment", "name": "S", "settings": platform.settings}
    made = manage("post", "/connections", json=body | {"schedule": schedule})
    assert made["schedule"] == schedule
    assert manage("get", f"/connections/{made['id']}")["schedule"] == schedule


def test_old_runs_are_forgotten_but_for_the_last_of_each_kind(segment, look, move_time, jobs):
    for _ in range(2):
        for mode in ("FULL", "INCREMENTAL"):
            segment.post("/syncs", json={"resource": "profiles", "mode": mode})
            jobs()
            move_time(minutes=1)
    move_time(days=31)
    look("purge_pulls")
    assert modes(segment) == ["INCREMENTAL", "FULL"]
