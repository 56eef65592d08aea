"""Statements on segments; `segment_members` has those on who is in them.

Each change of a segment bumps the project's revision.
Source: spec rules-and-qualification, section 15.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from functools import lru_cache
from typing import Any

from psycopg.rows import class_row
from sqlalchemy import func, select

from kupon.engine.definitions import DefinitionError
from kupon.engine.filters import Filter
from kupon.engine.segments import STATIC, Segment, Segments, parse_segment_filter
from kupon.kit.errors import not_found
from kupon.kit.pages import PageRequest
from kupon.storage.criteria import MomentField, TextField
from kupon.storage.listing import Listing, Page, fetch_page
from kupon.storage.queries.metadata_kinds import Kinds, load_kinds
from kupon.storage.queries.projects import bump_revision
from kupon.storage.tables.segments import Segment as SegmentRow
from kupon.storage.uow import UnitOfWork

PASSIVE = "passive"
ACTIVE = "auto-update"
TYPES = (ACTIVE, PASSIVE, STATIC)


def insert_segment(uow: UnitOfWork, segment: SegmentRow) -> None:
    """Store a segment."""
    uow.session.add(segment)
    uow.session.flush()
    bump_revision(uow, ("segment", segment.id))


def save_segment(uow: UnitOfWork, segment: SegmentRow) -> None:
    """Write a changed segment."""
    segment.updated_at = uow.now
    uow.session.flush()
    bump_revision(uow, ("segment", segment.id))


def delete_segment(uow: UnitOfWork, segment: SegmentRow) -> None:
    """Remove a segment with its members."""
    uow.session.delete(segment)
    uow.session.flush()
    bump_revision(uow, ("segment", segment.id))


def get_segment(uow: UnitOfWork, segment_id: str) -> SegmentRow:
    """A segment by id.

    Raises:  not_found.
    """
    segment = uow.session.get(SegmentRow, (uow.project_id, segment_id))
    if segment is None:
        raise not_found("segment", segment_id)
    return segment


def lock_segment(uow: UnitOfWork, segment_id: str) -> SegmentRow | None:
    """A segment by id, or None.

    Locks:   the segment's row.
    """
    return uow.session.scalar(
        select(SegmentRow)
        .where(SegmentRow.project_id == uow.project_id, SegmentRow.id == segment_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )


def count_filtered(uow: UnitOfWork) -> int:
    """How many segments with a filter the project has."""
    counted = uow.session.scalar(
        select(func.count()).where(
            SegmentRow.project_id == uow.project_id, SegmentRow.type != STATIC
        )
    )
    return counted or 0


def has_filtered(uow: UnitOfWork) -> bool:
    """Whether the project has a segment with a filter."""
    row = uow.reader.execute(
        "SELECT EXISTS (SELECT FROM segments WHERE project_id = %s AND type <> 'static')",
        (uow.project_id,),
    ).fetchone()
    return row is not None and bool(row[0])


def _starts_after(when: date) -> Any:
    moment = when if isinstance(when, datetime) else datetime.combine(when, time.min, UTC)
    return SegmentRow.created_at < moment


_SEGMENTS = Listing(
    SegmentRow,
    fields={
        "id": TextField(SegmentRow.id),
        "ids": TextField(SegmentRow.id),
        "name": TextField(SegmentRow.name),
        "type": TextField(SegmentRow.type),
        "created_at": MomentField(SegmentRow.created_at),
    },
    shortcuts={"starting_after": _starts_after},
    is_walked=True,
)


def list_segments(uow: UnitOfWork, request: PageRequest, tz: tzinfo) -> Page[SegmentRow]:
    """One page of the project's segments."""
    return fetch_page(uow, _SEGMENTS, request, tz=tz)


@dataclass(frozen=True, slots=True)
class SegmentFacts:
    """A segment as memberships are judged by it; filter is JSON text, None for a static one."""

    id: str
    name: str
    type: str
    filter: str | None
    watched_since: datetime
    synced_at: datetime | None


def find_segments(uow: UnitOfWork) -> list[SegmentFacts]:
    """All segments of the project, the newest first."""
    with uow.reader.cursor(row_factory=class_row(SegmentFacts)) as cursor:
        return cursor.execute(
            "SELECT id, name, type, filter::text, watched_since, synced_at FROM segments"
            " WHERE project_id = %s ORDER BY created_at DESC, id DESC",
            (uow.project_id,),
        ).fetchall()


def load_segments(uow: UnitOfWork) -> Segments:
    """All segments of the project for the engine."""
    return read_segments(find_segments(uow), load_kinds(uow, "customer"))


def read_segments(found: Iterable[SegmentFacts], kinds: Kinds) -> Segments:
    """Segments for the engine; one whose filter can't be read any more has nobody in it."""
    return Segments(
        {
            each.id: Segment(
                id=each.id,
                type=each.type,
                filter=None if each.filter is None else _read_filter(each.filter, kinds),
            )
            for each in found
        }
    )


@lru_cache(maxsize=10_000)
def _read_filter(text: str, kinds: Kinds) -> Filter | None:
    try:
        return parse_segment_filter(json.loads(text), kinds=dict(kinds))
    except DefinitionError:
        return None


def static_segments_of(customer: str) -> str:
    """SQL for the ids of the static segments that a customer is in, as an array.

    Shapes:  customer is SQL for the customer's id; the statement has a parameter project_id.
    """
    return (
        "ARRAY(SELECT m.segment_id FROM segment_members m"
        " JOIN segments s ON s.project_id = m.project_id AND s.id = m.segment_id"
        f" WHERE m.project_id = %(project_id)s AND m.customer_id = {customer}"
        " AND s.type = 'static')"
    )


def find_static_segments(uow: UnitOfWork, customer_id: str) -> frozenset[str]:
    """The static segments that a customer is in."""
    row = uow.reader.execute(
        f"SELECT {static_segments_of('%(customer_id)s')}",
        {"project_id": uow.project_id, "customer_id": customer_id},
    ).fetchone()
    return frozenset(row[0] if row else ())
