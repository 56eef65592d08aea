"""Pulling what a platform has: page by page, each in one transaction with the place it leads to.

Source: spec adapters-commerce, section 1.6.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

from kupon.features.integrations.service.inbound import commands
from kupon.features.integrations.service.pauses import back_off
from kupon.features.integrations.service.pulls import sweeping
from kupon.features.integrations.service.scene import Scene, open_scene
from kupon.hooks.adapter import Adapter, Page
from kupon.hooks.commands import Command
from kupon.hooks.errors import Retry, Skip, Stop
from kupon.jobs.registry import Again
from kupon.kit.errors import KuponError
from kupon.storage.queries import connections, projects, sweeps, sync_runs
from kupon.storage.queries.sync_runs import OPEN
from kupon.storage.savepoints import TRANSIENT, savepoint
from kupon.storage.tables.integrations import Connection, SyncRun
from kupon.storage.uow import UnitOfWork

_log = logging.getLogger("kupon.integrations")

# Tries of one page before the run is left to somebody.
TRIES: Final = 8
_LOOK_AGAIN: Final = timedelta(seconds=30)


def pull(uow: UnitOfWork, tenants: Any, arguments: Mapping[str, Any]) -> Again | None:
    """Pull the next page of a run; when to go on with the one after it.

    Shapes:  a run waits while its connection is paused or left alone; a page that was applied by
        a transaction that died comes again, and changes nothing then.
    """
    run = sync_runs.find_run(uow, arguments["run_id"])
    row = None if run is None else connections.find_connection(uow, run.connection_id)
    project = projects.find_project(uow, uow.project_id)
    if run is None or row is None or project is None or run.state not in OPEN:
        return None
    if row.status != connections.ACTIVE:
        return Again(arguments, _LOOK_AGAIN)
    if row.blocked_until is not None and row.blocked_until > uow.now:
        return Again(arguments, row.blocked_until - uow.now)
    try:
        page = _fetch(tenants.adapter(row, project.timezone), run)
    except Retry as error:
        return _try_later(uow, run, arguments, error)
    except Stop as error:
        sync_runs.close_run(uow, run.id, "FAILED", str(error))
        connections.break_connection(uow, row.id, str(error))
        return None
    return _take(uow, row, run, page)


def _fetch(adapter: Adapter, run: SyncRun) -> Page:
    """A page of what the platform has.

    Raises:  Retry, also for what is the adapter's own mistake; Stop.
    """
    try:
        page: Page = adapter.pull(run.resource, run.cursor, run.since)  # type: ignore[attr-defined]
    except (Retry, Stop):
        raise
    except Skip as error:
        raise Retry(str(error)) from None
    except Exception as error:
        _log.exception("adapter failed", extra={"run": run.id, "resource": run.resource})
        raise Retry(f"the adapter failed: {type(error).__name__}") from error
    return page


def _try_later(
    uow: UnitOfWork, run: SyncRun, arguments: Mapping[str, Any], error: Retry
) -> Again | None:
    tries = arguments.get("tries", 0) + (error.retry_after_s is None)
    if tries >= TRIES:
        sync_runs.close_run(uow, run.id, "FAILED", str(error))
        connections.note_failure(uow, run.connection_id, str(error))
        return None
    asked = error.retry_after_s
    sync_runs.note_trouble(uow, run.id, str(error))
    pause = back_off(tries) if asked is None else timedelta(seconds=min(asked, 3600))
    return Again({"run_id": run.id, "tries": tries}, pause)


def _take(uow: UnitOfWork, row: Connection, run: SyncRun, page: Page) -> Again | None:
    """Apply a page and note where it leads, all or nothing."""
    if connections.find_connection(uow, row.id, is_kept=True) is None:
        return None
    scene = open_scene(uow, row)
    if run.is_sweep:
        sweeping.note(uow, run, page)
    refused = [{"id": id, "reason": reason} for id, reason in page.skipped]
    failed, stale = _apply(uow, scene, page.commands)
    refused += failed
    done = len(page.commands) - len(failed)
    state = sync_runs.save_page(
        uow,
        run.id,
        cursor=page.cursor,
        done=done,
        skipped=len(refused),
        total=page.total,
        failed=refused,
    )
    counts = {"pulled.done": done - stale, "pulled.stale": stale, "pulled.skipped": len(refused)}
    connections.count(uow, row.id, scene.day(uow.now), counts | dict(scene.counts))
    connections.note_success(uow, row.id)
    if run.is_sweep and state == "DONE":
        sweeps.enqueue_sweep(uow, run)
    return Again({"run_id": run.id}) if state == "RUNNING" else None


def _apply(
    uow: UnitOfWork, scene: Scene, said: Sequence[Command]
) -> tuple[list[dict[str, str]], int]:
    """Do what a page says; what could not be done, and how much was known in a newer state."""
    failed: list[dict[str, str]] = []
    stale = 0
    for command in said:
        with _noting(failed, command), savepoint(uow):
            stale += not commands.apply(uow, scene, command)
    return failed, stale


@contextmanager
def _noting(failed: list[dict[str, str]], command: Command) -> Iterator[None]:
    """Take the failure of one record as that record's, not the page's."""
    try:
        yield
    except TRANSIENT:
        # The page comes again as a whole.
        raise
    except (KuponError, Skip) as error:
        failed.append({"id": _name(command), "reason": str(error)})
    except Exception as error:  # noqa: BLE001 - one record must not hold up all others
        _log.exception("a record can't be taken", extra={"command": type(command).__name__})
        failed.append({"id": _name(command), "reason": f"mistake: {type(error).__name__}"})


def _name(command: Command) -> str:
    named = getattr(command, "source_id", None) or getattr(command, "code", None)
    return str(named or type(command).__name__)
