"""Defining what metadata may hold.

Source: spec rules-and-qualification, section 17.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kupon.engine.definitions import DefinitionError
from kupon.engine.metadata import RELATED_OBJECTS, parse_schema
from kupon.kit.errors import KuponError, invalid_payload, not_found
from kupon.runtime import ids
from kupon.storage.queries import metadata_schemas, projects
from kupon.storage.tables.metadata_schemas import MetadataSchema
from kupon.storage.uow import UnitOfWork

MOST_SCHEMAS = 100
LONGEST_NAME = 512


def list_schemas(uow: UnitOfWork, project_id: str) -> Sequence[MetadataSchema]:
    """All schemas of a project.

    Raises:  not_found for an unknown project.
    """
    if projects.find_project(uow, project_id) is None:
        raise not_found("project", project_id)
    return metadata_schemas.list_schemas(uow, project_id)


def get_schema(uow: UnitOfWork, project_id: str, reference: str) -> MetadataSchema:
    """A schema by id or by what it is for.

    Raises:  not_found.
    """
    return metadata_schemas.get_schema(uow, project_id, reference)


def create_schema(uow: UnitOfWork, project_id: str, body: Mapping[str, Any]) -> MetadataSchema:
    """Store the schema of a kind of object, or of a nested object under a name of its own.

    Raises:  duplicate_found, invalid_payload; not_found for an unknown project.
    """
    if len(body["related_object"]) > LONGEST_NAME:
        # It may come from the path, which no schema reads.
        raise invalid_payload(
            f"Property .related_object must NOT have more than {LONGEST_NAME} characters"
        )
    metadata_schemas.lock_schemas(uow, project_id)
    if metadata_schemas.count_schemas(uow, project_id) >= MOST_SCHEMAS:
        raise invalid_payload(f"Project must NOT have more than {MOST_SCHEMAS} metadata schemas")
    row = MetadataSchema(
        project_id=project_id,
        id=ids.new_id("ms_"),
        related_object=body["related_object"],
        properties=body["properties"],
        allow_defined_only=body.get("allow_defined_only", False),
        created_at=uow.now,
    )
    _check(uow, row, body["properties"])
    metadata_schemas.insert_schema(uow, row)
    return row


def update_schema(
    uow: UnitOfWork, project_id: str, reference: str, body: Mapping[str, Any]
) -> MetadataSchema:
    """Replace the definitions that are sent; the others stay, and so does the type of each.

    Raises:  not_found, invalid_payload.
    """
    metadata_schemas.lock_schemas(uow, project_id)
    row = metadata_schemas.get_schema(uow, project_id, reference)
    known = row.properties
    row.properties = {**known, **body["properties"]}
    row.allow_defined_only = body.get("allow_defined_only", row.allow_defined_only)
    row.updated_at = uow.now
    _check(uow, row, body["properties"])
    for key, definition in body["properties"].items():
        if key in known and definition["type"] != known[key]["type"]:
            raise invalid_payload(f"Property .properties.{key}.type cannot be changed")
    metadata_schemas.save_schema(uow, row)
    return row


def delete_schema(uow: UnitOfWork, project_id: str, reference: str) -> None:
    """Remove a schema; what it allowed and forbade is anybody's from now on.

    Raises:  not_found.
    """
    metadata_schemas.lock_schemas(uow, project_id)
    row = metadata_schemas.get_schema(uow, project_id, reference)
    metadata_schemas.delete_schema(uow, row)


def _check(uow: UnitOfWork, row: MetadataSchema, sent: Mapping[str, Any]) -> None:
    """Refuse definitions that mean nothing, and objects of a schema that doesn't exist."""
    is_nested = row.related_object not in RELATED_OBJECTS
    try:
        parse_schema({"properties": row.properties}, is_nested=is_nested)
    except DefinitionError as error:
        raise KuponError(error.key, error.details) from None
    wanted = {
        key: definition["object_type"]
        for key, definition in sent.items()
        if definition.get("object_type")
    }
    if not wanted:
        return
    stored = metadata_schemas.list_schemas(uow, row.project_id)
    known = {schema.related_object for schema in stored}.difference(RELATED_OBJECTS)
    for key, name in wanted.items():
        if name not in known:
            raise invalid_payload(
                f"Property .properties.{key}.object_type must name a schema of nested objects"
            )
