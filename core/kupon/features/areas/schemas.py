"""Wire shapes of areas and stores."""

from __future__ import annotations

from typing import Any

from kupon.kit.timestamps import format_moment
from kupon.storage.tables.areas import Area as AreaRow
from kupon.storage.tables.areas import AreaStore as AreaStoreRow
from kupon.web.fields import CountedList, Many, Moment, Part, Text, WireSchema, identifier
from kupon.web.query import ListQuery


class AreaCreate(WireSchema):
    """Body of the creation of an area or a store."""

    name = Text(required=True, validate=identifier())


class AreaUpdate(WireSchema):
    """Body of an update; what is absent stays."""

    name = Text(validate=identifier())


class Area(WireSchema):
    """An area."""

    id = Text(required=True)
    name = Text(required=True)
    created_at = Moment(required=True)
    updated_at = Moment(required=True, allow_none=True)
    object = Text(required=True)


class AreaStore(Area):
    """A store of an area."""

    area_id = Text(required=True)


class AreaList(CountedList):
    """One page of areas."""

    data = Many(Part(Area), required=True)


class AreaStoreList(AreaList):
    """One page of stores."""

    data = Many(Part(AreaStore), required=True)


class AreasQuery(ListQuery):
    """Which areas or stores to list."""

    class Meta(ListQuery.Meta):
        exclude = (
            "created_at",
            "updated_at",
            "start_date",
            "end_date",
            "starting_after_id",
            "filters",
        )

    ORDER = ("created_at", "updated_at", "name")


def dump_area(row: AreaRow) -> dict[str, Any]:
    """The wire's area."""
    return {"id": row.id, **_common(row), "object": "area"}


def dump_store(row: AreaStoreRow) -> dict[str, Any]:
    """The wire's store."""
    return {"id": row.id, "area_id": row.area_id, **_common(row), "object": "area_store"}


def _common(row: AreaRow | AreaStoreRow) -> dict[str, Any]:
    return {
        "name": row.name,
        "created_at": format_moment(row.created_at),
        "updated_at": None if row.updated_at is None else format_moment(row.updated_at),
    }
