"""A relay and a worker in the tests' process; each module says by `registry` what they do."""

from __future__ import annotations

import signal

import pytest
import redis
from rq import Queue

from kupon.jobs.relay import QUEUE, Relay
from kupon.jobs.worker import run_worker
from kupon.runtime import clock
from kupon.storage.uow import UnitOfWork


@pytest.fixture
def relay(engine, settings, registry):
    with UnitOfWork(engine, project_id="", now=clock.now()) as left:
        # By other tests.
        left.reader.execute("DELETE FROM jobs")
        left.reader.execute("UPDATE events SET relayed_at = now() WHERE relayed_at IS NULL")
    with redis.Redis.from_url(settings.redis_url) as client:
        yield Relay(engine, client, registry)
        Queue(QUEUE, connection=client).empty()


@pytest.fixture
def work(engine, settings, registry):
    """Run a worker in this process until its queue is empty."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in numbers}
    with redis.Redis.from_url(settings.redis_url) as client:
        yield lambda: run_worker(engine, client, registry, is_burst=True)
    # RQ takes the signals of its process for good.
    for number, handler in before.items():
        signal.signal(number, handler)
