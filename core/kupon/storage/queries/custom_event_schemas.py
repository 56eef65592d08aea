"""Statements on the schemas of custom events; the project is always named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import select

from kupon.kit.errors import duplicate_found, not_found
from kupon.storage.refusing import refusing
from kupon.storage.tables.metadata_schemas import CustomEventSchema
from kupon.storage.uow import UnitOfWork


class NamedSchema(NamedTuple):
    """What the schema of an event says, to whoever stores one."""

    id: str
    name: str
    properties: dict[str, Any]


def insert_event_schema(uow: UnitOfWork, schema: CustomEventSchema) -> None:
    """Store the schema of an event.

    Raises:  duplicate_found when its project has one of the name.
    """
    error = duplicate_found("custom_event_schema", "name", schema.name)
    uow.session.add(schema)
    with refusing("uq_custom_event_schemas_project_id_name", error):
        uow.session.flush()


def get_event_schema(
    uow: UnitOfWork, project_id: str, schema_id: str, *, is_locked: bool = False
) -> CustomEventSchema:
    """The schema of an event by its id.

    Raises:  not_found.
    Locks:   the schema's row, when asked to.
    """
    statement = select(CustomEventSchema).where(
        CustomEventSchema.project_id == project_id, CustomEventSchema.id == schema_id
    )
    schema = uow.session.scalar(statement.with_for_update() if is_locked else statement)
    if schema is None:
        raise not_found("custom_event_schema", schema_id)
    return schema


def find_by_name(uow: UnitOfWork, name: str) -> NamedSchema | None:
    """The schema of the event of that name in the unit's project, or None."""
    row = uow.driver.execute(
        "SELECT id, name, properties FROM custom_event_schemas WHERE project_id = %s AND name = %s",
        (uow.project_id, name),
    ).fetchone()
    return None if row is None else NamedSchema(*row)


def list_event_schemas(uow: UnitOfWork, project_id: str) -> Sequence[CustomEventSchema]:
    """The schemas of all events of a project, the oldest first."""
    return uow.session.scalars(
        select(CustomEventSchema)
        .where(CustomEventSchema.project_id == project_id)
        .order_by(CustomEventSchema.created_at, CustomEventSchema.id)
    ).all()


def delete_event_schema(uow: UnitOfWork, schema: CustomEventSchema) -> None:
    """Remove the schema of an event for good."""
    uow.session.delete(schema)
    uow.session.flush()
