"""Customer segments: fixed lists, and filters that are tried on the customer of the request.

Source: spec rules-and-qualification, sections 5 (membership on the merged profile) and 15.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Final

from kupon.engine.customer import Customer, read_field
from kupon.engine.filters import Filter, KeptFields, Surroundings, parse_filter

STATIC: Final = "static"


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A segment; filter is None for a static one."""

    id: str
    type: str
    filter: Filter | None = None

    def contains(self, customer: Customer, surroundings: Surroundings) -> bool:
        """Tell whether a customer belongs to it."""
        if self.filter is None:
            return self.id in customer.static_segments
        return self.filter.matches(partial(read_field, customer), surroundings)


@dataclass(frozen=True)
class Segments:
    """A project's segments by id."""

    by_id: Mapping[str, Segment] = field(default_factory=dict)

    @cached_property
    def has_figures(self) -> bool:
        """Whether any segment asks for what a customer's orders, points, events come to."""
        filters = (segment.filter for segment in self.by_id.values() if segment.filter is not None)
        return any(test.field.startswith(_FIGURES) for each in filters for test in each.tests)

    def contains(self, segment_id: str, customer: Customer, surroundings: Surroundings) -> bool:
        """Tell whether a customer belongs to a segment; nobody belongs to an unknown one."""
        segment = self.by_id.get(segment_id)
        return segment is not None and segment.contains(customer, surroundings)

    @cached_property
    def _filters(self) -> Mapping[str, Filter]:
        return {each.id: each.filter for each in self.by_id.values() if each.filter is not None}

    def held(
        self, wanted: Set[str], customer: Customer, surroundings: Surroundings
    ) -> Iterator[str]:
        """Yield those of the wanted segments that a customer belongs to."""
        for name in wanted & customer.static_segments:
            if name not in self._filters and name in self.by_id:
                yield name
        read = KeptFields(partial(read_field, customer)).__getitem__
        for name in wanted & self._filters.keys():
            if self._filters[name].matches(read, surroundings):
                yield name


_FIGURES: Final = ("summary.", "events.", "loyalty")
NO_SEGMENTS: Final = Segments()


def parse_segment_filter(
    definition: object,
    path: str = ".filter",
    kinds: Mapping[str, str] | None = None,
    key: str = "invalid_payload",
) -> Filter:
    """Read the filter of a segment.

    Shapes: kinds are the types that the customers' metadata schema gives to keys.
    Raises: DefinitionError.
    """
    return parse_filter(definition, path, partial(_kind_of, kinds or {}), key)


def _kind_of(metadata: Mapping[str, str], name: str) -> str | None:
    prefix, dot, rest = name.partition(".")
    if not dot:
        return _FIELDS.get(name)
    if not rest:
        return None
    if prefix == "metadata":
        return metadata.get(rest, "any")
    if prefix == "summary":
        return "datetime" if rest.endswith(("_date", "_at")) else "number"
    if prefix == "events":
        event, _, figure = rest.rpartition(".")
        return _EVENT_FIGURES.get(figure) if event else None
    if prefix == "loyalty_points":
        return "number" if _CAMPAIGN_POINTS.fullmatch(rest) else None
    return _PREFIXES.get(prefix) or _FIELDS.get(name)


_CAMPAIGN_POINTS: Final = re.compile(r"campaigns\..+\.points", re.DOTALL)
_FIELDS: Final = {
    **dict.fromkeys(("name", "email", "phone", "source_id", "description", "city"), "string"),
    **dict.fromkeys(
        (f"address.{part}" for part in ("city", "country", "postal_code", "state")), "string"
    ),
    **dict.fromkeys(("address.line_1", "address.line_2"), "string"),
    **dict.fromkeys(("created_at", "updated_at", "publications.created_at"), "datetime"),
    **dict.fromkeys(("birthdate", "birthday"), "date"),
    **dict.fromkeys(("loyalty.points", "loyalty.referred_customers"), "number"),
    **dict.fromkeys(("publications.related_object_id", "loyalty_tier"), "string"),
}
_PREFIXES: Final = {"system_metadata": "string", "loyalty_tier": "string"}
_EVENT_FIGURES: Final = {"count": "number", "last_at": "datetime"}
