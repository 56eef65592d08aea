"""Use cases of areas and stores.

The management surface belongs to no project, so the project is always named.
Source: spec rules-and-qualification, section 20.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from kupon.features.areas import schemas
from kupon.kit.errors import KuponError, invalid_payload, not_found
from kupon.kit.pages import PageRequest, list_body
from kupon.runtime import ids
from kupon.storage.queries import areas, projects
from kupon.storage.tables.areas import Area, AreaStore
from kupon.storage.uow import UnitOfWork

MOST_AREAS = 100
MOST_STORES = 100
MOST_NAMED = 100


def list_areas(uow: UnitOfWork, project_id: str, request: PageRequest) -> dict[str, Any]:
    """One page of a project's areas.

    Raises:  not_found for an unknown project.
    """
    if projects.find_project(uow, project_id) is None:
        raise not_found("project", project_id)
    page = areas.list_areas(uow, project_id, request)
    return list_body("data", list(map(schemas.dump_area, page.rows)), total=page.total)


def get_area(uow: UnitOfWork, project_id: str, area_id: str) -> dict[str, Any]:
    """One area.

    Raises:  not_found.
    """
    return schemas.dump_area(areas.get_area(uow, project_id, area_id))


def create_area(uow: UnitOfWork, project_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Store an area.

    Raises:  invalid_payload for one too many; not_found for an unknown project.
    Locks:   the project's row, so that no two requests both take the last place.
    """
    if projects.lock_project(uow, project_id) is None:
        raise not_found("project", project_id)
    if areas.count_areas(uow, project_id) >= MOST_AREAS:
        raise invalid_payload(f"Project must NOT have more than {MOST_AREAS} areas")
    area = Area(project_id=project_id, id=ids.new_id("ar_"), name=body["name"], created_at=uow.now)
    areas.insert(uow, area)
    return schemas.dump_area(area)


def update_area(
    uow: UnitOfWork, project_id: str, area_id: str, body: Mapping[str, Any]
) -> dict[str, Any]:
    """Change the name.

    Raises:  not_found.
    """
    area = areas.get_area(uow, project_id, area_id, is_locked=True)
    _rename(uow, area, body)
    return schemas.dump_area(area)


def delete_area(uow: UnitOfWork, project_id: str, area_id: str) -> None:
    """Remove an area without stores that no campaign and no key is assigned to.

    Raises:  not_found; resource_in_use.
    """
    area = areas.get_area(uow, project_id, area_id, is_locked=True)
    _delete(uow, project_id, areas.AREA, area)


def list_stores(
    uow: UnitOfWork, project_id: str, area_id: str, request: PageRequest
) -> dict[str, Any]:
    """One page of an area's stores.

    Raises:  not_found.
    """
    area = areas.get_area(uow, project_id, area_id)
    within = replace(request, shortcuts={"area_id": area.id})
    page = areas.list_stores(uow, project_id, within)
    return list_body("data", list(map(schemas.dump_store, page.rows)), total=page.total)


def get_store(uow: UnitOfWork, project_id: str, area_id: str, store_id: str) -> dict[str, Any]:
    """One store.

    Raises:  not_found.
    """
    return schemas.dump_store(areas.get_store(uow, project_id, area_id, store_id))


def create_store(
    uow: UnitOfWork, project_id: str, area_id: str, body: Mapping[str, Any]
) -> dict[str, Any]:
    """Store a store of an area.

    Raises:  invalid_payload for one too many; not_found for an unknown area.
    """
    area = areas.get_area(uow, project_id, area_id, is_locked=True)
    if areas.count_stores(uow, project_id, area.id) >= MOST_STORES:
        raise invalid_payload(f"Area must NOT have more than {MOST_STORES} stores")
    store = AreaStore(
        project_id=project_id,
        id=ids.new_id("ars_"),
        area_id=area.id,
        name=body["name"],
        created_at=uow.now,
    )
    areas.insert(uow, store)
    return schemas.dump_store(store)


def update_store(
    uow: UnitOfWork, project_id: str, area_id: str, store_id: str, body: Mapping[str, Any]
) -> dict[str, Any]:
    """Change the name.

    Raises:  not_found.
    """
    store = areas.get_store(uow, project_id, area_id, store_id, is_locked=True)
    _rename(uow, store, body)
    return schemas.dump_store(store)


def delete_store(uow: UnitOfWork, project_id: str, area_id: str, store_id: str) -> None:
    """Remove a store that no campaign and no key is assigned to.

    Raises:  not_found; resource_in_use.
    """
    store = areas.get_store(uow, project_id, area_id, store_id, is_locked=True)
    _delete(uow, project_id, areas.STORE, store)


def _rename(uow: UnitOfWork, row: Area | AreaStore, body: Mapping[str, Any]) -> None:
    row.name = body.get("name", row.name)
    row.updated_at = uow.now


def _delete(uow: UnitOfWork, project_id: str, kind: str, row: Area | AreaStore) -> None:
    uses = areas.find_uses(uow, project_id, row, MOST_NAMED)
    if uses is not None:
        raise KuponError(
            "resource_in_use",
            f"Resource {kind} with id {row.id} is in use by {uses.kind}"
            f" with ids [{', '.join(uses.ids)}]",
            resource_id=row.id,
            resource_type=kind,
            related_object_ids=list(uses.ids),
            related_object_type=uses.kind,
            related_object_total=uses.total,
        )
    areas.delete_place(uow, row)
