"""The scheduler: runs periodic tasks once each time they are due, however many schedulers run."""

from __future__ import annotations

import logging
from collections.abc import Callable

from kupon.jobs.registry import JobRegistry, Periodic
from kupon.runtime import clock
from kupon.storage.database import Engine
from kupon.storage.queries import outbox
from kupon.storage.uow import UnitOfWork

POLL_S = 5.0

_log = logging.getLogger("kupon.scheduler")


def run_scheduler(engine: Engine, registry: JobRegistry, is_stopping: Callable[[], bool]) -> None:
    """Run due tasks until told to stop."""
    waited_s = POLL_S
    while not is_stopping():
        if waited_s >= POLL_S:
            waited_s = 0.0
            for task in registry.periodic:
                _run_if_due(engine, task)
        clock.sleep(0.2)
        waited_s += 0.2


def _run_if_due(engine: Engine, task: Periodic) -> None:
    try:
        with UnitOfWork(engine, project_id="", now=clock.now()) as uow:
            if outbox.claim_schedule(uow, task.name, uow.now + task.every):
                task.run(uow)
            uow.commit()
    except Exception:  # noqa: BLE001 - one task's trouble must not stop the others
        _log.exception("periodic task failed", extra={"task": task.name})
        engine.dispose()
