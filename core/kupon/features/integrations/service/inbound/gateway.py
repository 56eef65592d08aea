"""The way in for processes of plugins: deliveries that did not come as requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from kupon.features.integrations.service.inbound.receiving import entry_of, store
from kupon.features.integrations.service.inbound.storable import key_of
from kupon.features.integrations.service.tenants import Tenants
from kupon.hooks.adapter import Delivery, InboundRequest
from kupon.hooks.errors import Misconfigured, Skip, Unmappable
from kupon.hooks.gateway import Result, Tap
from kupon.kit.errors import KuponError
from kupon.storage.queries import connections, inbox_results
from kupon.storage.queries.keys import load_facts
from kupon.storage.uow import UnitOfWork


def open_tap(uow: UnitOfWork, tenants: Tenants, reference: str, adapter: str | None) -> Tap:
    """A connection of the unit's project by id or name, which is one of the adapter, or of any.

    Raises:  Misconfigured.
    """
    try:
        row = connections.get_connection(uow, uow.project_id, reference)
    except KuponError as error:
        raise Misconfigured(error.details or error.message) from None
    if adapter not in (None, row.adapter):
        raise Misconfigured(f"connection {row.name} is one of adapter {row.adapter}")
    settings = tenants.adapter(row).config
    return Tap(id=row.id, project_id=row.project_id, settings=settings)


def read(
    uow: UnitOfWork, tenants: Tenants, tap: Tap, letters: Sequence[tuple[Mapping[str, str], bytes]]
) -> list[Sequence[Delivery] | Skip]:
    """What a connection's adapter finds in headers and bodies that came by other ways.

    Raises:  Misconfigured where the connection is gone, or takes nothing.
    """
    row = connections.find_connection(uow, tap.id)
    if row is None:
        raise Misconfigured(f"connection {tap.id} is gone")
    adapter: Any = tenants.adapter(row, load_facts(uow).timezone)
    if not adapter.manifest().can("*.receive"):
        raise Misconfigured(f"adapter {row.adapter} receives nothing")
    return [_read(adapter, headers, body, uow.now) for headers, body in letters]


def _read(
    adapter: Any, headers: Mapping[str, str], body: bytes, now: datetime
) -> Sequence[Delivery] | Skip:
    request = InboundRequest(
        method="POST",
        path="",
        headers={name.lower(): value for name, value in headers.items()},
        query={},
        body=body,
        received_at=now,
    )
    try:
        found = list(adapter.receive(request))
        for each in found:
            # What can't be stored is told of the letter that it came with.
            entry_of(each, now)
        return found
    except Skip as error:
        return error
    except RecursionError:
        return Unmappable("request", "it is nested too deeply")


def take(uow: UnitOfWork, tap: Tap, deliveries: Sequence[Delivery], *, wants_results: bool) -> None:
    """Put what was read for a connection into its inbox.

    Raises:  Misconfigured where the connection is gone.
    """
    if connections.find_connection(uow, tap.id) is None:
        raise Misconfigured(f"connection {tap.id} is gone")
    store(uow, tap.id, deliveries)
    if wants_results:
        inbox_results.want_results(uow, tap.id, [key_of(each.id) for each in deliveries])


def results(uow: UnitOfWork, tap: Tap, most: int) -> list[Result]:
    """What became of a connection's deliveries that nobody was told; it counts as told now."""
    found = inbox_results.claim_untold(uow, tap.id, most)
    inbox_results.note_told(uow, [each.seq for each in found])
    return [
        Result(
            id=each.delivery_id,
            event=each.event,
            payload=each.payload,
            state=each.state,
            error=each.error,
            processed_at=each.processed_at,
        )
        for each in found
    ]
