"""Statements on locations. Each change of one bumps the project's revision."""

from __future__ import annotations

from datetime import tzinfo
from typing import Any

from sqlalchemy import select

from kupon.engine.locations import Location as Place
from kupon.engine.locations import Locations, parse_shape
from kupon.kit.errors import not_found
from kupon.kit.pages import PageRequest
from kupon.storage.criteria import MomentField, TextField
from kupon.storage.listing import Listing, Page, fetch_page
from kupon.storage.queries.projects import bump_revision
from kupon.storage.tables.locations import Location
from kupon.storage.uow import UnitOfWork


def insert_location(
    uow: UnitOfWork, location_id: str, name: str, shape: dict[str, Any]
) -> Location:
    """Store a location."""
    location = Location(
        project_id=uow.project_id,
        id=location_id,
        name=name,
        shape=shape,
        created_at=uow.now,
    )
    uow.session.add(location)
    save_location(uow, location)
    return location


def save_location(uow: UnitOfWork, location: Location) -> None:
    """Write a new or changed location."""
    uow.session.flush()
    bump_revision(uow, ("location", location.id))


def delete_location(uow: UnitOfWork, location: Location) -> None:
    """Remove a location; what names it has nobody inside from now on."""
    uow.session.delete(location)
    save_location(uow, location)


def get_location(uow: UnitOfWork, location_id: str, *, is_locked: bool = False) -> Location:
    """A location by id.

    Raises:  not_found.
    Locks:   the location's row, when asked to.
    """
    statement = select(Location).where(
        Location.project_id == uow.project_id, Location.id == location_id
    )
    location = uow.session.scalar(statement.with_for_update() if is_locked else statement)
    if location is None:
        raise not_found("location", location_id)
    return location


_LOCATIONS = Listing(
    Location,
    fields={
        "name": TextField(Location.name),
        "created_at": MomentField(Location.created_at),
        "updated_at": MomentField(Location.updated_at),
    },
)


def list_locations(uow: UnitOfWork, request: PageRequest, tz: tzinfo) -> Page[Location]:
    """One page of locations."""
    return fetch_page(uow, _LOCATIONS, request, tz=tz)


def load_locations(uow: UnitOfWork) -> Locations:
    """All locations of the project, ready to look for points in."""
    rows = uow.reader.execute(
        "SELECT id, shape FROM locations WHERE project_id = %s", (uow.project_id,)
    ).fetchall()
    return Locations(
        {
            location_id: Place(id=location_id, shape=parse_shape(shape))
            for location_id, shape in rows
        }
    )
