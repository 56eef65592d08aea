"""Defining custom events.

Source: spec events-webhooks-data, section 7.1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kupon.engine.metadata import MOST_DEFINITIONS
from kupon.kit.errors import invalid_payload, not_found
from kupon.runtime import ids
from kupon.storage.queries import custom_event_schemas, projects
from kupon.storage.tables.metadata_schemas import CustomEventSchema
from kupon.storage.uow import UnitOfWork


def list_event_schemas(uow: UnitOfWork, project_id: str) -> Sequence[CustomEventSchema]:
    """All custom events of a project.

    Raises:  not_found for an unknown project.
    """
    _require_project(uow, project_id)
    return custom_event_schemas.list_event_schemas(uow, project_id)


def get_event_schema(uow: UnitOfWork, project_id: str, schema_id: str) -> CustomEventSchema:
    """One custom event.

    Raises:  not_found.
    """
    return custom_event_schemas.get_event_schema(uow, project_id, schema_id)


def create_event_schema(
    uow: UnitOfWork, project_id: str, body: Mapping[str, Any]
) -> CustomEventSchema:
    """Store a custom event; its name must be new to the project.

    Raises:  duplicate_found, invalid_payload; not_found for an unknown project.
    """
    _require_project(uow, project_id)
    row = CustomEventSchema(
        project_id=project_id,
        id=ids.new_id("ms_"),
        name=body["name"],
        properties=_bounded(body["schema"]["properties"]),
        created_at=uow.now,
    )
    custom_event_schemas.insert_event_schema(uow, row)
    return row


def update_event_schema(
    uow: UnitOfWork, project_id: str, schema_id: str, body: Mapping[str, Any]
) -> CustomEventSchema:
    """Replace the definitions that are sent, also by ones of another type; the others stay.

    Raises:  not_found, invalid_payload.
    """
    row = custom_event_schemas.get_event_schema(uow, project_id, schema_id, is_locked=True)
    row.properties = _bounded({**row.properties, **body["schema"]["properties"]})
    row.updated_at = uow.now
    return row


def delete_event_schema(uow: UnitOfWork, project_id: str, schema_id: str) -> None:
    """Remove a custom event for good.

    Raises:  not_found.
    """
    row = custom_event_schemas.get_event_schema(uow, project_id, schema_id, is_locked=True)
    custom_event_schemas.delete_event_schema(uow, row)


def _require_project(uow: UnitOfWork, project_id: str) -> None:
    if projects.find_project(uow, project_id) is None:
        raise not_found("project", project_id)


def _bounded(properties: dict[str, Any]) -> dict[str, Any]:
    if len(properties) > MOST_DEFINITIONS:
        raise invalid_payload(
            f"Property .schema.properties must NOT have more than {MOST_DEFINITIONS} properties"
        )
    return properties
