"""The relay: turns committed events into jobs and wakes workers for what is due.

Losing Redis loses nothing: a mark that the relay keeps there tells it when the queue was wiped,
and a job that nobody finished is told of again after a while.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

import redis
from rq import Queue
from rq.serializers import JSONSerializer

from kupon.jobs.described import Predicate
from kupon.jobs.registry import JobRegistry
from kupon.runtime import clock
from kupon.storage.database import Engine
from kupon.storage.queries import outbox
from kupon.storage.queries.outbox import EventRow, WakeUp
from kupon.storage.uow import UnitOfWork

QUEUE = "kupon"
DRAIN = "kupon.jobs.worker.drain"

BATCH = 500
RESEND_AFTER = timedelta(seconds=15)
# How often it is looked for jobs that are overdue.
RESEND_EVERY = timedelta(seconds=5)
# Behind so many messages none is sent: PostgreSQL has the backlog, Redis need not.
MOST_WAITING = 200
BUNDLE = 25
IDLE_S = 0.05
TROUBLE_S = 1.0

_MARK = "kupon:queue-is-whole"

_log = logging.getLogger("kupon.relay")


class Relay:
    """One relay process; several may run, they share the work."""

    def __init__(self, engine: Engine, client: redis.Redis, registry: JobRegistry) -> None:
        self._engine = engine
        self._client = client
        self._registry = registry
        self._queue = Queue(QUEUE, connection=client, serializer=JSONSerializer)
        self._resent_at = clock.now()

    def run(self, is_stopping: Callable[[], bool]) -> None:
        """Relay until told to stop; waits out a missing database or Redis."""
        while not is_stopping():
            try:
                pause_s = 0.0 if self.turn() else IDLE_S
            except Exception:  # noqa: BLE001 - the relay must outlive whatever is away for a while
                _log.exception("relay failed, trying again")
                self._engine.dispose()
                pause_s = TROUBLE_S
            if pause_s:
                clock.sleep(pause_s)

    def turn(self) -> int:
        """Relay what is due now; how many events and wake-ups that was."""
        return self._expand() + self._wake()

    def _unit(self) -> UnitOfWork:
        return UnitOfWork(self._engine, project_id="", now=clock.now())

    def _expand(self) -> int:
        with self._unit() as uow:
            events = outbox.claim_events(uow, BATCH)
            if events:
                outbox.insert_deliveries(uow, self._deliveries(events))
                outbox.mark_relayed(uow, events)
                uow.commit()
        return len(events)

    def _deliveries(self, events: Sequence[EventRow]) -> Iterator[tuple[EventRow, str]]:
        """Who gets which event; predicates are asked once for a project, with its first event."""
        asked: dict[tuple[str, Predicate], bool] = {}
        for event in events:
            for subscription in self._registry.consumers_of(event.name):
                if self._is_wanted(event.project_id, subscription.when, asked):
                    yield event, subscription.consumer

    def _is_wanted(
        self, project_id: str, when: Predicate | None, asked: dict[tuple[str, Predicate], bool]
    ) -> bool:
        if when is None:
            return True
        key = (project_id, when)
        if key not in asked:
            with UnitOfWork(self._engine, project_id=project_id, now=clock.now()) as uow:
                asked[key] = when(uow)
        return asked[key]

    def _wake(self) -> int:
        if self._queue.count >= MOST_WAITING:
            return 0
        lines = self._claim()
        if lines:
            self._tell(lines)
        self._client.set(_MARK, 1)
        return len(lines)

    def _bundle(self, lines: Sequence[WakeUp]) -> list[Sequence[WakeUp]]:
        """Lines whose jobs are done together, in bundles: a message costs more than most jobs."""
        kinds: dict[tuple[str, str], list[WakeUp]] = {}
        for line in lines:
            kinds.setdefault(self._kind_of(line), []).append(line)
        return [
            kind[start : start + size]
            for (_, handler), kind in kinds.items()
            for size in (self._size_of(handler),)
            for start in range(0, len(kind), size)
        ]

    def _kind_of(self, line: WakeUp) -> tuple[str, str]:
        """Deliveries of all kinds share bundles; tasks go by project and name."""
        return (line.project_id, line.handler) if line.handler in self._registry.tasks else ("", "")

    def _size_of(self, handler: str) -> int:
        work = self._registry.tasks.get(handler)
        return BUNDLE if work is None else min(BUNDLE, work.at_once)

    def _claim(self) -> list[WakeUp]:
        with self._unit() as uow:
            if not self._client.exists(_MARK):
                outbox.forget_wake_ups(uow, uow.now)
            elif uow.now - self._resent_at >= RESEND_EVERY:
                self._resent_at = uow.now
                outbox.forget_wake_ups(uow, uow.now - RESEND_AFTER)
            lines = outbox.claim_wake_ups(uow, BATCH)
            uow.commit()
        return lines

    def _tell(self, lines: Sequence[WakeUp]) -> None:
        """Wake workers; after the commit, for a worker leaves alone what it finds locked."""
        calls = [
            Queue.prepare_data(
                DRAIN,
                args=([(line.project_id, line.handler, line.order_key) for line in bundle],),
                result_ttl=0,
                failure_ttl=0,
                timeout=3600,
            )
            for bundle in self._bundle(lines)
        ]
        try:
            self._queue.enqueue_many(calls)
        except redis.RedisError:
            with self._unit() as uow:
                outbox.forget_wake_ups(uow, uow.now)
                uow.commit()
            raise
