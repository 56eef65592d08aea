"""Statements on who may use which campaign. Without a restricted key nothing of it is read.

Source: spec rules-and-qualification, section 20.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any, TypeVar

from sqlalchemy import Select, and_, delete, or_, select, true

from kupon.engine.access import Level, Place, Scope, may_use
from kupon.kit.errors import KuponError
from kupon.runtime import ids
from kupon.storage.criteria import Test, among
from kupon.storage.listing import Listing
from kupon.storage.tables.areas import CampaignAccess
from kupon.storage.uow import UnitOfWork

Row = TypeVar("Row")
# How much of a campaign an operation needs: `may_use` or `may_edit`.
May = Callable[[Scope, Collection[Place]], bool]


def visibility(uow: UnitOfWork) -> Callable[[str | None], bool]:
    """Tells for each campaign whether the caller's key may use it.

    Shapes:  ask once for each request: a restricted key costs one statement, any other nothing.
        What belongs to no campaign is nobody's who is restricted.
    """
    if uow.scope is None:
        return _everything
    usable = _usable(uow, uow.scope).distinct()
    return frozenset(uow.session.scalars(usable)).__contains__


def _everything(_: str | None) -> bool:
    return True


def narrowed(uow: UnitOfWork, listing: Listing[Row], campaign_id: Any) -> Listing[Row]:
    """A listing without what the caller's key may not see, by the column of its campaign."""
    if uow.scope is None:
        return listing
    return replace(listing, where=(*listing.where, is_usable(uow, uow.scope, campaign_id)))


def is_usable(uow: UnitOfWork, scope: Scope, campaign_id: Any) -> Test:
    """Whether a column names a campaign that a scope may use."""
    test: Test = campaign_id.in_(_usable(uow, scope))
    return test


def _usable(uow: UnitOfWork, scope: Scope) -> Select[str]:
    """The campaigns that a scope may use: `engine.access.may_use` as SQL."""
    areas = _areas(scope, Level.AREA)
    whole = _areas(scope, Level.ALL_STORES)
    around = _areas(scope, Level.STORE)
    stores = [place.store_id for place in scope if place.store_id is not None]
    is_of_store = or_(
        among(CampaignAccess.area_id, whole), among(CampaignAccess.store_id, sorted(stores))
    )
    return select(CampaignAccess.campaign_id).where(
        CampaignAccess.project_id == uow.project_id,
        or_(
            and_(CampaignAccess.level == Level.AREA, among(CampaignAccess.area_id, areas)),
            and_(
                CampaignAccess.level == Level.ALL_STORES,
                among(CampaignAccess.area_id, whole + around),
            ),
            and_(CampaignAccess.level == Level.STORE, is_of_store),
        ),
    )


def _areas(scope: Scope, level: Level) -> list[str]:
    return sorted({place.area_id for place in scope if place.level is level})


def check_access(
    uow: UnitOfWork, campaign_id: str | None, may: May = may_use, *, otherwise: tuple[str, str]
) -> None:
    """Refuse a campaign, or what belongs to it, that the caller's key may not use or edit.

    Shapes:  otherwise are type and id of what is refused where it belongs to no campaign.
    Raises:  forbidden.
    """
    if uow.scope is None:
        return
    rows = [] if campaign_id is None else list_access(uow, [campaign_id])
    if not may(uow.scope, places_of(rows)):
        type, id = otherwise if campaign_id is None else ("campaign", campaign_id)
        raise KuponError(
            "forbidden",
            f"Resource {type} with id {id} is not accessible in given context",
            resource_id=id,
            resource_type=type,
        )


def list_access(uow: UnitOfWork, campaign_ids: Sequence[str]) -> Sequence[CampaignAccess]:
    """The assignments of campaigns, the oldest first."""
    return uow.session.scalars(
        select(CampaignAccess)
        .where(
            CampaignAccess.project_id == uow.project_id,
            among(CampaignAccess.campaign_id, [*campaign_ids]),
        )
        .order_by(CampaignAccess.campaign_id, CampaignAccess.id)
    ).all()


def access_of(
    uow: UnitOfWork, campaign_ids: Sequence[str]
) -> Mapping[str, Sequence[CampaignAccess]]:
    """The assignments of campaigns by campaign; one without any is left out."""
    rows = list_access(uow, campaign_ids)
    return {key: list(mine) for key, mine in groupby(rows, lambda row: row.campaign_id)}


def places_of(rows: Iterable[CampaignAccess]) -> Scope:
    """The places that assignments are to."""
    return frozenset(Place(Level(row.level), row.area_id, row.store_id) for row in rows)


def change_access(uow: UnitOfWork, campaign_id: str, gone: Scope, come: Scope) -> Scope:
    """Take a campaign from places and assign it to others; the places that it has then.

    Locks:  the campaign must be new or locked, the places must be held.
    """
    rows = list_access(uow, [campaign_id])
    known = places_of(rows)
    for row in rows:
        if places_of([row]) <= gone - come:
            uow.session.delete(row)
    uow.session.add_all(
        CampaignAccess(
            project_id=uow.project_id,
            id=ids.new_id("asca_"),
            campaign_id=campaign_id,
            level=place.level,
            area_id=place.area_id,
            store_id=place.store_id,
            created_at=uow.now,
        )
        for place in sorted(come - known, key=_rank)
    )
    uow.session.flush()
    return (known - gone) | come


def _rank(place: Place) -> tuple[str, str, str]:
    return place.area_id, place.level, place.store_id or ""


def delete_access(uow: UnitOfWork, campaign_id: str) -> None:
    """Forget what a campaign that is gone for good was assigned to."""
    uow.session.execute(
        delete(CampaignAccess).where(
            CampaignAccess.project_id == uow.project_id, CampaignAccess.campaign_id == campaign_id
        )
    )


def is_assigned(campaign_id: Any, project_id: Any, named: Mapping[str, Sequence[str]]) -> Test:
    """Whether a campaign is assigned to one of the areas and stores that a filter names."""
    tests = [
        and_(CampaignAccess.level == level, among(column, [*named[name]]))
        for name, level, column in (
            ("areas_ids", Level.AREA, CampaignAccess.area_id),
            ("area_all_stores_ids", Level.ALL_STORES, CampaignAccess.area_id),
            ("area_stores_ids", Level.STORE, CampaignAccess.store_id),
        )
        if named.get(name)
    ]
    if not tests:
        return true()
    assigned = select(CampaignAccess.campaign_id).where(
        CampaignAccess.project_id == project_id, or_(*tests)
    )
    test: Test = campaign_id.in_(assigned)
    return test
