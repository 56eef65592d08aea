"""Creating, reading, changing and removing segments.

Source: spec rules-and-qualification, section 15. UNCERTAIN there: a segment without type is static
    if customers are listed and passive otherwise; customers that nobody knows are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any

from kupon.engine.definitions import DefinitionError
from kupon.engine.segments import STATIC, parse_segment_filter
from kupon.features.customers.schemas import dump_activity
from kupon.features.segments import schemas
from kupon.features.segments.service.walks import begin_sync
from kupon.kit.errors import KuponError, invalid_payload, not_found
from kupon.kit.pages import PageRequest, list_body
from kupon.runtime import ids
from kupon.storage.queries import definition_activities, segment_members, segments
from kupon.storage.queries.metadata_kinds import load_kinds
from kupon.storage.queries.projects import lock_project
from kupon.storage.queries.segments import ACTIVE, PASSIVE
from kupon.storage.tables.segments import Segment
from kupon.storage.uow import UnitOfWork

MOST_FILTERED = 100
MOST_LISTED = 20_000


def create_segment(uow: UnitOfWork, body: Mapping[str, Any], tz: tzinfo) -> dict[str, Any]:
    """Store a segment and find out who is in it; of many customers a job goes on with the rest."""
    type = body.get("type") or (STATIC if "customers" in body else PASSIVE)
    listed = _listed_customers(body) if type == STATIC else []
    segment = Segment(
        project_id=uow.project_id,
        id=ids.new_id("seg_"),
        name=body["name"],
        type=type,
        filter=None if type == STATIC else _filter(uow, body),
        watched_since=uow.now,
        synced_at=uow.now if type == STATIC else None,
        swept_on=uow.now.astimezone(tz).date(),
        created_at=uow.now,
    )
    if type != STATIC:
        _check_room(uow)
    segments.insert_segment(uow, segment)
    _record(uow, segment, "created")
    if type == STATIC:
        segment_members.insert_named(uow, segment.id, listed)
    else:
        begin_sync(uow, segment)
    return schemas.dump_segment(segment)


def get_segment(uow: UnitOfWork, segment_id: str) -> dict[str, Any]:
    """One segment."""
    return schemas.dump_segment(segments.get_segment(uow, segment_id))


def list_segments(uow: UnitOfWork, request: PageRequest, tz: tzinfo) -> dict[str, Any]:
    """One page of segments."""
    page = segments.list_segments(uow, request, tz)
    rows = [schemas.dump_segment(row) for row in page.rows]
    return list_body("data", rows, total=page.total)


def update_segment(uow: UnitOfWork, segment_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Change a passive segment, or make it active; the other types stay as they were made.

    Raises:  not_found; invalid_payload for a segment that isn't passive and for a broken filter.
    """
    segment = _lock(uow, segment_id)
    if segment.type != PASSIVE:
        raise invalid_payload(f"Segment of type '{segment.type}' cannot be changed")
    is_activated = body.get("type") == ACTIVE
    is_refiltered = "filter" in body
    segment.name = body.get("name", segment.name)
    segment.type = body.get("type", segment.type)
    if is_refiltered:
        segment.filter = _filter(uow, body)
        segment.synced_at = None
    if is_refiltered or is_activated:
        segment.watched_since = uow.now
    segments.save_segment(uow, segment)
    for type, has_happened in (
        ("updated", "name" in body),
        ("filters_updated", is_refiltered),
        ("activated", is_activated),
    ):
        if has_happened:
            _record(uow, segment, type)
    if is_refiltered or is_activated:
        begin_sync(uow, segment)
    return schemas.dump_segment(segment)


def activate_segment(uow: UnitOfWork, segment_id: str) -> None:
    """Have a passive segment tell of who enters and leaves it, because something depends on it.

    Raises:  not_found.
    """
    if segments.get_segment(uow, segment_id).type == PASSIVE:
        update_segment(uow, segment_id, {"type": ACTIVE})


def delete_segment(uow: UnitOfWork, segment_id: str) -> None:
    """Remove a segment; nobody leaves it, it is just gone."""
    segments.delete_segment(uow, _lock(uow, segment_id))
    definition_activities.forget(uow, segment_id)


def list_activities(
    uow: UnitOfWork, segment_id: str, request: PageRequest, tz: tzinfo
) -> dict[str, Any]:
    """One page of what happened to a segment."""
    segments.get_segment(uow, segment_id)
    page = definition_activities.list_entries(uow, segment_id, request, tz)
    return list_body(
        "data",
        [dump_activity(row) for row in page.rows],
        has_more=page.has_more,
        more_starting_after=page.rows[-1].id if page.has_more else None,
    )


def _lock(uow: UnitOfWork, segment_id: str) -> Segment:
    segment = segments.lock_segment(uow, segment_id)
    if segment is None:
        raise not_found("segment", segment_id)
    return segment


def _listed_customers(body: Mapping[str, Any]) -> list[str]:
    if "customers" not in body:
        raise invalid_payload("Payload must have required property 'customers'")
    listed: list[str] = body["customers"]
    if len(listed) > MOST_LISTED:
        raise invalid_payload(f"Property .customers must NOT have more than {MOST_LISTED} items")
    return listed


def _filter(uow: UnitOfWork, body: Mapping[str, Any]) -> dict[str, Any]:
    """The filter of a body as it is stored: as it was sent, but for the junction's case."""
    if "filter" not in body:
        raise invalid_payload("Payload must have required property 'filter'")
    sent: dict[str, Any] = body["filter"]
    kinds = dict(load_kinds(uow, "customer"))
    try:
        parsed = parse_segment_filter(sent, kinds=kinds)
    except DefinitionError as error:
        raise KuponError(error.key, error.details) from None
    return {**sent, "junction": parsed.junction}


def _check_room(uow: UnitOfWork) -> None:
    """Refuse one segment too many.

    Locks:  the project's row, so that no two requests both take the last place.
    """
    lock_project(uow, uow.project_id)
    if segments.count_filtered(uow) >= MOST_FILTERED:
        raise invalid_payload(f"Project must NOT have more than {MOST_FILTERED} segments by filter")


def _record(uow: UnitOfWork, segment: Segment, happened: str) -> None:
    data = {"segment": schemas.dump_segment(segment)}
    entry_id = ids.new_id("evseg_")
    definition_activities.record(uow, entry_id, segment.id, f"segment.{happened}", data)
