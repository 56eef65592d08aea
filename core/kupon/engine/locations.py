"""Places on the map: circles and polygons, and whether a point lies in them.

Source: spec rules-and-qualification, section 19.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final, NamedTuple, Protocol

from kupon.engine.definitions import DefinitionError, Fields

_POINT: Final = re.compile(
    r"\s*(?:geo:)?\s*(-?[0-9]{1,3}(?:\.[0-9]{1,20})?)\s*,\s*(-?[0-9]{1,3}(?:\.[0-9]{1,20})?)\s*",
    re.ASCII,
)
_RADIUS: Final = re.compile(r"\s*([0-9]{1,9}(?:\.[0-9]{1,20})?)\s*(km|mi|m)\s*", re.ASCII)
_METRES: Final = {"m": 1.0, "km": 1000.0, "mi": 1609.344}
_EARTH_RADIUS: Final = 6_371_008.8

# A tenth of a millimetre, in degrees: what rounding may move a point off an edge.
_NEAR: Final = 1e-9

# A ring past the 180th meridian has longitudes beyond 180 on one of its sides.
_TURNS: Final = (0.0, 360.0, -360.0)

MOST_POSITIONS: Final = 10_000


class Point(NamedTuple):
    """A place on Earth.

    Units:  degrees.
    """

    latitude: float
    longitude: float


class Shape(Protocol):
    """A part of the map."""

    def contains(self, point: Point) -> bool:
        """Tell whether a point lies in it; its edge belongs to it."""


@dataclass(frozen=True, slots=True)
class Circle:
    """All points within a great-circle distance.

    Units:  metres.
    """

    center: Point
    radius: float

    def contains(self, point: Point) -> bool:
        """Tell whether a point lies in it; its edge belongs to it."""
        return _distance(self.center, point) <= self.radius


@dataclass(frozen=True, slots=True)
class Ring:
    """A closed line of straight edges, which may cross the 180th meridian.

    Shapes: longitudes go on beyond 180 degrees rather than jump.
    """

    corners: tuple[Point, ...]
    south: float
    north: float

    def place(self, point: Point) -> int:
        """Return 1 for a point within, 0 for one on the line, -1 for one outside."""
        if not self.south - _NEAR <= point.latitude <= self.north + _NEAR:
            return -1
        latitude, longitude = point
        return max(self._place(Point(latitude, longitude + turn)) for turn in _TURNS)

    def _place(self, point: Point) -> int:
        is_within = False
        for start, end in pairwise(self.corners):
            if _is_on_edge(point, start, end):
                return 0
            if (start.latitude > point.latitude) != (end.latitude > point.latitude):
                slope = (end.longitude - start.longitude) / (end.latitude - start.latitude)
                crossing = start.longitude + (point.latitude - start.latitude) * slope
                is_within ^= point.longitude < crossing
        return 1 if is_within else -1


@dataclass(frozen=True, slots=True)
class Polygon:
    """An area within one ring and outside of others."""

    outer: Ring
    holes: tuple[Ring, ...]

    def contains(self, point: Point) -> bool:
        """Tell whether a point lies in it; its edges, also those of holes, belong to it."""
        return self.outer.place(point) >= 0 and all(hole.place(point) <= 0 for hole in self.holes)


@dataclass(frozen=True, slots=True)
class Polygons:
    """Several areas taken together."""

    parts: tuple[Polygon, ...]

    def contains(self, point: Point) -> bool:
        """Tell whether a point lies in one of them."""
        return any(part.contains(point) for part in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A named shape."""

    id: str
    shape: Shape


@dataclass(frozen=True, slots=True)
class Locations:
    """A project's locations by id."""

    by_id: Mapping[str, Location] = field(default_factory=dict)

    def contains(self, location_id: str, point: Point) -> bool:
        """Tell whether a point lies in a location; none lies in an unknown one."""
        location = self.by_id.get(location_id)
        return location is not None and location.shape.contains(point)


NO_LOCATIONS: Final = Locations()


def parse_point(value: object) -> Point | None:
    """Read `geo:latitude,longitude`, or the two without prefix; None for anything else."""
    match = _POINT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    latitude, longitude = map(float, match.groups())
    return Point(latitude, longitude) if abs(latitude) <= 90 and abs(longitude) <= 180 else None


def parse_shape(definition: object, path: str = ".shape", key: str = "invalid_payload") -> Shape:
    """Read a circle or a polygon from its wire form.

    Raises: DefinitionError.
    """
    fields = Fields(definition, path, key)
    if fields.choice("type", ("circle", "polygon"), None) == "circle":
        fields.choice("format", ("distance",), "distance")
        return _circle(Fields(fields.required("distance"), f"{path}.distance", key))
    fields.choice("format", ("geojson",), "geojson")
    return _polygons(Fields(fields.required("geojson"), f"{path}.geojson", key), path, key)


def _circle(fields: Fields) -> Circle:
    center = parse_point(fields.required("center"))
    if center is None:
        raise fields.error("center", "must be a point of the form geo:latitude,longitude")
    text = fields.required("radius")
    match = _RADIUS.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise fields.error("radius", "must be a distance in km, m or mi, such as 1.54 km")
    return Circle(center, float(match[1]) * _METRES[match[2]])


def _polygons(fields: Fields, path: str, key: str) -> Polygons:
    kind = fields.choice("type", ("Polygon", "MultiPolygon"), None)
    coordinates = fields.required("coordinates")
    reader = _Reader(f"{path}.geojson.coordinates", key)
    parts = [coordinates] if kind == "Polygon" else reader.array(coordinates)
    return Polygons(tuple(reader.polygon(part) for part in parts))


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads GeoJSON coordinates, which name the longitude first."""

    path: str
    key: str

    def array(self, value: object, least: int = 1) -> list[Any]:
        if not isinstance(value, list | tuple):
            raise self.error("must be arrays of positions")
        if not least <= len(value) <= MOST_POSITIONS:
            raise self.error(f"must have arrays of {least} to {MOST_POSITIONS} elements here")
        return list(value)

    def polygon(self, value: object) -> Polygon:
        outer, *holes = (self.ring(ring) for ring in self.array(value))
        return Polygon(outer, tuple(holes))

    def ring(self, value: object) -> Ring:
        corners = [self.position(position) for position in self.array(value, 4)]
        if corners[0] != corners[-1]:
            raise self.error("must have closed rings")
        latitudes = [corner.latitude for corner in corners]
        return Ring(_unwrapped(corners), min(latitudes), max(latitudes))

    def position(self, value: object) -> Point:
        longitude, latitude = (self.degrees(part) for part in self.array(value, 2)[:2])
        if abs(latitude) > 90:
            raise self.error("must have positions of longitude and latitude")
        return Point(latitude, longitude)

    def degrees(self, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.error("must have positions of numbers")
        # The other way around NaN would pass.
        if not abs(value) <= 360:
            raise self.error("must have positions of longitude and latitude")
        return float(value)

    def error(self, text: str) -> DefinitionError:
        return DefinitionError(self.path, text, self.key)


def _unwrapped(corners: list[Point]) -> tuple[Point, ...]:
    """Go from each corner to the next the shorter way around the Earth.

    Shapes: exactly once around is no jump, but the edge of a map of the world.
    """
    first = (corners[0].longitude + 180) % 360 - 180
    longitudes = [first]
    for start, end in pairwise(corners):
        step = end.longitude - start.longitude
        if 180 < abs(step) < 360:
            step -= math.copysign(360, step)
        longitudes.append(longitudes[-1] + step)
    return tuple(
        Point(corner.latitude, longitude)
        for corner, longitude in zip(corners, longitudes, strict=True)
    )


def _is_on_edge(point: Point, start: Point, end: Point) -> bool:
    width, height = end.longitude - start.longitude, end.latitude - start.latitude
    east, north = point.longitude - start.longitude, point.latitude - start.latitude
    if not (_is_between(east, width) and _is_between(north, height)):
        return False
    return abs(width * north - height * east) <= _NEAR * math.hypot(width, height)


def _is_between(offset: float, length: float) -> bool:
    return min(0.0, length) - _NEAR <= offset <= max(0.0, length) + _NEAR


def _distance(one: Point, other: Point) -> float:
    """Return the great-circle distance by the haversine formula.

    Units:  metres.
    """
    north, south = math.radians(one.latitude), math.radians(other.latitude)
    turned = math.radians(one.longitude - other.longitude)
    chord = (
        math.sin((north - south) / 2) ** 2
        + math.cos(north) * math.cos(south) * math.sin(turned / 2) ** 2
    )
    return 2 * _EARTH_RADIUS * math.asin(min(1.0, math.sqrt(chord)))
