"""The worker: drains lines of jobs, each job in one transaction with its own removal."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import redis
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer

from kupon.jobs import retry
from kupon.jobs.registry import Again, JobRegistry
from kupon.jobs.relay import QUEUE
from kupon.runtime import clock, log
from kupon.storage.database import Engine
from kupon.storage.queries import outbox
from kupon.storage.queries.outbox import JobRow
from kupon.storage.uow import UnitOfWork

# A line that takes longer goes to the end of the queue, so that others get their turn.
TURN_S = 2.0

_log = logging.getLogger("kupon.worker")


@dataclass(slots=True)
class _Process:
    """What the jobs of this process share; RQ calls `drain` by name, without arguments of ours."""

    engine: Engine
    registry: JobRegistry


_process: _Process | None = None


def run_worker(
    engine: Engine, client: redis.Redis, registry: JobRegistry, *, is_burst: bool = False
) -> None:
    """Work until told to stop by a signal, or until the queue is empty (burst)."""
    global _process
    _process = _Process(engine, registry)
    queue = Queue(QUEUE, connection=client, serializer=JSONSerializer)
    # No fork for each job: the handlers are ours and leave nothing behind but their transaction.
    worker = SimpleWorker([queue], connection=client, serializer=JSONSerializer)
    worker.work(burst=is_burst, logging_level="WARNING")


def drain(lines: Sequence[tuple[str, str, str]]) -> int:
    """Do the jobs of some lines, given by project, handler and order key.

    Shapes:  the number of jobs done.
    """
    if _process is None:
        raise RuntimeError("drain runs inside run_worker only")
    engine, registry = _process.engine, _process.registry
    return sum(drain_line(engine, registry, *line) for line in lines)


def drain_line(
    engine: Engine, registry: JobRegistry, project_id: str, handler: str, order_key: str
) -> int:
    """Do the jobs of one line in their order, until none is due or the turn is over."""
    done = 0
    ends_at = clock.monotonic_s() + TURN_S
    while clock.monotonic_s() < ends_at:
        if not _do_next(engine, registry, project_id, handler, order_key):
            return done
        done += 1
    with UnitOfWork(engine, project_id=project_id, now=clock.now()) as uow:
        outbox.wake_again(uow, handler, order_key)
        uow.commit()
    return done


def _do_next(
    engine: Engine, registry: JobRegistry, project_id: str, handler: str, order_key: str
) -> bool:
    job: JobRow | None = None
    try:
        with UnitOfWork(engine, project_id=project_id, now=clock.now()) as uow:
            job = outbox.claim_job(uow, handler, order_key)
            if job is None:
                return False
            again = _find(registry, handler)(uow, job)
            if again is None:
                outbox.delete_job(uow, job.id)
            else:
                outbox.postpone_job(uow, job.id, uow.now + again.after, dict(again.arguments))
            uow.commit()
    except Exception:
        if job is None:
            raise
        # Out of the unit of work, whose lock on the job would keep the failure from being noted.
        _log.exception("job failed", extra={"handler": handler, "order_key": order_key})
        _record_failure(engine, project_id, job)
        return False
    return True


def _find(registry: JobRegistry, handler: str) -> Callable[[UnitOfWork, JobRow], Again | None]:
    if (task := registry.tasks.get(handler)) is not None:
        return lambda uow, job: task(uow, job.arguments)
    consumer = registry.consumers[handler]

    def deliver(uow: UnitOfWork, job: JobRow) -> None:
        event = outbox.get_event(uow, job.arguments["seq"])
        if event is not None:
            uow.request_id = event.request_id
            log.request_id.set(event.request_id)
            consumer(uow, event)

    return deliver


def _record_failure(engine: Engine, project_id: str, job: JobRow) -> None:
    with UnitOfWork(engine, project_id=project_id, now=clock.now()) as uow:
        outbox.fail_job(
            uow,
            job.id,
            error=traceback.format_exc(limit=-3),
            retry_at=retry.next_try(job.attempts + 1, uow.now),
        )
        uow.commit()
