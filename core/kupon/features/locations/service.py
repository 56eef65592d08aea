"""Use cases of locations.

Source: spec rules-and-qualification, section 19.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any

from kupon.engine.definitions import DefinitionError
from kupon.engine.locations import parse_shape
from kupon.features.locations import schemas
from kupon.kit.errors import KuponError
from kupon.kit.pages import PageRequest, list_body
from kupon.runtime import ids
from kupon.storage.queries import locations
from kupon.storage.uow import UnitOfWork


def list_locations(uow: UnitOfWork, request: PageRequest, tz: tzinfo) -> dict[str, Any]:
    """One page of locations."""
    page = locations.list_locations(uow, request, tz)
    rows = [schemas.dump_location(row) for row in page.rows]
    return list_body("data", rows, total=page.total, has_more=page.has_more)


def get_location(uow: UnitOfWork, location_id: str) -> dict[str, Any]:
    """One location."""
    return schemas.dump_location(locations.get_location(uow, location_id))


def create_location(uow: UnitOfWork, body: Mapping[str, Any]) -> dict[str, Any]:
    """Store a location.

    Raises:  invalid_payload.
    """
    shape = _read_shape(body["shape"])
    return schemas.dump_location(
        locations.insert_location(uow, ids.new_id("loc_"), body["name"], shape)
    )


def update_location(uow: UnitOfWork, location_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Change name or shape.

    Raises:  not_found, invalid_payload.
    """
    row = locations.get_location(uow, location_id, is_locked=True)
    row.name = body.get("name", row.name)
    if "shape" in body:
        row.shape = _read_shape(body["shape"])
    row.updated_at = uow.now
    locations.save_location(uow, row)
    return schemas.dump_location(row)


def delete_location(uow: UnitOfWork, location_id: str) -> None:
    """Remove a location; conditions that name it hold for nobody from then on.

    Raises:  not_found.
    """
    locations.delete_location(uow, locations.get_location(uow, location_id, is_locked=True))


def _read_shape(sent: Mapping[str, Any]) -> dict[str, Any]:
    """A shape as it is stored: the members of its kind.

    Raises:  invalid_payload.
    """
    try:
        parse_shape(sent, ".shape")
    except DefinitionError as error:
        raise KuponError(error.key, error.details) from None
    return {name: sent[name] for name in ("type", "format", sent["format"])}
