"""Waking workers: none is woken in vain, and none that was not woken is forgotten."""

from __future__ import annotations

import pytest
import redis
from rq import Queue

from kupon.jobs.registry import JobRegistry
from kupon.jobs.relay import QUEUE, Relay
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
def relay(engine, settings, registry):
    with redis.Redis.from_url(settings.redis_url) as client:
        yield Relay(engine, client, registry)
        Queue(QUEUE, connection=client).empty()


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
