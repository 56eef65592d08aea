"""Telling platforms: one batch of each kind, what became of it, and when to go on.

The platform is called in the job's transaction, before anything is written; whoever dies between
the call and the commit leaves all items where they were, and they go out again with the same ids.

Source: spec adapters-marketing, sections 1.8 and 1.10.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from kupon.features.integrations.service.outbound import channels, erasing
from kupon.features.integrations.service.outbound.batches import Batch, Packing
from kupon.features.integrations.service.outbound.channels import Ending
from kupon.features.integrations.service.outbound.delivering import Delivery, Fate, Told, deliver
from kupon.features.integrations.service.outbound.hearing import Receiver
from kupon.features.integrations.service.pauses import back_off
from kupon.hooks.adapter import Adapter, CodeItem, Pending
from kupon.hooks.errors import Stop
from kupon.hooks.manifest import Manifest
from kupon.hooks.settings import FILLS_PROFILES
from kupon.jobs.registry import Again
from kupon.kit.calendar import Calendar
from kupon.storage.queries import (
    circuits,
    connections,
    outbound_items,
    outbound_people,
    projects,
    pushed_profiles,
    told_codes,
)
from kupon.storage.queries.outbound_items import (
    CODES,
    ERASURES,
    EVENTS,
    MERGES,
    ORDERS,
    PROFILES,
    ItemRow,
    Settled,
)
from kupon.storage.tables.integrations import Connection
from kupon.storage.tables.projects import Project
from kupon.storage.uow import UnitOfWork

# A hint beyond that is taken for a mistake.
LONGEST_HINT: Final = timedelta(hours=1)
# Where the connection says nothing else.
AGE_LIMIT_H: Final = 24
# So many failures in a row open the circuit.
BREAKER: Final = 5
# What waits for its next try is looked at so often, in case that news came in at the same moment.
_LOOK_AGAIN: Final = timedelta(seconds=10)
_ERASURES_AT_ONCE: Final = 10
# Persons who are to be forgotten go first; then who is who, and what others are addressed by.
_KINDS: Final = (MERGES, PROFILES, CODES, ORDERS, EVENTS)


def push(uow: UnitOfWork, tenants: Any, arguments: Mapping[str, Any]) -> Again | None:
    """Tell a connection's platform what waits for it; when to go on, if anything is left.

    Shapes:  nothing happens where the connection is paused or broken: whoever resumes it wakes it.
    """
    row = connections.find_connection(uow, arguments["connection_id"])
    project = projects.find_project(uow, uow.project_id)
    if row is None or project is None or row.status != connections.ACTIVE:
        return None
    if row.blocked_until is not None and row.blocked_until > uow.now:
        return Again({**arguments, "held": True}, row.blocked_until - uow.now)
    work = _Work(uow, row, project)
    try:
        adapter = tenants.adapter(row, project.timezone)
        work.erase(adapter)
        work.tell(adapter, tenants.public_url)
    except Stop as error:
        work.stop = error
    return work.conclude(arguments)


@dataclass(slots=True)
class _Work:
    """One turn of a connection."""

    uow: UnitOfWork
    row: Connection
    project: Project
    manifest: Manifest | None = None
    counts: Counter[str] = field(default_factory=Counter)
    settled: list[Settled] = field(default_factory=list)
    done: list[int] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)
    receipts: list[tuple[int, str]] = field(default_factory=list)
    pending: list[tuple[int, Pending]] = field(default_factory=list)
    endings: list[Ending] = field(default_factory=list)
    codes: list[CodeItem] = field(default_factory=list)
    held_up: Delivery | None = None
    stop: Stop | None = None

    def erase(self, adapter: Adapter) -> None:
        """Have the platform forget customers.

        Raises:  Stop.
        """
        for item in outbound_items.find_due(self.uow, self.row.id, ERASURES, _ERASURES_AT_ONCE):
            told = erasing.erase(adapter, item)
            if isinstance(told, Pending):
                self.pending.append((item.seq, told))
                self.counts["erasures.pending"] += 1
            elif told.fate is Fate.TAKEN:
                self.receipts.append((item.seq, told.reason))
                self.counts["erasures.done"] += 1
            else:
                self._settle(ERASURES, item, told)

    def tell(self, adapter: Adapter, public_url: str) -> None:
        """Push a batch of each kind, until the platform asks for a pause.

        Raises:  Stop.
        """
        self.manifest = adapter.manifest()
        receiver = Receiver(self.row.id, self.manifest, self.row.outbound)
        is_filling = bool(self.row.settings.get(FILLS_PROFILES))
        packing = Packing(self.uow, self.project, receiver, public_url, is_filling)
        for kind in _KINDS:
            if not self.manifest.can(f"{kind}.push"):
                self.done += outbound_items.find_untellable(self.uow, self.row.id, kind)
                continue
            batch = packing.pack(kind)
            self.done += [row.seq for row in batch.needless]
            self.counts[f"{kind}.unchanged"] += len(batch.needless)
            if not batch.items:
                continue
            delivery = deliver(adapter, kind, batch.items)
            self._take(kind, batch, delivery)
            if delivery.stop is not None:
                raise delivery.stop
            if delivery.is_held_up:
                self.held_up = delivery
                return

    def _take(self, kind: str, batch: Batch, delivery: Delivery) -> None:
        for place, told in sorted(delivery.told.items()):
            row = batch.rows[place]
            self._note(kind, batch, place, told)
            if told.fate is not Fate.TAKEN:
                # Where all wait, the line does, and keeps their order.
                self._settle(kind, row, told, is_held_up=delivery.is_held_up)
                continue
            self.done.append(row.seq)
            self.counts[f"{kind}.pushed"] += 1
            if batch.digests[place]:
                self.digests[row.item_id] = batch.digests[place]

    def _note(self, kind: str, batch: Batch, place: int, told: Told) -> None:
        """What others want to know of an outcome that is one."""
        row, item = batch.rows[place], batch.items[place]
        if told.fate is Fate.LATER:
            return
        if isinstance(item, CodeItem):
            self.codes.append(item)
        if kind == PROFILES:
            reached = channels.RECOVERED if row.attempts else channels.SENT
            how = reached if told.fate is Fate.TAKEN else channels.FAILED
            self.endings.append(Ending(row.item_id, how))

    def _settle(self, kind: str, row: ItemRow, told: Told, *, is_held_up: bool = False) -> None:
        fate = told.fate
        limit = timedelta(hours=self.row.outbound.get("age_limit_hours") or AGE_LIMIT_H)
        is_old = self.uow.now - row.created_at > limit and row.attempts >= BREAKER
        if fate is Fate.LATER and is_old:
            fate = Fate.PARKED
        if fate is not Fate.LATER:
            self.settled.append(Settled(row.seq, fate.value, told.reason))
            self.counts[f"{kind}.{fate.value.lower()}"] += 1
            return
        asked = _hint(told.retry_after_s) or back_off(row.attempts + 1)
        pause = timedelta(0) if is_held_up else asked
        self.settled.append(Settled(row.seq, "WAITING", told.reason, self.uow.now + pause))

    def conclude(self, arguments: Mapping[str, Any]) -> Again | None:
        """Write what was found, the connection's own row last; when to go on."""
        if connections.find_connection(self.uow, self.row.id, is_kept=True) is None:
            # It was removed while its platform was told.
            return None
        # Customers before their items, as whoever erases one has them.
        pushed_profiles.save_digests(self.uow, self.row.id, self.digests)
        if self.manifest is not None:
            channels.stage(self.uow, self.manifest, self.endings)
        outbound_items.lock_items(self.uow, [*self.done, *(each.seq for each in self.settled)])
        outbound_items.delete_items(self.uow, self.done)
        outbound_items.settle_items(self.uow, self.settled)
        self._note_codes()
        for seq, receipt in self.receipts:
            outbound_people.finish_erasure(self.uow, seq, receipt)
        asked_at = self.uow.now + erasing.ASKED_EVERY
        for seq, told in self.pending:
            outbound_people.leave_pending(self.uow, seq, told.ref, told.note, asked_at)
        connections.count(self.uow, self.row.id, self._day(), self.counts)
        if self.stop is not None:
            connections.break_connection(self.uow, self.row.id, str(self.stop))
            return None
        if self.held_up is not None:
            return self._hold(arguments, self.held_up)
        if self.done or self.receipts or self.pending:
            circuits.close_circuit(self.uow, self.row.id)
            connections.note_success(self.uow, self.row.id)
        return self._go_on(arguments)

    def _note_codes(self) -> None:
        known = [each.voucher for each in self.codes if "type" in each.voucher]
        told_codes.note_told(
            self.uow,
            self.row.id,
            [told_codes.Code(each["id"], each.get("campaign_id"), each["code"]) for each in known],
        )
        gone = [each.voucher["id"] for each in self.codes if "type" not in each.voucher]
        told_codes.forget(self.uow, self.row.id, gone)

    def _day(self) -> str:
        zone = ZoneInfo(self.project.timezone)
        return Calendar(self.uow.now, zone).today.isoformat()

    def _hold(self, arguments: Mapping[str, Any], delivery: Delivery) -> Again:
        """Leave the platform alone for a while; after several failures in a row, openly so."""
        hint = _hint(delivery.retry_after_s)
        # Asking for fewer calls is no failure.
        failures = arguments.get("failures", 0) + (hint is None)
        pause = hint or back_off(failures)
        if hint is None:
            reason = next(iter(delivery.told.values())).reason
            until = self.uow.now + pause if failures >= BREAKER else None
            circuits.note_failures(self.uow, self.row.id, failures, reason, until)
        held = {"connection_id": self.row.id, "held": True, "failures": failures}
        return Again(held, pause)

    def _go_on(self, arguments: Mapping[str, Any]) -> Again | None:
        due = outbound_items.next_due(self.uow, self.row.id)
        if due is None:
            return None
        pause = min(max(due - self.uow.now, timedelta(0)), _LOOK_AGAIN)
        return Again({"connection_id": arguments["connection_id"]}, pause)


def _hint(retry_after_s: float | None) -> timedelta | None:
    return None if retry_after_s is None else min(timedelta(seconds=retry_after_s), LONGEST_HINT)
