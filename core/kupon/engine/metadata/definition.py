"""Reading metadata schemas from their definitions.

Source: spec rules-and-qualification, section 17.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from kupon.engine.definitions import Fields
from kupon.engine.metadata.checking import (
    NO_SCHEMAS,
    MetadataSchema,
    MetadataSchemas,
    Property,
)
from kupon.engine.metadata.kinds import KINDS, Test
from kupon.engine.metadata.restrictions import read_restrictions

RELATED_OBJECTS: Final = (
    "campaign",
    "customer",
    "earning_rule",
    "loyalty_tier",
    "order",
    "order_item",
    "product",
    "promotion_tier",
    "publication",
    "redemption",
    "reward",
    "voucher",
)
MOST_DEFINITIONS: Final = 100

_LONGEST_KEY: Final = 512


def parse_schemas(stored: Mapping[str, Mapping[str, Any]]) -> MetadataSchemas:
    """Read all schemas of a project; a schema is found by what it is for.

    Shapes:  definitions as parse_schema takes them; an object whose schema is gone may hold all.
    Raises:  DefinitionError.
    """
    nested = {
        name: parse_schema(definition, is_nested=True)
        for name, definition in stored.items()
        if name not in RELATED_OBJECTS
    }
    return nested | {
        name: parse_schema(definition, nested)
        for name, definition in stored.items()
        if name in RELATED_OBJECTS
    }


def parse_schema(
    definition: object, nested: MetadataSchemas = NO_SCHEMAS, *, is_nested: bool = False
) -> MetadataSchema:
    """Read one schema: `properties` by their keys, and `allow_defined_only`.

    Shapes:  names as on the management surface (`min_length`); nested are the schemas that
        objects may name; one that is nested itself has no objects.
    Raises:  DefinitionError.
    """
    fields = Fields(definition, "")
    sent = Fields(fields.required("properties"), ".properties")
    if len(sent.members) > MOST_DEFINITIONS:
        raise sent.error("", f"must NOT have more than {MOST_DEFINITIONS} properties")
    properties = {}
    for key, each in sent.members.items():
        if not 0 < len(key) <= _LONGEST_KEY:
            raise sent.error("", f"must have names of 1 to {_LONGEST_KEY} characters")
        parsed = _parse_property(Fields(each, sent.place(key)), nested, is_nested=is_nested)
        if parsed is not None:
            properties[key] = parsed
    return MetadataSchema(
        properties=properties,
        allow_defined_only=_flag(fields, "allow_defined_only"),
        required=tuple(key for key, known in properties.items() if known.is_required),
    )


def _parse_property(fields: Fields, nested: MetadataSchemas, *, is_nested: bool) -> Property | None:
    """Read one property; None where it is marked as deleted."""
    type_ = fields.choice("type", tuple(KINDS), None)
    for name in ("optional", "array"):
        fields.required(name)
    is_array, is_required = _flag(fields, "array"), not _flag(fields, "optional")
    restrictions = list(read_restrictions(fields, type_))
    object_type = _object_type(fields, type_, is_nested=is_nested)
    words, is_typed = KINDS[type_]
    demands = [
        words,
        *(["property is required"] * is_required),
        *(text for text, _ in restrictions),
    ]
    rule = ", ".join(demands)
    if _flag(fields, "deleted"):
        return None
    return Property(
        type=type_,
        rule=f"must be an array, and every element: {rule}" if is_array else rule,
        is_array=is_array,
        is_required=is_required,
        accepts=_both(is_typed, [test for _, test in restrictions]),
        nested=nested.get(object_type),
    )


def _both(is_typed: Test, tests: Sequence[Test]) -> Test:
    """A value must be of its type before the other tests can look at it."""
    if not tests:
        return is_typed
    return lambda value: is_typed(value) and all(test(value) for test in tests)


def _object_type(fields: Fields, type_: str, *, is_nested: bool) -> str:
    """Read the name of an object's schema; empty where it has none."""
    name = fields.text("object_type")
    if name is not None and type_ != "object":
        raise fields.error("object_type", f"must not be set for type {type_}")
    if is_nested and type_ == "object":
        raise fields.error("type", "must not be object within a nested object")
    return name or ""


def _flag(fields: Fields, name: str) -> bool:
    value = fields.get(name)
    if value is not None and not isinstance(value, bool):
        raise fields.error(name, "must be boolean")
    return bool(value)
