"""What breaks a metadata schema, in the wire's words.

Source: spec rules-and-qualification, section 17; events-webhooks-data, section 10.5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from kupon.kit.errors import KuponError

_MOST_TOLD: Final = 20
_LONGEST_SHOWN: Final = 100


@dataclass(frozen=True, slots=True)
class Property:
    """What one key may hold.

    Shapes: rule says in words what is allowed; accepts tells it of a value, or of each element
        where is_array; nested is the schema of an object's own keys, None where all may be there.
    """

    type: str
    rule: str
    is_array: bool
    is_required: bool
    accepts: Callable[[Any], bool]
    nested: MetadataSchema | None = None

    @property
    def is_plain(self) -> bool:
        """Whether there is nothing to a value but itself."""
        return not self.is_array and self.nested is None


@dataclass(frozen=True, slots=True)
class MetadataSchema:
    """What the metadata of one kind of object may hold.

    Shapes: properties without those that are marked as deleted; required are the keys that a
        creation must name.
    """

    properties: Mapping[str, Property]
    allow_defined_only: bool
    required: tuple[str, ...]


MetadataSchemas = Mapping[str, MetadataSchema]

NO_SCHEMAS: MetadataSchemas = MappingProxyType({})


def type_of(schemas: MetadataSchemas, related_object: str, name: str) -> str | None:
    """Return the type that a schema gives to a key, `a.b` being key b of the object a; or None."""
    schema = schemas.get(related_object)
    if schema is None:
        return None
    known = schema.properties.get(name)
    if known is None:
        outer, _, inner = name.partition(".")
        parent = schema.properties.get(outer)
        nested = None if parent is None else parent.nested
        known = None if nested is None else nested.properties.get(inner)
    return None if known is None else known.type


def refuse_invalid(
    schemas: MetadataSchemas,
    related_object: str,
    metadata: Mapping[str, Any] | None,
    *,
    is_creation: bool,
) -> None:
    """Refuse metadata that its schema does not allow; without a schema everything is allowed.

    Shapes:  related_object is one of RELATED_OBJECTS; metadata is what is sent, not what is stored.
    Refuses: metadata_validation_failed.
    """
    schema = schemas.get(related_object)
    if schema is None:
        return
    problems = check(metadata or {}, schema, is_creation=is_creation)
    if problems:
        raise KuponError(
            "metadata_validation_failed",
            "; ".join(problems[:_MOST_TOLD]),
            resource_type=related_object,
        )


def check(metadata: Mapping[str, Any], schema: MetadataSchema, *, is_creation: bool) -> list[str]:
    """Return what is wrong with metadata, one sentence for each key; none where it is right.

    Shapes:  null is right for every key; only a creation must name what is required.
    """
    problems = []
    for key, value in metadata.items():
        known = schema.properties.get(key)
        if known is None:
            if schema.allow_defined_only:
                problems.append(f"{shorten(key, _LONGEST_SHOWN)}: property is not defined")
        elif value is not None and not (known.is_plain and known.accepts(value)):
            problems += _problems(key, value, known)
    if is_creation:
        missing = (key for key in schema.required if key not in metadata)
        problems += [f"{key}: {schema.properties[key].rule}" for key in missing]
    return problems


def _problems(key: str, value: Any, known: Property) -> Iterator[str]:
    if known.is_array and not isinstance(value, list):
        yield _refusal(key, known, value)
        return
    for index, element in enumerate(value if known.is_array else (value,)):
        if not known.accepts(element):
            yield _refusal(key, known, element)
            return
        if known.nested is not None:
            place = f"{key}[{index}]" if known.is_array else key
            # Nested objects are not merged: what is sent is all there will be.
            inner = check(element, known.nested, is_creation=True)
            yield from (f"{place}.{problem}" for problem in inner)


def _refusal(key: str, known: Property, value: Any) -> str:
    return f"{key}: {known.rule} (actual value is '{_shown(value)}')"


def _shown(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case dict():
            return "{...}"
        case list():
            return "[...]"
        case _:
            return shorten(str(value), _LONGEST_SHOWN)


def shorten(text: str, longest: int) -> str:
    """Return a text that errors can hold, whatever was sent."""
    return text if len(text) <= longest else f"{text[:longest]}..."
