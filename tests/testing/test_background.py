"""Background work in the test's process: done to the end, and loud when it fails."""

from __future__ import annotations

import pytest

from kupon.jobs.registry import Again


def test_work_is_done_in_order_until_nothing_is_left(jobs, uow):
    seen = []

    def count(_, arguments):
        seen.append(arguments["n"])
        return Again({"n": arguments["n"] + 1}) if arguments["n"] < 3 else None

    jobs.registry.add_task("test_count", count)
    uow.enqueue("test_count", {"n": 1}, order_key="one line")
    uow.enqueue("test_count", {"n": 7}, order_key="one line")
    uow.commit()
    assert jobs() == 4
    assert seen == [1, 2, 3, 7]
    assert jobs() == 0


def test_events_reach_their_consumers(jobs, uow, project):
    seen = []
    jobs.registry.subscribe(
        "test_consumer", lambda _, events: seen.extend(events), ["test.happened"]
    )
    uow.stage("test.happened", "thing_1", {"size": 1})
    uow.stage("test.other", "thing_1", {})
    uow.commit()
    jobs()
    assert [(e.project_id, e.name, e.aggregate_id, e.payload) for e in seen] == [
        (project.id, "test.happened", "thing_1", {"size": 1})
    ]


def test_a_failed_job_is_reported_and_tried_again_later(jobs, uow, move_time):
    tries = []

    def fail_once(_, arguments):
        tries.append(arguments)
        if len(tries) == 1:
            raise ValueError("not today")

    jobs.registry.add_task("test_fail_once", fail_once)
    uow.enqueue("test_fail_once", {}, order_key="x")
    uow.commit()
    with pytest.raises(AssertionError, match="not today"):
        jobs()
    assert [(each.handler, each.attempts) for each in jobs.failures()] == [("test_fail_once", 1)]
    move_time(seconds=5)
    assert jobs() == 1
    assert jobs.failures() == []
