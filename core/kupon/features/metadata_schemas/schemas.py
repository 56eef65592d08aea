"""Wire shapes of metadata schemas, in the spelling of either surface, and of custom events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields

from kupon.engine.metadata.kinds import KINDS
from kupon.kit.timestamps import format_moment
from kupon.storage.tables.metadata_schemas import CustomEventSchema as EventSchemaRow
from kupon.storage.tables.metadata_schemas import MetadataSchema as SchemaRow
from kupon.web.fields import (
    CountedList,
    Flag,
    Json,
    Many,
    Moment,
    Number,
    Part,
    Text,
    Whole,
    WireSchema,
    identifier,
    one_of,
)

# How /v1 spells what the management surface writes with underscores.
_V1_NAMES = {
    "object_type": "objectType",
    "min_length": "minLength",
    "max_length": "maxLength",
    "exact_length": "exactLength",
}
_STORED_NAMES = {v1: name for name, v1 in _V1_NAMES.items()}


class _Definition(WireSchema):
    """What one key may hold, as far as both surfaces spell it alike."""

    type = Text(required=True, validate=one_of(*KINDS))
    array = Flag(required=True)
    optional = Flag(required=True)
    deleted = Flag()
    eq = Many(fields.Raw(metadata={"description": "A text or a number"}))
    ne = Many(Number())
    lt = Number()
    lte = Number()
    gt = Number()
    gte = Number()


class MetadataDefinition(_Definition):
    """What one key may hold."""

    objectType = Text(allow_none=True)
    minLength = Whole()
    maxLength = Whole()
    exactLength = Whole()


class ManagementMetadataDefinition(_Definition):
    """What one key may hold."""

    object_type = Text(allow_none=True)
    min_length = Whole()
    max_length = Whole()
    exact_length = Whole()


_KNOWN = frozenset(ManagementMetadataDefinition().fields)


class Definitions(Json):
    """Definitions by their keys; either surface takes both spellings. The engine checks them."""

    def __init__(self, definition: type[WireSchema], **kwargs: Any) -> None:
        super().__init__(keys=Text(), values=Part(definition), **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        sent = super()._deserialize(value, *args, **kwargs)
        return {key: _as_stored(definition) for key, definition in sent.items()}


def _as_stored(definition: Any) -> Any:
    if not isinstance(definition, dict):
        return definition
    named = {_STORED_NAMES.get(name, name): value for name, value in definition.items()}
    return {name: named[name] for name in named if name in _KNOWN and named[name] is not None}


class MetadataSchemaUpdate(WireSchema):
    """Body of an update; definitions that are not sent stay."""

    properties = Definitions(MetadataDefinition, required=True)
    allow_defined_only = Flag()


class MetadataSchemaNamed(MetadataSchemaUpdate):
    """Body of a creation whose path can say what the schema is for."""

    related_object = Text(validate=identifier())


class MetadataSchemaCreate(MetadataSchemaUpdate):
    """Body of a creation; related_object is a kind of object, or names a nested object."""

    related_object = Text(required=True, validate=identifier())


class ManagementMetadataSchemaUpdate(WireSchema):
    """Body of an update; definitions that are not sent stay."""

    properties = Definitions(ManagementMetadataDefinition, required=True)
    allow_defined_only = Flag()


class ManagementMetadataSchemaCreate(ManagementMetadataSchemaUpdate):
    """Body of a creation; related_object is a kind of object, or names a nested object."""

    related_object = Text(required=True, validate=identifier())


class _Schema(WireSchema):
    """What both surfaces say of a schema alike."""

    id = Text()
    related_object = Text()
    allow_defined_only = Flag(allow_none=True)
    created_at = Moment()
    updated_at = Moment(allow_none=True)
    object = Text()


class MetadataSchema(_Schema):
    """What the metadata of one kind of object may hold."""

    properties = Definitions(MetadataDefinition, required=True)


class ManagementMetadataSchema(_Schema):
    """What the metadata of one kind of object may hold."""

    properties = Definitions(ManagementMetadataDefinition, required=True)


class MetadataSchemaList(CountedList):
    """All schemas of the project."""

    schemas = Many(Part(MetadataSchema))


class ManagementMetadataSchemaList(CountedList):
    """All schemas of the project."""

    data = Many(Part(ManagementMetadataSchema), required=True)


class CustomEventDefinition(WireSchema):
    """What one key of an event's metadata holds."""

    type = Text(required=True, validate=one_of("string", "number", "date", "datetime", "boolean"))
    optional = Flag(required=True)
    deleted = Flag()


class CustomEventDefinitions(Json):
    """Definitions by their keys."""

    def __init__(self, **kwargs: Any) -> None:
        self._each = Part(CustomEventDefinition)
        super().__init__(keys=Text(), values=self._each, **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        read: dict[str, Any] = {}
        for key, definition in super()._deserialize(value, *args, **kwargs).items():
            try:
                Text(validate=identifier()).deserialize(key)
                read[key] = self._each.deserialize(definition)
            except ValidationError as error:
                raise ValidationError({key: error.messages}) from None
        return read


class CustomEventProperties(WireSchema):
    """What an event's metadata holds."""

    properties = CustomEventDefinitions(required=True)


class CustomEventSchemaUpdate(WireSchema):
    """Body of an update; definitions that are not sent stay."""

    schema = Part(CustomEventProperties, required=True)


class CustomEventSchemaCreate(CustomEventSchemaUpdate):
    """Body of a creation."""

    name = Text(required=True, validate=identifier())


class CustomEventSchema(WireSchema):
    """A custom event."""

    id = Text(required=True)
    name = Text(required=True)
    schema = Part(CustomEventProperties, required=True)
    created_at = Moment(required=True)
    updated_at = Moment()
    object = Text(required=True)


class CustomEventSchemaList(CountedList):
    """All custom events of the project."""

    data = Many(Part(CustomEventSchema), required=True)


def dump_schema(row: SchemaRow) -> dict[str, Any]:
    """The wire's schema on /v1."""
    properties = {key: _as_v1(definition) for key, definition in row.properties.items()}
    return dump_management_schema(row) | {"properties": properties}


def _as_v1(definition: Mapping[str, Any]) -> dict[str, Any]:
    return {_V1_NAMES.get(name, name): value for name, value in definition.items()}


def dump_management_schema(row: SchemaRow) -> dict[str, Any]:
    """The wire's schema on the management surface."""
    return {
        "id": row.id,
        "related_object": row.related_object,
        "properties": row.properties,
        "allow_defined_only": row.allow_defined_only,
        "created_at": format_moment(row.created_at),
        "updated_at": None if row.updated_at is None else format_moment(row.updated_at),
        "object": "metadata_schema",
    }


def dump_event_schema(row: EventSchemaRow) -> dict[str, Any]:
    """The wire's custom event."""
    body = {
        "id": row.id,
        "name": row.name,
        "schema": {"properties": row.properties},
        "created_at": format_moment(row.created_at),
    }
    if row.updated_at is not None:
        body["updated_at"] = format_moment(row.updated_at)
    return body | {"object": "custom-event-schema"}
