"""The inbox worker: what platforms have told is processed once, in the order of each object.

A failure that may pass is tried again later and holds back its object only; one that somebody must
mend breaks the connection, and everything waits; a delivery that can't be taken is parked, with its
reason, until it is replayed.

Source: spec adapters-commerce, sections 1.6 and 1.7; house B9.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, TypeAlias

from kupon.features.integrations.service.inbound import commands
from kupon.features.integrations.service.inbound.fates import Fate, fate_of, reason_of
from kupon.features.integrations.service.scene import open_scene
from kupon.features.integrations.service.tenants import Tenants
from kupon.hooks.adapter import Delivery
from kupon.hooks.commands import Command
from kupon.hooks.errors import RateLimited, Retry, Stop
from kupon.jobs.registry import Again
from kupon.kit.errors import RaceLost
from kupon.runtime import clock, ids
from kupon.storage.queries import connections, inbox
from kupon.storage.queries.connections import ACTIVE
from kupon.storage.queries.inbox import Entry
from kupon.storage.savepoints import TRANSIENT, savepoint
from kupon.storage.tables.integrations import Connection
from kupon.storage.uow import UnitOfWork

PROCESS: Final = "integrations.process"
WAKE: Final = "integrations.wake"

# Objects that one transaction works on, and deliveries of theirs.
AT_ONCE: Final = 25
MOST: Final = 100
# How long their adapter may ask its platform, before what it has read is done.
_READING_S = 1.0
_LONGEST_S = 900.0
_LONGEST_PACE_S = 60.0
_FORGOTTEN_AFTER = timedelta(minutes=10)

_log = logging.getLogger("kupon.integrations")


def process(
    uow: UnitOfWork, tenants: Tenants, calls: Sequence[Mapping[str, Any]]
) -> list[Again | None]:
    """Process what waits of some objects, of whatever connections of the unit's project.

    Shapes:  a connection that is paused or broken leaves it waiting.
    """
    by_connection: dict[str, dict[str, Mapping[str, Any]]] = {}
    for call in calls:
        by_connection.setdefault(call["connection_id"], {}).setdefault(call["subject"], call)
    turns: dict[str, _Turn] = {}
    for id in sorted(by_connection):
        row = connections.find_connection(uow, id, is_kept=True)
        if row is not None and row.status == ACTIVE:
            turns[id] = _Turn(uow, tenants, row, by_connection[id])
            turns[id].carry_out()
    # Last, because all jobs write to the same rows there.
    for turn in turns.values():
        turn.note()
    return [
        turns[call["connection_id"]].again(call["subject"])
        if call["connection_id"] in turns
        else None
        for call in calls
    ]


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


# What deliveries say, or why that can't be told.
_Read: TypeAlias = Sequence[Command] | Exception


@dataclass(slots=True)
class _Line:
    """What waits of one object, the oldest first; when to look again."""

    arguments: Mapping[str, Any]
    entries: list[Entry]
    again: Again | None = None


class _Turn:
    """One job's work on some objects of one connection.

    First the adapter reads all, which may ask the platform; only then anything is written, so that
    nobody waits for what is locked while the platform thinks.
    """

    def __init__(
        self,
        uow: UnitOfWork,
        tenants: Tenants,
        row: Connection,
        calls: Mapping[str, Mapping[str, Any]],
    ) -> None:
        self._uow = uow
        self._tenants = tenants
        self._row = row
        # The row itself is read anew after each part that is undone.
        self._connection_id = row.id
        self._is_success_news = connections.is_success_news(uow, row)
        self._scene = open_scene(uow, row)
        self._lines = {subject: _Line(arguments, []) for subject, arguments in calls.items()}
        self._done: list[int] = []
        self._failure = ""
        self._is_broken = False

    def again(self, subject: str) -> Again | None:
        """When the job of an object is to go on."""
        return self._lines[subject].again

    def carry_out(self) -> None:
        """Process what waits."""
        adapter = self._open()
        if adapter is None:
            return
        entries = inbox.claim_waiting(self._uow, self._connection_id, list(self._lines), MOST)
        for entry in entries:
            self._lines[entry.subject].entries.append(entry)
        for line, read in self._read_all(adapter):
            if not self._is_broken and self._take(line, line.entries, read) is not None:
                self._one_by_one(adapter, line)
        if len(entries) == MOST and not self._is_broken:
            # Any object may have more.
            for line in self._lines.values():
                line.again = line.again or Again(line.arguments)

    def note(self) -> None:
        """What the connection is to tell of this turn."""
        if self._done:
            inbox.settle(self._uow, self._done, "DONE")
        if self._failure:
            connections.note_failure(self._uow, self._connection_id, self._failure)
        elif self._is_success_news and not self._is_broken and self._scene.counts["inbox.done"]:
            connections.note_success(self._uow, self._connection_id)
        day = self._scene.day(self._uow.now)
        connections.count(self._uow, self._connection_id, day, self._scene.counts)

    def _open(self) -> Any:
        """The adapter, None where the connection can't work."""
        try:
            return self._tenants.adapter(self._row, self._scene.project.timezone)
        except Stop as error:
            self._break(str(error))
            return None

    def _break(self, reason: str) -> None:
        self._is_broken = True
        connections.break_connection(self._uow, self._connection_id, reason)

    def _read_all(self, adapter: Any) -> list[tuple[_Line, _Read]]:
        """What the adapter makes of each object; those that take too long come in a later turn."""
        ends_at = clock.monotonic_s() + _READING_S
        read: list[tuple[_Line, _Read]] = []
        for line in self._lines.values():
            if line.entries and clock.monotonic_s() < ends_at:
                read.append((line, _read(adapter, line.entries)))
            elif line.entries:
                line.again = Again(line.arguments)
        return read

    def _take(self, line: _Line, entries: Sequence[Entry], read: _Read) -> Fate | None:
        """Do what deliveries say together, all or none; what is done where that failed."""
        scene, notes = self._scene, len(self._scene.notes)
        counts = scene.counts.copy()
        failure = read if isinstance(read, Exception) else self._apply(read)
        if failure is None:
            self._settle(entries, "DONE", "; ".join(scene.notes[notes:]) or None)
            return None
        del scene.notes[notes:]
        scene.counts = counts
        return self._judge(line, entries, failure)

    def _apply(self, said: Sequence[Command]) -> Exception | None:
        try:
            with savepoint(self._uow):
                for command in said:
                    is_news = commands.apply(self._uow, self._scene, command)
                    self._scene.counts["inbox.older"] += not is_news
        except RaceLost as error:
            return Retry(f"others were faster: {error}")
        except TRANSIENT:
            raise
        except Exception as error:  # noqa: BLE001 - one delivery's trouble must not stop others
            return error
        return None

    def _one_by_one(self, adapter: Any, line: _Line) -> None:
        """Process each of several for itself, up to one that has to wait."""
        if len(line.entries) == 1:
            return
        for entry in line.entries:
            if line.again is not None or self._is_broken:
                return
            self._take(line, [entry], _read(adapter, [entry]))

    def _judge(self, line: _Line, entries: Sequence[Entry], failure: Exception) -> Fate:
        """Decide what becomes of deliveries that failed together; of several, only whether to wait.

        A failure of several may be that of one: all but those of the connection are left to the
        tries one by one.
        """
        fate = fate_of(failure, entries[0].attempts + 1)
        reason = reason_of(failure)
        match fate:
            case Fate.STOPPED:
                self._break(reason)
            case Fate.AGAIN if len(entries) == 1 or isinstance(failure, RateLimited):
                self._wait(line, entries[0], failure, reason)
            case Fate.IGNORED | Fate.PARKED if len(entries) == 1:
                if fate is Fate.PARKED:
                    self._failure = f"{entries[0].event} {entries[0].delivery_id}: {reason}"
                self._settle(entries, fate, reason)
        return fate

    def _wait(self, line: _Line, entry: Entry, failure: Exception, reason: str) -> None:
        arguments = dict(line.arguments)
        if isinstance(failure, RateLimited):
            # Nothing failed; with many objects waiting, each asks ever more seldom.
            turns = int(arguments.get("turns", 0)) + 1
            pause = max(failure.retry_after_s or 0.0, min(_LONGEST_PACE_S, 0.1 * 2**turns))
            arguments["turns"] = min(turns, 20)
        else:
            inbox.note_try(self._uow, [entry.seq], reason)
            self._failure = reason
            pause = min(_LONGEST_S, 2.0 ** min(entry.attempts, 20))
            if isinstance(failure, Retry) and failure.retry_after_s is not None:
                pause = max(failure.retry_after_s, 0.0)
        line.again = Again(arguments, timedelta(seconds=pause * _jitter()))

    def _settle(self, entries: Sequence[Entry], state: str, reason: str | None) -> None:
        seqs = [entry.seq for entry in entries]
        if state == "DONE" and reason is None:
            self._done += seqs
        else:
            inbox.settle(self._uow, seqs, state, reason)
        self._scene.counts[f"inbox.{state.lower()}"] += len(entries)


def _read(adapter: Any, entries: Sequence[Entry]) -> _Read:
    """Have deliveries read."""
    try:
        return list(adapter.process([_delivery(entry) for entry in entries]))
    except Exception as error:  # noqa: BLE001 - one delivery's trouble must not stop others
        return error


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
