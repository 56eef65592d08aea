"""Wire shapes of segments.

Source: spec rules-and-qualification, section 15.
"""

from __future__ import annotations

from typing import Any

from kupon.kit.timestamps import format_moment
from kupon.storage.queries.segments import ACTIVE, PASSIVE, TYPES
from kupon.storage.tables.segments import Segment as SegmentRow
from kupon.web.fields import (
    CountedList,
    Json,
    Many,
    Moment,
    Part,
    Text,
    WireSchema,
    at_most,
    one_of,
)
from kupon.web.query import ListQuery, Texts, When

LONGEST_NAME = 500


class SegmentCreate(WireSchema):
    """Body of creation: customers for a static segment, a filter for one of the other types."""

    name = Text(required=True, validate=at_most(LONGEST_NAME))
    type = Text(validate=one_of(*TYPES))
    customers = Many(Text())
    filter = Json()


class SegmentUpdate(WireSchema):
    """Body of an update; what is absent stays. Type `auto-update` makes a segment active."""

    name = Text(validate=at_most(LONGEST_NAME))
    type = Text(validate=one_of(ACTIVE, PASSIVE))
    filter = Json()


class Segment(WireSchema):
    """A segment."""

    id = Text(required=True)
    name = Text(required=True)
    type = Text(required=True, validate=one_of(*TYPES))
    filter = Json(required=True, allow_none=True)
    created_at = Moment(required=True)
    updated_at = Moment()
    object = Text(required=True)


class SegmentList(CountedList):
    """A page of segments."""

    data = Many(Part(Segment), required=True)
    # The reference lists this name beside a data_ref of "data": nothing stands under it.
    segments = Many(Part(Segment), metadata={"deprecated": True})


class SegmentQuery(ListQuery):
    """Parameters of the listing."""

    ORDER = ("created_at",)

    class Meta(ListQuery.Meta):
        exclude = ("updated_at",)

    ids = Texts()
    starting_after = When(metadata={"format": "date-time"})


def dump_segment(row: SegmentRow) -> dict[str, Any]:
    """The wire's segment."""
    body: dict[str, Any] = {
        "id": row.id,
        "name": row.name,
        "type": row.type,
        "filter": row.filter,
        "created_at": format_moment(row.created_at),
    }
    if row.updated_at is not None:
        body["updated_at"] = format_moment(row.updated_at)
    return body | {"object": "segment"}


def dump_simple_segment(segment_id: str, name: str) -> dict[str, Any]:
    """The wire's segment inside of events."""
    return {"id": segment_id, "name": name, "object": "segment"}
