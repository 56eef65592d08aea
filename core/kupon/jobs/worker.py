"""The worker: drains lines of jobs, each job in one transaction with its own removal."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Sequence
from dataclasses import dataclass

import redis
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer

from kupon.jobs import retry
from kupon.jobs.callers import Callers, Line
from kupon.jobs.registry import JobRegistry
from kupon.jobs.relay import QUEUE
from kupon.runtime import clock, log
from kupon.storage.database import Engine
from kupon.storage.queries import outbox
from kupon.storage.queries.outbox import JobRow
from kupon.storage.uow import UnitOfWork

# A line that takes longer goes to the end of the queue, so that others get their turn.
TURN_S = 2.0
BATCH = 50

_log = logging.getLogger("kupon.worker")


@dataclass(slots=True)
class _Process:
    """What the jobs of this process share; RQ calls `drain` by name, without arguments of ours."""

    engine: Engine
    registry: JobRegistry
    callers: Callers


_process: _Process | None = None


def run_worker(
    engine: Engine, client: redis.Redis, registry: JobRegistry, *, is_burst: bool = False
) -> None:
    """Work until told to stop by a signal, or until the queue is empty (burst)."""
    global _process

    def drain_line(line: Line) -> None:
        project_id, handler, order_key = line
        drain_lines(engine, registry, project_id, handler, [order_key])

    _process = _Process(engine, registry, Callers(drain_line))
    _recall(engine)
    queue = Queue(QUEUE, connection=client, serializer=JSONSerializer)
    # No fork for each job: the handlers are ours and leave nothing behind but their transaction.
    worker = SimpleWorker([queue], connection=client, serializer=JSONSerializer)
    try:
        worker.work(burst=is_burst, logging_level="WARNING")
    finally:
        _process.callers.close(is_hurried=not is_burst)


def _recall(engine: Engine) -> None:
    """Have all that waits told of again: the worker before may have died with messages in hand.

    Without this they would be told of when they are overdue. Whoever gets a message twice finds
    nothing to do.
    """
    try:
        with UnitOfWork(engine, project_id="", now=clock.now()) as uow:
            outbox.forget_wake_ups(uow, uow.now)
            uow.commit()
    except Exception:  # noqa: BLE001 - the database may be away for a while
        _log.warning("waiting jobs could not be recalled", exc_info=True)
        engine.dispose()


def drain(lines: Sequence[tuple[str, str, str]]) -> int:
    """Do the jobs of some lines, given by project, handler and order key; how many were done.

    Those that call servers of others are only begun.
    """
    if _process is None:
        raise RuntimeError("drain runs inside run_worker only")
    known = [(project_id, handler, order_key) for project_id, handler, order_key in lines]
    calling = [line for line in known if _process.registry.calls_out(line[1])]
    _process.callers.take(calling)
    own = [line for line in known if line not in calling]
    return drain_all(_process.engine, _process.registry, own)


def drain_all(engine: Engine, registry: JobRegistry, lines: Sequence[tuple[str, str, str]]) -> int:
    """As `drain`, with the process's parts given."""
    bundles: dict[tuple[str, str], list[str]] = {}
    for project_id, handler, order_key in lines:
        bundles.setdefault((project_id, handler), []).append(order_key)
    return sum(
        drain_lines(engine, registry, project_id, handler, order_keys)
        for (project_id, handler), order_keys in bundles.items()
    )


def drain_lines(
    engine: Engine,
    registry: JobRegistry,
    project_id: str,
    handler: str,
    order_keys: Sequence[str],
) -> int:
    """Do the jobs of lines of one handler, until none is due or the turn is over.

    Shapes:  the number of jobs done.
    """
    turn = _Turn(engine, registry, project_id, handler)
    ends_at = clock.monotonic_s() + TURN_S
    done = 0
    while clock.monotonic_s() < ends_at:
        count = turn.do_next(order_keys)
        if not count:
            return done
        done += count
    with turn.unit() as uow:
        outbox.wake_again(uow, handler, order_keys)
        uow.commit()
    return done


@dataclass(frozen=True, slots=True)
class _Turn:
    """A worker at the lines of one handler."""

    engine: Engine
    registry: JobRegistry
    project_id: str
    handler: str

    def unit(self) -> UnitOfWork:
        return UnitOfWork(self.engine, project_id=self.project_id, now=clock.now())

    def do_next(self, order_keys: Sequence[str]) -> int:
        """Do what comes next in the lines; how many jobs that was.

        Deliveries and small tasks go together, for a transaction costs more than most of them. If
        that fails they are tried one by one, so that one that can't be done holds back its own line
        only.
        """
        work = self.registry.tasks.get(self.handler)
        return self._attempt(order_keys, BATCH if work is None else work.at_once)

    def _attempt(self, order_keys: Sequence[str], most: int) -> int:
        jobs: list[JobRow] = []
        try:
            with self.unit() as uow:
                jobs = outbox.claim_jobs(uow, self.handler, order_keys, most)
                if jobs:
                    self._do(uow, jobs)
                    uow.commit()
            return len(jobs)
        except Exception:
            if not jobs:
                raise
            # Out of the unit of work, whose lock on the jobs would keep a failure from being noted.
            if len(jobs) > 1:
                lines = dict.fromkeys(job.order_key for job in jobs)
                return sum(self._attempt([line], 1) for line in lines)
            self._record_failure(jobs[0])
            return 0

    def _do(self, uow: UnitOfWork, jobs: Sequence[JobRow]) -> None:
        done = {job.id for job in jobs}
        work = self.registry.tasks.get(self.handler)
        if work is None:
            self._deliver(uow, jobs)
        else:
            answers = work.run(uow, [job.arguments for job in jobs])
            for job, again in zip(jobs, answers, strict=True):
                if again is not None:
                    done.remove(job.id)
                    outbox.postpone_job(uow, job.id, uow.now + again.after, dict(again.arguments))
        if done:
            outbox.delete_jobs(uow, sorted(done))

    def _deliver(self, uow: UnitOfWork, jobs: Sequence[JobRow]) -> None:
        seqs = [job.arguments["seq"] for job in jobs]
        found = outbox.find_events(uow, seqs)
        events = [found[seq] for seq in seqs if seq in found]
        if events:
            # Whatever a batch of one stages or logs belongs to the request behind its event.
            uow.request_id = events[0].request_id if len(events) == 1 else None
            log.request_id.set(uow.request_id)
            self.registry.consumers[self.handler](uow, events)

    def _record_failure(self, job: JobRow) -> None:
        _log.exception("job failed", extra={"handler": self.handler, "order_key": job.order_key})
        with self.unit() as uow:
            outbox.fail_job(
                uow,
                job.id,
                error=traceback.format_exc(limit=-3),
                retry_at=retry.next_try(job.attempts + 1, uow.now),
            )
            uow.commit()
