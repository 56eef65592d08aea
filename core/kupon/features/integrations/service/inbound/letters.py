"""Looking at what came in: statistics, deliveries with their fates, replays."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from kupon.features.integrations.schemas import deliveries as wire
from kupon.features.integrations.service.entering import check_project
from kupon.features.integrations.service.inbound.inbox import PROCESS
from kupon.kit.calendar import Calendar
from kupon.kit.errors import KuponError
from kupon.kit.pages import list_body
from kupon.storage.queries import connections, inbox
from kupon.storage.queries.inbox import IGNORED, PARKED
from kupon.storage.uow import UnitOfWork

_REPLAYED: Final = (PARKED, IGNORED)
_DAYS: Final = 30


def statistics(uow: UnitOfWork, project_id: str, reference: str) -> dict[str, Any]:
    """What waits in a connection now, and what went through it."""
    project = check_project(uow, project_id)
    row = connections.get_connection(uow, project_id, reference)
    today = Calendar(uow.now, ZoneInfo(project.timezone)).today
    since = (today - timedelta(days=_DAYS - 1)).isoformat()
    return wire.dump_statistics(
        row,
        inbox.count_states(uow, project_id, row.id),
        connections.sum_counts(uow, project_id, row.id),
        connections.list_counts(uow, project_id, row.id, since),
    )


def list_deliveries(
    uow: UnitOfWork, project_id: str, reference: str, query: Mapping[str, Any]
) -> dict[str, Any]:
    """Deliveries of a connection, the newest first; those that are parked where nothing is asked.

    Shapes:  the next page begins after the last number of this one.
    """
    row = connections.get_connection(uow, project_id, reference)
    limit = query["limit"]
    found = inbox.list_entries(
        uow,
        project_id,
        row.id,
        states=[query["state"]],
        before=query.get("starting_after"),
        limit=limit + 1,
    )
    rows = [wire.dump_delivery(entry) for entry in found[:limit]]
    return list_body("data", rows, has_more=len(found) > limit)


def get_delivery(uow: UnitOfWork, project_id: str, reference: str, number: int) -> dict[str, Any]:
    """One delivery with what the platform sent."""
    row = connections.get_connection(uow, project_id, reference)
    entry = inbox.get_entry(uow, project_id, row.id, number)
    return wire.dump_delivery(entry) | {"payload": entry.payload}


def replay(
    uow: UnitOfWork, project_id: str, reference: str, number: int | None = None
) -> dict[str, Any]:
    """Have a delivery that was given up processed as if it came now, or all that are parked.

    Raises:  not_found; invalid_payload for one that was not given up.
    """
    row = connections.get_connection(uow, project_id, reference)
    if number is not None:
        entry = inbox.get_entry(uow, project_id, row.id, number)
        if entry.state not in _REPLAYED:
            raise KuponError("invalid_payload", f"Delivery {number} is {entry.state}")
    uow.project_id = project_id
    states = (PARKED,) if number is None else _REPLAYED
    replayed = inbox.replay(uow, row.id, seq=number, states=states)
    if replayed:
        inbox.enqueue_subjects(uow, PROCESS, row.id, list(dict.fromkeys(replayed)))
    return {"object": "replay", "count": len(replayed)}
