"""Deliveries go together, in order per aggregate; one that fails holds back its own line only."""

from __future__ import annotations


def stage(uow, *facts):
    for name, number in facts:
        uow.stage("test.fact", name, {"number": number})
    uow.commit()


def test_events_of_many_aggregates_come_at_once_and_in_order(jobs, uow):
    batches = []
    jobs.registry.subscribe("test_sink", lambda _, events: batches.append(events), ["test.fact"])
    stage(uow, ("a", 1), ("b", 1), ("a", 2), ("c", 1), ("a", 3))
    assert jobs() == 5
    (batch,) = batches
    assert [(e.aggregate_id, e.payload["number"]) for e in batch] == [
        ("a", 1),
        ("b", 1),
        ("a", 2),
        ("c", 1),
        ("a", 3),
    ]


def test_a_failing_event_holds_back_its_own_line_only(jobs, uow, move_time):
    done = []
    broken = {("b", 1)}

    def consume(_, events):
        told = [(e.aggregate_id, e.payload["number"]) for e in events]
        if broken & set(told):
            raise ValueError("not this one")
        done.extend(told)

    jobs.registry.subscribe("test_sink", consume, ["test.fact"])
    stage(uow, ("a", 1), ("b", 1), ("b", 2), ("c", 1), ("a", 2))
    jobs.run()
    assert sorted(done) == [("a", 1), ("a", 2), ("c", 1)]
    broken.clear()
    move_time(seconds=5)
    jobs.run()
    assert done[3:] == [("b", 1), ("b", 2)]
    assert jobs.failures() == []
