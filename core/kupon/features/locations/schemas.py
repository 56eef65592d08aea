"""Wire shapes of locations."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from kupon.kit.timestamps import format_moment
from kupon.storage.tables.locations import Location as LocationRow
from kupon.web.fields import (
    Flag,
    Many,
    Moment,
    Part,
    Text,
    Whole,
    WireSchema,
    identifier,
    one_of,
)
from kupon.web.query import ListQuery


class Distance(WireSchema):
    """A circle: `geo:latitude,longitude` and a radius such as `1.54 km`."""

    center = Text()
    radius = Text()


class GeoJson(WireSchema):
    """Areas in GeoJSON, where the longitude comes first."""

    type = Text(required=True, validate=one_of("Polygon", "MultiPolygon"))
    coordinates = fields.Raw(
        required=True, metadata={"type": "array", "items": {"type": "array", "items": {}}}
    )


class Shape(WireSchema):
    """A circle by its distance, or polygons by their GeoJSON."""

    type = Text(required=True, validate=one_of("circle", "polygon"))
    format = Text(required=True, validate=one_of("distance", "geojson"))
    distance = Part(Distance)
    geojson = Part(GeoJson)


class LocationUpdate(WireSchema):
    """Body of an update; what is absent stays."""

    name = Text(validate=identifier())
    shape = Part(Shape)


class LocationCreate(WireSchema):
    """Body of a creation."""

    name = Text(required=True, validate=identifier())
    shape = Part(Shape, required=True)


class Location(WireSchema):
    """A location."""

    id = Text(required=True)
    object = Text(required=True)
    name = Text(required=True)
    shape = Part(Shape, required=True)
    created_at = Moment(required=True)
    updated_at = Moment(required=True, allow_none=True)


class LocationList(WireSchema):
    """A page of locations."""

    object = Text()
    data_ref = Text()
    data = Many(Part(Location))
    total = Whole()
    has_more = Flag()


class LocationsQuery(ListQuery):
    """Parameters of the listing."""

    class Meta(ListQuery.Meta):
        exclude = ("page", "created_at", "updated_at", "start_date", "starting_after_id")


def dump_location(row: LocationRow) -> dict[str, Any]:
    """The wire's location."""
    return {
        "id": row.id,
        "object": "location",
        "name": row.name,
        "shape": row.shape,
        "created_at": format_moment(row.created_at),
        "updated_at": None if row.updated_at is None else format_moment(row.updated_at),
    }
