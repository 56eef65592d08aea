"""Background work in the test's own process: relays events and drains every line until idle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import redis
from rq import Queue
from rq.serializers import JSONSerializer

from kupon.jobs.relay import QUEUE, Relay
from kupon.jobs.worker import drain_all
from kupon.runtime import clock
from kupon.storage.uow import UnitOfWork

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from kupon.jobs.registry import JobRegistry

_MOST_TURNS = 1000


@dataclass(frozen=True, slots=True)
class FailedJob:
    """A job whose last try raised."""

    handler: str
    order_key: str
    attempts: int
    error: str


class Jobs:
    """Call it to do all work that is due; it raises when a job failed."""

    def __init__(self, engine: Engine, redis_url: str, registry: JobRegistry) -> None:
        self.registry = registry
        self._engine = engine
        self._client = redis.Redis.from_url(redis_url)
        self._queue = Queue(QUEUE, connection=self._client, serializer=JSONSerializer)
        self._relay = Relay(engine, self._client, registry)

    def __call__(self) -> int:
        """Relay and work until nothing is due; how many jobs were done.

        Raises:  AssertionError with the traceback of a job of any project that failed.
        """
        known = set(self.failures())
        done = self.run()
        news = [each for each in self.failures() if each not in known]
        assert not news, f"{news[0].handler} {news[0].order_key} failed:\n{news[0].error}"
        return done

    def run(self) -> int:
        """As calling it, leaving failed jobs to `failures`."""
        done = 0
        for _ in range(_MOST_TURNS):
            if not self._relay.turn():
                return done
            for job in self._queue.jobs:
                lines = [tuple(line) for line in job.args[0]]
                done += drain_all(self._engine, self.registry, lines)
            self._queue.empty()  # type: ignore[no-untyped-call]  # rq's is untyped
        raise AssertionError(f"background work was not done after {_MOST_TURNS} turns")

    def failures(self) -> list[FailedJob]:
        """The jobs that failed and were not done since, the oldest first."""
        with UnitOfWork(self._engine, project_id="", now=clock.now()) as uow:
            rows = uow.reader.execute(
                "SELECT handler, order_key, attempts, last_error FROM jobs"
                " WHERE last_error IS NOT NULL ORDER BY id"
            ).fetchall()
        return [FailedJob(*row) for row in rows]

    def forget_others(self, project_id: str) -> None:
        """Drop what earlier tests have left undone, so that only one project's work is counted."""
        with UnitOfWork(self._engine, project_id="", now=clock.now()) as uow:
            uow.reader.execute("DELETE FROM jobs WHERE project_id <> %s", (project_id,))
            uow.reader.execute(
                "UPDATE events SET relayed_at = now() WHERE project_id <> %s"
                " AND relayed_at IS NULL",
                (project_id,),
            )

    def close(self) -> None:
        """Give the connection to Redis back."""
        self._client.close()
