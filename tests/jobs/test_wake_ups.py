"""Waking workers: none is woken in vain, and none that was not woken is forgotten."""

from __future__ import annotations

import pytest
import redis
from rq import Queue

from kupon.jobs.registry import Again, JobRegistry
from kupon.jobs.relay import QUEUE
from kupon.jobs.worker import drain_all


@pytest.fixture
def done():
    return []


@pytest.fixture
def registry(done):
    made = JobRegistry()
    made.add_task("test.note", lambda uow, arguments: done.append(arguments["number"]))
    return made


@pytest.fixture
def enqueue(uow):
    def one(number):
        uow.enqueue("test.note", {"number": number}, order_key="line")
        uow.commit()

    return one


def test_a_worker_that_is_faster_than_the_relay_finds_the_job(
    engine, registry, relay, enqueue, project, done, monkeypatch
):
    def work_at_once(_, calls):
        for call in calls:
            drain_all(engine, registry, call.args[0])

    monkeypatch.setattr(Queue, "enqueue_many", work_at_once)
    enqueue(1)
    relay.turn()
    assert done == [1]


def test_a_line_that_could_not_be_told_is_told_again(
    engine, registry, relay, enqueue, project, done, monkeypatch
):
    def fail(*_):
        raise redis.ConnectionError("gone")

    enqueue(1)
    with monkeypatch.context() as patch:
        patch.setattr(Queue, "enqueue_many", fail)
        with pytest.raises(redis.ConnectionError):
            relay.turn()
    assert relay.turn() == 1


def test_what_a_worker_had_in_hand_when_it_died_is_told_again_as_soon_as_the_next_one_starts(
    settings, relay, work, enqueue, project, done
):
    enqueue(1)
    assert relay.turn() == 1
    with redis.Redis.from_url(settings.redis_url) as client:
        Queue(QUEUE, connection=client).empty()
    assert relay.turn() == 0
    work()
    assert (relay.turn(), done) == (1, [])
    work()
    assert done == [1]


def test_a_backlog_waits_in_the_database(settings, relay, work, uow, project, done, monkeypatch):
    monkeypatch.setattr("kupon.jobs.relay.MOST_WAITING", 2)
    monkeypatch.setattr("kupon.jobs.relay.BATCH", 2)
    for number in range(6):
        uow.enqueue("test.note", {"number": number}, order_key=f"line-{number}")
    uow.commit()
    assert [relay.turn() for _ in range(3)] == [2, 0, 0]
    with redis.Redis.from_url(settings.redis_url) as client:
        assert Queue(QUEUE, connection=client).count == 2
    while len(done) < 6:
        work()
        relay.turn()
    assert sorted(done) == [0, 1, 2, 3, 4, 5]


def test_tasks_that_go_together_are_done_in_one_transaction_and_else_by_themselves(
    engine, registry, uow, project, done
):
    turns = []

    def run(unit, calls):
        turns.append([call["number"] for call in calls])
        if 2 in turns[-1]:
            raise ValueError(2)
        done.extend(turns[-1])
        return [None if number else Again({"number": 9}) for number in turns[-1]]

    registry.add_batch_task("test.batch", run, at_once=3)
    for number in range(4):
        uow.enqueue("test.batch", {"number": number}, order_key=f"line-{number}")
    uow.commit()
    lines = [(project.id, "test.batch", f"line-{number}") for number in range(4)]
    drain_all(engine, registry, lines)
    assert turns[:4] == [[0, 1, 2], [0], [1], [2]]
    assert sorted(done) == [0, 1, 3, 9]
    found = uow.reader.execute(
        "SELECT order_key, attempts FROM jobs WHERE project_id = %s", (project.id,)
    )
    [job] = found.fetchall()
    assert job == ("line-2", 1)
