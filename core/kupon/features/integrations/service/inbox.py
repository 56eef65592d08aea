"""The inbox worker: what platforms have told is processed once, in the order of each object.

A failure that may pass is tried again later and holds back its object only; one that somebody must
mend breaks the connection, and everything waits; a delivery that can't be taken is parked, with its
reason, until it is replayed.

Source: spec adapters-commerce, sections 1.6 and 1.7; house B9.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final, TypeAlias

from kupon.features.integrations.service import commands
from kupon.features.integrations.service.scene import open_scene
from kupon.features.integrations.service.tenants import Tenants
from kupon.hooks.adapter import Delivery
from kupon.hooks.errors import RateLimited, Retry, Skip, Stop
from kupon.jobs.registry import Again
from kupon.kit.errors import KuponError, RaceLost
from kupon.runtime import ids
from kupon.storage.queries import connections, inbox
from kupon.storage.queries.connections import ACTIVE
from kupon.storage.queries.inbox import Entry
from kupon.storage.savepoints import TRANSIENT, savepoint
from kupon.storage.tables.integrations import Connection
from kupon.storage.uow import UnitOfWork

PROCESS: Final = "integrations.process"
WAKE: Final = "integrations.wake"

# Deliveries of one object that are processed at once.
MOST: Final = 100
# About a day of a platform that is away.
MOST_TRIES: Final = 100
# A mistake of ours seldom mends itself.
MOST_TRIES_OF_MISTAKES: Final = 8
_LONGEST_S = 900.0
_LONGEST_PACE_S = 60.0
_FORGOTTEN_AFTER = timedelta(minutes=10)

_log = logging.getLogger("kupon.integrations")


class Fate(StrEnum):
    """What is done next with a delivery that failed."""

    IGNORED = "IGNORED"
    PARKED = "PARKED"
    AGAIN = "AGAIN"
    STOPPED = "STOPPED"


def process(uow: UnitOfWork, tenants: Tenants, arguments: Mapping[str, Any]) -> Again | None:
    """Process what waits of one object of one connection.

    Shapes:  a connection that is paused or broken leaves it waiting.
    """
    row = connections.find_connection(uow, arguments["connection_id"])
    if row is None or row.status != ACTIVE:
        return None
    entries = inbox.claim_waiting(uow, row.id, arguments["subject"], MOST)
    if not entries:
        return None
    return _Turn(uow, tenants, row, arguments).carry_out(entries)


def wake(uow: UnitOfWork, arguments: Mapping[str, Any]) -> None:
    """Have everything that waits in a connection processed, after it was resumed.

    It comes after the resumption's commit, so that nothing slips in between that met the pause.
    """
    inbox.enqueue_waiting(uow, PROCESS, arguments["connection_id"])


def sweep(uow: UnitOfWork) -> None:
    """Have processed what waits although nobody works on it."""
    inbox.enqueue_forgotten(uow, PROCESS, uow.now - _FORGOTTEN_AFTER)


def purge(uow: UnitOfWork) -> None:
    """Forget what no platform repeats any more."""
    inbox.purge(uow)


class _Turn:
    """One job's work on one object."""

    def __init__(
        self, uow: UnitOfWork, tenants: Tenants, row: Connection, arguments: Mapping[str, Any]
    ) -> None:
        self._uow = uow
        self._tenants = tenants
        self._row = row
        # The row itself is read anew after each part that is undone.
        self._connection_id = row.id
        self._is_success_news = connections.is_success_news(uow, row)
        self._arguments = arguments
        self._scene = open_scene(uow, row)
        self._failure = ""
        self._fate: Fate | None = None
        self._again: Again | None = None

    def carry_out(self, entries: Sequence[Entry]) -> Again | None:
        """Process some deliveries, the oldest first; what the job answers."""
        try:
            adapter = self._tenants.adapter(self._row, self._scene.project.timezone)
        except Stop as error:
            connections.break_connection(self._uow, self._connection_id, str(error))
            return None
        is_over = self._process(adapter, entries) is None or self._one_by_one(adapter, entries)
        self._note()
        if self._again is None and is_over and len(entries) == MOST:
            return Again(self._arguments)
        return self._again

    def _process(self, adapter: Any, entries: Sequence[Entry]) -> Fate | None:
        """Process deliveries together, all or none; what is to be done where that failed."""
        scene, notes = self._scene, len(self._scene.notes)
        counts = scene.counts.copy()
        try:
            with savepoint(self._uow):
                for command in adapter.process([_delivery(entry) for entry in entries]):
                    is_news = commands.apply(self._uow, scene, command)
                    scene.counts["inbox.older"] += not is_news
        except RaceLost as error:
            failure: Exception = Retry(f"others were faster: {error}")
        except TRANSIENT:
            raise
        except Exception as error:  # noqa: BLE001 - one delivery's trouble must not stop others
            failure = error
        else:
            self._settle(entries, "DONE", "; ".join(scene.notes[notes:]) or None)
            return None
        del scene.notes[notes:]
        scene.counts = counts
        return self._judge(entries, failure)

    def _one_by_one(self, adapter: Any, entries: Sequence[Entry]) -> bool:
        """Process each for itself, up to one that has to wait; whether none had to."""
        if len(entries) == 1 or self._is_stopped:
            return not self._is_stopped
        for entry in entries:
            self._process(adapter, [entry])
            if self._is_stopped:
                return False
        return True

    @property
    def _is_stopped(self) -> bool:
        return self._again is not None or self._fate is Fate.STOPPED

    def _judge(self, entries: Sequence[Entry], failure: Exception) -> Fate | None:
        """Decide what becomes of deliveries that failed together; of several, only whether to wait.

        A failure of several may be that of one: all but those of the connection are left to the
        tries one by one.
        """
        self._fate = _fate_of(failure, entries[0].attempts + 1)
        reason = _reason(failure)
        match self._fate:
            case Fate.STOPPED:
                connections.break_connection(self._uow, self._connection_id, reason)
            case Fate.AGAIN if len(entries) == 1 or isinstance(failure, RateLimited):
                self._wait(entries[0], failure, reason)
            case Fate.IGNORED | Fate.PARKED if len(entries) == 1:
                if self._fate is Fate.PARKED:
                    self._failure = f"{entries[0].event} {entries[0].delivery_id}: {reason}"
                self._settle(entries, self._fate, reason)
        return self._fate

    def _wait(self, entry: Entry, failure: Exception, reason: str) -> None:
        if isinstance(failure, RateLimited):
            # Nothing failed; with many objects waiting, each asks ever more seldom.
            turns = int(self._arguments.get("turns", 0)) + 1
            pause = max(failure.retry_after_s or 0.0, min(_LONGEST_PACE_S, 0.1 * 2**turns))
            arguments = {**self._arguments, "turns": min(turns, 20)}
        else:
            inbox.note_try(self._uow, [entry.seq], reason)
            self._failure = reason
            pause = min(_LONGEST_S, 2.0 ** min(entry.attempts, 20))
            if isinstance(failure, Retry) and failure.retry_after_s is not None:
                pause = max(failure.retry_after_s, 0.0)
            arguments = dict(self._arguments)
        self._again = Again(arguments, timedelta(seconds=pause * _jitter()))

    def _settle(self, entries: Sequence[Entry], state: str, reason: str | None) -> None:
        inbox.settle(self._uow, [entry.seq for entry in entries], state, reason)
        self._scene.counts[f"inbox.{state.lower()}"] += len(entries)

    def _note(self) -> None:
        """What the connection is to tell of this turn, last, because all its jobs tell it there."""
        if self._failure:
            connections.note_failure(self._uow, self._connection_id, self._failure)
        elif self._is_success_news and self._fate is not Fate.STOPPED and self._again is None:
            connections.note_success(self._uow, self._connection_id)
        day = self._scene.day(self._uow.now)
        connections.count(self._uow, self._connection_id, day, self._scene.counts)


def _fate_of(failure: Exception, tries: int) -> Fate:
    match failure:
        case Stop():
            return Fate.STOPPED
        case Skip():
            return Fate.IGNORED
        case RateLimited():
            return Fate.AGAIN
        case Retry():
            return Fate.AGAIN if tries < MOST_TRIES else Fate.PARKED
        case KuponError() if failure.status < 500:
            # Kupon refuses it as it is now; somebody may change that and replay it.
            return Fate.PARKED
        case KuponError():
            return Fate.AGAIN if tries < MOST_TRIES else Fate.PARKED
        case _:
            _log.error("a delivery can't be processed", exc_info=failure)
            return Fate.AGAIN if tries < MOST_TRIES_OF_MISTAKES else Fate.PARKED


_Known: TypeAlias = KuponError | Retry | Skip | Stop


def _reason(failure: Exception) -> str:
    """What may be told: of a mistake its kind only, for its text may repeat what was sent."""
    return str(failure) if isinstance(failure, _Known) else f"mistake: {type(failure).__name__}"


def _delivery(entry: Entry) -> Delivery:
    return Delivery(
        id=entry.delivery_id,
        event=entry.event,
        subject=entry.subject,
        payload=entry.payload,
        occurred_at=entry.occurred_at,
    )


def _jitter() -> float:
    """Between 0.75 and 1.25, so that what failed together does not come back together."""
    return 0.75 + ids.random_bytes(1)[0] / 510
