"""Statements on metadata schemas. Each change of one bumps its project's revision.

The management surface belongs to no project, so the project is always named.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import orjson
from sqlalchemy import func, or_, select

from kupon.engine.metadata import NO_SCHEMAS, MetadataSchemas, parse_schemas
from kupon.kit.errors import duplicate_found, not_found
from kupon.storage.queries.projects import bump_revision, lock_project
from kupon.storage.refusing import refusing
from kupon.storage.tables.metadata_schemas import MetadataSchema
from kupon.storage.uow import UnitOfWork

_SCHEMAS = (
    "SELECT related_object, allow_defined_only, properties::text FROM metadata_schemas"
    " WHERE project_id = %s ORDER BY id"
)


def load_schemas(uow: UnitOfWork) -> MetadataSchemas:
    """All schemas of the unit's project, ready to check metadata with.

    Shapes:  a request that evaluates has them in its definitions already.
    """
    rows = uow.reader.execute(_SCHEMAS, (uow.project_id,)).fetchall()
    return _parse(tuple(rows)) if rows else NO_SCHEMAS


@lru_cache(maxsize=1000)
def _parse(rows: tuple[tuple[str, bool, str], ...]) -> MetadataSchemas:
    return parse_schemas(
        {
            name: {"properties": orjson.loads(properties), "allow_defined_only": is_strict}
            for name, is_strict, properties in rows
        }
    )


def lock_schemas(uow: UnitOfWork, project_id: str) -> None:
    """Let nobody else change the schemas of a project until the end of the unit of work.

    Raises:  not_found for an unknown project.
    Locks:   the project's row.
    """
    if lock_project(uow, project_id) is None:
        raise not_found("project", project_id)


def insert_schema(uow: UnitOfWork, schema: MetadataSchema) -> None:
    """Store a schema.

    Raises:  duplicate_found when its project has one for the same objects.
    """
    error = duplicate_found("metadata_schema", "related_object", schema.related_object)
    uow.session.add(schema)
    with refusing("uq_metadata_schemas_project_id_related_object", error):
        uow.session.flush()
    _tell(uow, schema)


def save_schema(uow: UnitOfWork, schema: MetadataSchema) -> None:
    """Write a changed schema."""
    uow.session.flush()
    _tell(uow, schema)


def delete_schema(uow: UnitOfWork, schema: MetadataSchema) -> None:
    """Remove a schema; metadata stays as it is."""
    uow.session.delete(schema)
    uow.session.flush()
    _tell(uow, schema)


def _tell(uow: UnitOfWork, schema: MetadataSchema) -> None:
    bump_revision(uow, ("metadata_schema", schema.id), project_id=schema.project_id)


def get_schema(uow: UnitOfWork, project_id: str, reference: str) -> MetadataSchema:
    """A schema by id, else by what it is for.

    Raises:  not_found.
    """
    schema = uow.session.scalar(
        select(MetadataSchema)
        .where(
            MetadataSchema.project_id == project_id,
            or_(MetadataSchema.id == reference, MetadataSchema.related_object == reference),
        )
        .order_by((MetadataSchema.id == reference).desc())
        .limit(1)
    )
    if schema is None:
        raise not_found("metadata_schema", reference)
    return schema


def list_schemas(uow: UnitOfWork, project_id: str) -> Sequence[MetadataSchema]:
    """All schemas of a project, the oldest first."""
    return uow.session.scalars(
        select(MetadataSchema)
        .where(MetadataSchema.project_id == project_id)
        .order_by(MetadataSchema.created_at, MetadataSchema.id)
    ).all()


def count_schemas(uow: UnitOfWork, project_id: str) -> int:
    """How many schemas a project has."""
    return (
        uow.session.scalar(
            select(func.count())
            .select_from(MetadataSchema)
            .where(MetadataSchema.project_id == project_id)
        )
        or 0
    )
