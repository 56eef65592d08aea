"""Statements on areas and their stores.

The management surface belongs to no project, so the project is always named.
Source: spec rules-and-qualification, section 20.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Select, delete, func, select

from kupon.engine.access import Level, Place, Scope
from kupon.kit.errors import not_found
from kupon.kit.pages import PageRequest
from kupon.storage.criteria import MomentField, Test, TextField, among
from kupon.storage.listing import Listing, Page, fetch_page
from kupon.storage.tables.areas import Area, AreaStore, CampaignAccess
from kupon.storage.tables.campaigns import Campaign
from kupon.storage.tables.projects import ApiKey
from kupon.storage.uow import UnitOfWork

AREA = "area"
STORE = "area_store"

# How the wire names ids by what is assigned.
Named = Mapping[str, Sequence[str]]


class Uses(NamedTuple):
    """What of one kind is assigned to a place; ids are some of them."""

    kind: str
    ids: Sequence[str]
    total: int


def insert(uow: UnitOfWork, row: Area | AreaStore) -> None:
    """Store an area or a store."""
    uow.session.add(row)
    uow.session.flush()


def get_area(uow: UnitOfWork, project_id: str, area_id: str, *, is_locked: bool = False) -> Area:
    """An area by id.

    Raises:  not_found.
    Locks:   the area's row, when asked to.
    """
    statement = select(Area).where(Area.project_id == project_id, Area.id == area_id)
    area = uow.session.scalar(statement.with_for_update() if is_locked else statement)
    if area is None:
        raise not_found(AREA, area_id)
    return area


def get_store(
    uow: UnitOfWork, project_id: str, area_id: str, store_id: str, *, is_locked: bool = False
) -> AreaStore:
    """A store of an area by id.

    Raises:  not_found.
    Locks:   the store's row, when asked to.
    """
    statement = select(AreaStore).where(
        AreaStore.project_id == project_id, AreaStore.area_id == area_id, AreaStore.id == store_id
    )
    store = uow.session.scalar(statement.with_for_update() if is_locked else statement)
    if store is None:
        raise not_found(STORE, store_id)
    return store


_AREAS = Listing(
    Area,
    fields={
        "name": TextField(Area.name),
        "created_at": MomentField(Area.created_at),
        "updated_at": MomentField(Area.updated_at),
    },
)
_STORES = Listing(
    AreaStore,
    fields={
        "area_id": TextField(AreaStore.area_id),
        "name": TextField(AreaStore.name),
        "created_at": MomentField(AreaStore.created_at),
        "updated_at": MomentField(AreaStore.updated_at),
    },
)


def list_areas(uow: UnitOfWork, project_id: str, request: PageRequest) -> Page[Area]:
    """One page of a project's areas."""
    return fetch_page(uow, _AREAS, request, project_id=project_id)


def list_stores(uow: UnitOfWork, project_id: str, request: PageRequest) -> Page[AreaStore]:
    """One page of the stores that a request asks for."""
    return fetch_page(uow, _STORES, request, project_id=project_id)


def count_areas(uow: UnitOfWork, project_id: str) -> int:
    """How many areas a project has."""
    return uow.session.scalar(select(func.count()).where(Area.project_id == project_id)) or 0


def count_stores(uow: UnitOfWork, project_id: str, area_id: str) -> int:
    """How many stores an area has."""
    mine = AreaStore.project_id == project_id, AreaStore.area_id == area_id
    return uow.session.scalar(select(func.count()).where(*mine)) or 0


def hold_places(uow: UnitOfWork, project_id: str, named: Named) -> Scope:
    """The places that `areas_ids`, `area_all_stores_ids` and `area_stores_ids` name.

    Raises:  not_found.
    Locks:   their rows against deletion, areas before stores.
    """
    area_ids = [*named.get("areas_ids", ()), *named.get("area_all_stores_ids", ())]
    if area_ids:
        known = _held(uow, select(Area.id, Area.id), Area, project_id, area_ids)
        _refuse_missing(AREA, area_ids, known)
    store_ids = named.get("area_stores_ids", ())
    areas_of: Mapping[str, str] = {}
    if store_ids:
        owners = select(AreaStore.id, AreaStore.area_id)
        areas_of = _held(uow, owners, AreaStore, project_id, store_ids)
        _refuse_missing(STORE, store_ids, areas_of)
    return frozenset(
        [Place(Level.AREA, area_id) for area_id in named.get("areas_ids", ())]
        + [Place(Level.ALL_STORES, area_id) for area_id in named.get("area_all_stores_ids", ())]
        + [Place(Level.STORE, areas_of[store_id], store_id) for store_id in store_ids]
    )


def _held(
    uow: UnitOfWork, chosen: Select[Any, Any], entity: Any, project_id: str, ids: Sequence[str]
) -> dict[str, str]:
    rows = uow.session.execute(
        chosen.where(entity.project_id == project_id, among(entity.id, [*ids]))
        .order_by(entity.id)
        .with_for_update(read=True, key_share=True)
    )
    return {row[0]: row[1] for row in rows}


def _refuse_missing(kind: str, ids: Sequence[str], known: Mapping[str, str]) -> None:
    for sent in ids:
        if sent not in known:
            raise not_found(kind, sent)


def find_uses(uow: UnitOfWork, project_id: str, row: Area | AreaStore, most: int) -> Uses | None:
    """What keeps an area or a store from being deleted: stores, campaigns or keys; or nothing.

    Locks:  the area or store must be locked.
    """
    chosen = []
    if isinstance(row, Area):
        owned = AreaStore.project_id == project_id, AreaStore.area_id == row.id
        chosen.append((STORE, select(AreaStore.id).where(*owned)))
    campaigns = (
        select(Campaign.id)
        .join(CampaignAccess, CampaignAccess.campaign_id == Campaign.id)
        .where(
            Campaign.project_id == project_id, Campaign.binned_at.is_(None), _at(row, project_id)
        )
        .distinct()
    )
    name = "area_id" if isinstance(row, Area) else "store_id"
    keys = select(ApiKey.app_id).where(
        ApiKey.project_id == project_id, ApiKey.access.contains([{name: row.id}])
    )
    for kind, found in (*chosen, ("campaign", campaigns), ("api_key", keys)):
        total = uow.session.scalar(select(func.count()).select_from(found.subquery()))
        if total:
            ids = uow.session.scalars(found.order_by(found.selected_columns[0]).limit(most)).all()
            return Uses(kind, ids, total)
    return None


def _at(row: Area | AreaStore, project_id: str) -> Test:
    column = CampaignAccess.area_id if isinstance(row, Area) else CampaignAccess.store_id
    return (CampaignAccess.project_id == project_id) & (column == row.id)


def delete_place(uow: UnitOfWork, row: Area | AreaStore) -> None:
    """Remove an area or store that nothing uses; binned campaigns forget it."""
    uow.session.execute(delete(CampaignAccess).where(_at(row, row.project_id)))
    uow.session.delete(row)
    uow.session.flush()
