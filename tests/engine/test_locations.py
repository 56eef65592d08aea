"""Locations: circles, polygons with holes, edges, and the 180th meridian."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kupon.engine.definitions import DefinitionError
from kupon.engine.locations import Location, Locations, Point, parse_point, parse_shape

SQUARE = [[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]
HOLE = [[4, 4], [4, 6], [6, 6], [6, 4], [4, 4]]
FAR = [[20.0, 20.0], [21.5, 20.0], [20.0, 21.5], [20.0, 20.0]]
# Fiji, once drawn past the 180th meridian and once with longitudes that jump.
BEYOND = [[177, -20], [183, -20], [183, -15], [177, -15], [177, -20]]
JUMPING = [[-177, -20], [-177, -15], [177, -15], [177, -20], [-177, -20]]
WORLD = [[-180, -90], [180, -90], [180, 90], [-180, 90], [-180, -90]]


def circle(radius: Any, center: Any = "geo:52.2297,21.0122") -> dict[str, Any]:
    distance = {"center": center, "radius": radius}
    return {"type": "circle", "format": "distance", "distance": distance}


def polygon(*rings: Any) -> dict[str, Any]:
    geojson = {"type": "Polygon", "coordinates": list(rings)}
    return {"type": "polygon", "format": "geojson", "geojson": geojson}


def polygons(*parts: Any) -> dict[str, Any]:
    geojson = {"type": "MultiPolygon", "coordinates": list(parts)}
    return {"type": "polygon", "format": "geojson", "geojson": geojson}


@pytest.mark.parametrize(
    ("definition", "point", "expected"),
    [
        # From Warsaw to Krakow it is 252 km.
        (circle("251 km"), (50.0647, 19.945), False),
        (circle("253 km"), (50.0647, 19.945), True),
        (circle("253000m"), (50.0647, 19.945), True),
        (circle("156.0 mi"), (50.0647, 19.945), False),
        (circle("157.5 mi"), (50.0647, 19.945), True),
        (circle("0 m"), (52.2297, 21.0122), True),
        # A degree of the equator is 111.2 km.
        (circle("112 km", "geo:0,179.5"), (0, -179.5), True),
        (circle("111 km", "geo:0,179.5"), (0, -179.5), False),
        (circle("20016 km", "0, 0"), (0, 180), True),
        (circle("100 km", "geo:90,0"), (89.5, 120), True),
        (polygon(SQUARE), (5, 5), True),
        (polygon(SQUARE), (5, 10.1), False),
        (polygon(SQUARE), (-0.1, 5), False),
        (polygon(SQUARE), (0, 0), True),
        (polygon(SQUARE), (10, 5), True),
        (polygon(SQUARE), (5, 0), True),
        (polygon(SQUARE, HOLE), (5, 5), False),
        (polygon(SQUARE, HOLE), (4, 5), True),
        (polygon(SQUARE, HOLE), (3, 5), True),
        (polygon(FAR), (20.75, 20.75), True),
        (polygon(FAR), (20.75, 20.76), False),
        (polygon(FAR), (21.0, 19.9), False),
        (polygons([SQUARE, HOLE], [FAR]), (20.1, 20.1), True),
        (polygons([SQUARE, HOLE], [FAR]), (15, 15), False),
        (polygon(BEYOND), (-18, 178.5), True),
        (polygon(BEYOND), (-18, -178.5), True),
        (polygon(BEYOND), (-18, 180), True),
        (polygon(BEYOND), (-18, 0), False),
        (polygon(JUMPING), (-18, 178.5), True),
        (polygon(JUMPING), (-18, -178.5), True),
        (polygon(JUMPING), (-18, 177), True),
        (polygon(JUMPING), (-18, 176.9), False),
        (polygon(JUMPING), (-18, -176.9), False),
        (polygon(WORLD), (52, 21), True),
        (polygon(WORLD), (52, 180), True),
    ],
)
def test_contains(definition: Any, point: tuple[float, float], expected: bool) -> None:
    assert parse_shape(definition).contains(Point(*point)) is expected


def test_altitudes_are_passed_over() -> None:
    shape = parse_shape(polygon([[*position, 100] for position in SQUARE]))
    assert shape.contains(Point(5, 5))


def test_locations_by_id() -> None:
    locations = Locations({"loc_1": Location(id="loc_1", shape=parse_shape(polygon(SQUARE)))})
    assert locations.contains("loc_1", Point(5, 5))
    assert not locations.contains("loc_1", Point(15, 5))
    assert not locations.contains("loc_2", Point(5, 5))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("geo:40.7128,-74.0060", (40.7128, -74.006)),
        ("40.7128, -74.0060", (40.7128, -74.006)),
        (" geo: 1,2 ", (1, 2)),
        ("90,180", (90, 180)),
        ("90.1,0", None),
        ("0,-180.1", None),
        ("1", None),
        ("1,2,3", None),
        ("north,west", None),
        (5, None),
        (None, None),
    ],
)
def test_points(text: Any, expected: Any) -> None:
    assert parse_point(text) == expected


ROUND = "must be a distance in km, m or mi, such as 1.54 km"
COORDINATES = ".shape.geojson.coordinates"
OPEN = SQUARE[:-1]


@pytest.mark.parametrize(
    ("definition", "details"),
    [
        (None, "Property .shape must be object"),
        ({}, "Property .shape should have required property 'type'"),
        (
            {"type": "square"},
            "Property .shape.type must be equal to one of the allowed values: circle, polygon",
        ),
        ({"type": "circle"}, "Property .shape should have required property 'distance'"),
        (
            {"type": "polygon", "format": "distance"},
            "Property .shape.format must be equal to one of the allowed values: geojson",
        ),
        (circle("5"), f"Property .shape.distance.radius {ROUND}"),
        (circle(5), f"Property .shape.distance.radius {ROUND}"),
        (
            circle("5 km", "Warsaw"),
            "Property .shape.distance.center must be a point of the form geo:latitude,longitude",
        ),
        (
            {"type": "polygon", "geojson": {"type": "Point", "coordinates": []}},
            "Property .shape.geojson.type must be equal to one of the allowed values: "
            "Polygon, MultiPolygon",
        ),
        (
            {"type": "polygon", "geojson": {"type": "Polygon"}},
            "Property .shape.geojson should have required property 'coordinates'",
        ),
        (polygon(), f"Property {COORDINATES} must have arrays of 1 to 10000 elements here"),
        (polygons(), f"Property {COORDINATES} must have arrays of 1 to 10000 elements here"),
        (
            polygon(SQUARE[:3]),
            f"Property {COORDINATES} must have arrays of 4 to 10000 elements here",
        ),
        (polygon(*SQUARE), f"Property {COORDINATES} must have arrays of 4 to 10000 elements here"),
        (polygon([1, 2, 3, 4]), f"Property {COORDINATES} must be arrays of positions"),
        (polygon(OPEN), f"Property {COORDINATES} must have closed rings"),
        (polygon([["0", 0]] * 4), f"Property {COORDINATES} must have positions of numbers"),
        (polygon([[True, 0]] * 4), f"Property {COORDINATES} must have positions of numbers"),
        (
            polygon([[0, 91]] * 4),
            f"Property {COORDINATES} must have positions of longitude and latitude",
        ),
        (
            polygon([[361, 0]] * 4),
            f"Property {COORDINATES} must have positions of longitude and latitude",
        ),
        (
            polygon([[float("nan"), 0]] * 4),
            f"Property {COORDINATES} must have positions of longitude and latitude",
        ),
    ],
)
def test_refuses(definition: Any, details: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        parse_shape(definition)
    assert caught.value.details == details


LONGITUDES = st.floats(-180, 180)
LATITUDES = st.floats(-90, 90)


@settings(deadline=None)
@given(LATITUDES, LONGITUDES, LATITUDES, LONGITUDES)
def test_a_circle_holds_its_centre_and_distance_goes_both_ways(
    latitude: float, longitude: float, other_latitude: float, other_longitude: float
) -> None:
    one = f"{latitude:.6f},{longitude:.6f}"
    other = f"{other_latitude:.6f},{other_longitude:.6f}"
    first, second = parse_point(one), parse_point(other)
    assert first is not None
    assert second is not None
    there, back = (parse_shape(circle("1000 km", center)) for center in (one, other))
    assert there.contains(first)
    assert there.contains(second) is back.contains(first)


@settings(deadline=None)
@given(LATITUDES, LONGITUDES, st.integers(-180, 180))
def test_where_on_earth_a_polygon_lies_makes_no_difference(
    latitude: float, longitude: float, turned: int
) -> None:
    ring = [[-20, -30], [25, -30], [0, 40], [-20, -30]]
    here = parse_shape(polygon(ring))
    there = parse_shape(polygon([[wrapped(x + turned), y] for x, y in ring]))
    # Rounding may move a point across an edge.
    point = Point(round(latitude, 3) + 0.0001, round(longitude, 3) + 0.0001)
    moved = Point(point.latitude, wrapped(point.longitude + turned))
    assert here.contains(point) is there.contains(moved)


def wrapped(longitude: float) -> float:
    return (longitude + 180) % 360 - 180
