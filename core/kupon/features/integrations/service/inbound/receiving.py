"""What platforms send: proved, stored and answered; nothing else happens before the answer.

Source: spec adapters-commerce, section 1.7; adapters-marketing, sections 1.2 and 1.11.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from kupon.features.integrations.service.inbound.inbox import PROCESS
from kupon.features.integrations.service.inbound.shop import ProjectShop
from kupon.features.integrations.service.inbound.storable import LONGEST_KEY, dump, key_of, plain
from kupon.features.integrations.service.scene import open_scene
from kupon.features.integrations.service.tenants import Tenants
from kupon.hooks.adapter import Delivery, InboundRequest, InboundResponse
from kupon.hooks.errors import AdapterError, Misconfigured, Refused, Retry, Skip
from kupon.kit.calendar import Calendar
from kupon.kit.errors import KuponError
from kupon.kit.timestamps import credible
from kupon.runtime import clock
from kupon.storage.queries import connections, inbox
from kupon.storage.queries.inbox import NewEntry
from kupon.storage.queries.keys import load_facts
from kupon.storage.savepoints import savepoint
from kupon.storage.tables.integrations import Connection
from kupon.storage.uow import UnitOfWork

_SERVING: Final = frozenset(("cart.price", "content.serve"))

# By then the platform has its answer, and has stored what it asked about.
_MADE_UP_AFTER: Final = timedelta(seconds=5)

_log = logging.getLogger("kupon.integrations")


def answer(
    uow: UnitOfWork,
    tenants: Tenants,
    row: Connection,
    request: InboundRequest,
    admit: Callable[[], None],
) -> InboundResponse:
    """Answer a request that came for a connection, of the unit's project.

    Shapes:  401 for one that is not the platform's, 503 where the settings lack what would prove
        it, 400 for what can't be read; what a paused connection is told waits. admit is asked once
        it is known to be the platform's, and may refuse it.
    """
    try:
        adapter: Any = tenants.adapter(row, _timezone(uow, tenants, row))
        adapter.verify(request)
    except Refused as refusal:
        return _refuse(uow, row, str(refusal))
    except Misconfigured as error:
        connections.break_connection(uow, row.id, str(error))
        return _error(KuponError("service_unavailable", "The connection is not configured"))
    admit()
    if adapter.answers(request):
        return _respond(uow, row, adapter, request)
    try:
        deliveries = adapter.receive(request)
        store(uow, row.id, deliveries)
    except Skip as error:
        return _error(KuponError("invalid_payload", error.reason))
    except RecursionError:
        return _error(_too_deep())
    answered: InboundResponse = adapter.acknowledge(request, deliveries)
    return answered


def _timezone(uow: UnitOfWork, tenants: Tenants, row: Connection) -> str:
    """The project's, for adapters whose answers may hold dates; the others need not know."""
    adapter = tenants.contributions.adapters.get(row.adapter)
    if adapter is None or not _SERVING & adapter.manifest().capabilities:
        return "UTC"
    return load_facts(uow).timezone


def store(uow: UnitOfWork, connection_id: str, deliveries: Sequence[Delivery]) -> None:
    """Put deliveries into the inbox, and have a worker look at each object that has new ones.

    Raises:  RecursionError where one is nested too deeply; nothing is stored then.
    """
    entries = [entry_of(each, uow.now) for each in deliveries]

    def insert() -> None:
        subjects = inbox.insert_entries(uow, connection_id, entries)
        if subjects:
            inbox.enqueue_subjects(uow, PROCESS, connection_id, subjects)

    if len(entries) == 1:
        insert()
    else:
        # Two that store the same deliveries in different orders wait for each other.
        uow.attempt(insert)


def entry_of(delivery: Delivery, now: datetime) -> NewEntry:
    """A delivery as it is stored.

    Raises:  RecursionError for one that is nested too deeply.
    """
    return NewEntry(
        delivery_id=key_of(delivery.id),
        event=plain(delivery.event)[:LONGEST_KEY],
        subject=key_of(delivery.subject),
        payload=dump(delivery.payload),
        occurred_at=credible(delivery.occurred_at, now),
    )


def _respond(
    uow: UnitOfWork, row: Connection, adapter: Any, request: InboundRequest
) -> InboundResponse:
    """Have the adapter answer at once; where it can't, a checkout goes on without Kupon."""
    manifest = adapter.manifest()
    scene = open_scene(uow, row)
    ends_at = None
    if manifest.deadline_ms is not None:
        ends_at = clock.monotonic_s() + manifest.deadline_ms / 1000
        adapter.http.total_s = min(adapter.http.total_s, manifest.deadline_ms / 1000)
    is_open = row.status != connections.PAUSED
    shop = ProjectShop(uow, scene, ends_at=ends_at, is_open=is_open)
    try:
        with savepoint(uow):
            answered: InboundResponse = adapter.respond(request, shop)
            return answered
    except Exception as error:  # a failed price is no price
        refusal = _too_deep() if isinstance(error, RecursionError) else error
        if isinstance(refusal, KuponError) and not manifest.can("cart.price"):
            return _error(refusal)
        if not manifest.can("cart.price"):
            raise
        if not isinstance(error, KuponError | AdapterError):
            _log.exception("a cart can't be priced", extra={"connection": scene.connection_id})
        if is_open and _may_pass(error):
            _make_up(uow, row, adapter.missed(request))
        kept: InboundResponse = adapter.acknowledge(request, ())
        return kept


def _may_pass(error: Exception) -> bool:
    return isinstance(error, Retry) or (isinstance(error, KuponError) and error.status >= 500)


def _make_up(uow: UnitOfWork, row: Connection, missed: Sequence[Delivery]) -> None:
    """Have a worker make up for what could not be answered."""
    entries = [entry_of(each, uow.now) for each in missed]
    subjects = inbox.insert_entries(uow, row.id, entries)
    if subjects:
        inbox.enqueue_subjects(uow, PROCESS, row.id, subjects, _MADE_UP_AFTER)


def _refuse(uow: UnitOfWork, row: Connection, reason: str) -> InboundResponse:
    _log.info("request refused", extra={"connection": row.id, "reason": reason})
    zone = ZoneInfo(load_facts(uow).timezone)
    day = Calendar(uow.now, zone).today.isoformat()
    connections.count(uow, row.id, day, {"inbox.refused": 1})
    return _error(KuponError("unauthorized"))


def _too_deep() -> KuponError:
    return KuponError("invalid_payload", "Payload is nested too deeply")


def _error(error: KuponError) -> InboundResponse:
    return InboundResponse(status=error.status, body=error.body())
