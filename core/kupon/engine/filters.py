"""Filters: conditions on the fields of one customer or article, joined by one junction.

Source: spec rules-and-qualification, sections 15, 18 and 19 (`$in_location`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from kupon.engine.conditions import Conditions, Moment, parse_conditions, parse_values
from kupon.engine.conditions.operators import LISTS
from kupon.engine.definitions import DefinitionError, Fields
from kupon.engine.locations import NO_LOCATIONS, Locations, parse_point
from kupon.kit.filters import MOST_CONDITIONS

_IN_LOCATION: Final = "$in_location"
_JUNCTIONS: Final = ("and", "or")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What filters look at besides the customer or article."""

    moment: Moment
    locations: Locations = NO_LOCATIONS


NO_SURROUNDINGS: Final = Surroundings(Moment(datetime(1970, 1, 1, tzinfo=UTC), UTC))


@dataclass(frozen=True, slots=True)
class FieldTest:
    """What a filter asks of one field.

    Shapes: locations is None where the field need not lie anywhere.
    """

    field: str
    conditions: Conditions
    locations: tuple[str, ...] | None = None

    def holds(self, value: Any, surroundings: Surroundings) -> bool:
        """Tell whether a value of the field passes; None is an absent one."""
        if not self.conditions.hold(value, surroundings.moment):
            return False
        return self.locations is None or _lies_in(self.locations, value, surroundings.locations)


@dataclass(frozen=True, slots=True)
class Filter:
    """Tests of fields; a filter without any matches everything.

    Shapes: junction is and, or or, in lower case as the wire answers it.
    """

    junction: str
    tests: tuple[FieldTest, ...]

    def matches(self, read: Callable[[str], Any], surroundings: Surroundings) -> bool:
        """Tell whether something matches, of which `read` returns the value of a field."""
        is_or = self.junction == "or" and bool(self.tests)
        # A generator costs more than the tests, of which qualification runs hundreds.
        for test in self.tests:
            if test.holds(read(test.field), surroundings) is is_or:
                return is_or
        return not is_or


def parse_filter(
    definition: object,
    path: str,
    kind_of: Callable[[str], str | None],
    key: str = "invalid_payload",
) -> Filter:
    """Read `{junction, field: {conditions: {operator: [values]}}}`.

    Shapes: kind_of returns how a field is typed, or None for a field that there isn't; a junction
        in any case, absent it is `and`; a field's conditions may stand without their wrapping.
    Raises: DefinitionError.
    """
    fields = Fields(definition, path, key)
    names = [name for name in fields.members if name != "junction"]
    if len(names) > MOST_CONDITIONS:
        raise fields.error("", f"must have at most {MOST_CONDITIONS} fields")
    junction = _junction(fields.get("junction"), path, key)
    return Filter(junction, tuple(_field_test(fields, name, kind_of, key) for name in names))


class KeptFields(dict[str, Any]):
    """The fields of one customer or article by name, each read once, when it is asked for.

    Source: performance.md, lesson 3; hundreds of filters may be tried on the same.
    """

    def __init__(self, read: Callable[[str], Any]) -> None:
        """Read with a function that returns the value of a field."""
        super().__init__()
        self._read = read

    def __missing__(self, name: str) -> Any:
        """Read a field."""
        value = self[name] = self._read(name)
        return value


def read_path(parent: Any, path: str) -> Any:
    """Return a member by its name or, where there is none, along a path of names and dots.

    Shapes: a list on the way is read in each of its elements; None where nothing is found.
    """
    # Nearly always a plain dict, of which this is known in a fraction of the time.
    if type(parent) is not dict and not isinstance(parent, Mapping):
        return (
            [read_path(element, path) for element in parent] if isinstance(parent, LISTS) else None
        )
    if path in parent:
        return parent[path]
    name, dot, rest = path.partition(".")
    return read_path(parent.get(name), rest) if dot else None


def _junction(value: object, path: str, key: str) -> str:
    told = "and" if value is None else value.lower() if isinstance(value, str) else value
    if told not in _JUNCTIONS:
        text = f"has wrong `junction` property. It must be one of: {', '.join(_JUNCTIONS)}"
        raise DefinitionError(path, text, key)
    return str(told)


def _field_test(
    fields: Fields, name: str, kind_of: Callable[[str], str | None], key: str
) -> FieldTest:
    kind = kind_of(name)
    if kind is None:
        raise fields.error(name, "is not supported")
    place = fields.place(name)
    node = Fields(fields.get(name), place, key)
    wrapped = node.get("conditions")
    if wrapped is not None:
        place = f"{place}.conditions"
        node = Fields(wrapped, place, key)
    if not node.members:
        raise node.error("", "must have at least one condition")
    asked = {operator: raw for operator, raw in node.members.items() if operator != _IN_LOCATION}
    locations = None
    if _IN_LOCATION in node.members:
        raw = node.members[_IN_LOCATION]
        locations = parse_values(raw, f"{place}.{_IN_LOCATION}", kind, key).texts()
    return FieldTest(name, parse_conditions(asked, place, kind, key), locations)


def _lies_in(location_ids: tuple[str, ...], value: Any, locations: Locations) -> bool:
    points = map(parse_point, value if isinstance(value, LISTS) else (value,))
    return any(
        locations.contains(location_id, point)
        for point in points
        if point is not None
        for location_id in location_ids
    )
