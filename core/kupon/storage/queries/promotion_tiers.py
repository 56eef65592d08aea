"""Statements on promotion tiers. Each change of one bumps the project's revision.

Source: spec campaigns-loyalty-referral-gift, section 4.1; api-conventions, section 7.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, delete, exists, func, or_, select

from kupon.engine.access import may_edit, may_use
from kupon.kit.errors import not_found
from kupon.kit.pages import PageRequest
from kupon.storage.criteria import MomentField, Test, among
from kupon.storage.listing import Listing, Page, fetch_page
from kupon.storage.queries.campaign_access import May, check_access, narrowed
from kupon.storage.queries.projects import bump_revision
from kupon.storage.tables.campaigns import Campaign
from kupon.storage.tables.categories import Category
from kupon.storage.tables.promotions import PromotionTier
from kupon.storage.timing import has_expired
from kupon.storage.uow import UnitOfWork


class FoundTier(NamedTuple):
    """A tier with what it belongs to."""

    tier: PromotionTier
    campaign: Campaign
    category: Category | None


def insert_tiers(uow: UnitOfWork, tiers: Sequence[PromotionTier]) -> None:
    """Store tiers of one campaign.

    Locks:  the campaign must be locked, so that its tiers don't vanish from under a stack.
    """
    uow.session.add_all(tiers)
    uow.session.flush()
    _bump(uow, [tier.id for tier in tiers])


def _bump(uow: UnitOfWork, tier_ids: Sequence[str]) -> None:
    if tier_ids:
        bump_revision(uow, *(("promotion_tier", tier_id) for tier_id in tier_ids))


def next_hierarchy(uow: UnitOfWork, campaign_id: str) -> int:
    """The place after the last tier of a campaign.

    Locks:  the campaign must be locked, or two tiers get the same place.
    """
    last = uow.session.scalar(
        select(func.max(PromotionTier.hierarchy)).where(
            PromotionTier.project_id == uow.project_id, PromotionTier.campaign_id == campaign_id
        )
    )
    return (last or 0) + 1


def get_tier(uow: UnitOfWork, tier_id: str) -> FoundTier:
    """A tier by id.

    Raises:  not_found; forbidden for a restricted key that may not use its campaign.
    """
    return _accessible(uow, tier_id, uow.session.execute(_one(uow, tier_id)).first(), may_use)


def lock_tier(uow: UnitOfWork, tier_id: str, may: May = may_edit) -> FoundTier:
    """A tier by id, for a change.

    Raises:  not_found; forbidden for a restricted key that may not do so.
    Locks:   the tier's row; its campaign, where that is locked too, goes first.
    """
    chosen = _one(uow, tier_id).with_for_update(of=PromotionTier)
    row = uow.session.execute(chosen, execution_options={"populate_existing": True}).first()
    return _accessible(uow, tier_id, row, may)


def _accessible(uow: UnitOfWork, tier_id: str, row: Any, may: May) -> FoundTier:
    if row is None:
        raise not_found("promotion_tier", tier_id)
    found = FoundTier(*row)
    check_access(uow, found.campaign.id, may, otherwise=("promotion_tier", tier_id))
    return found


def _one(uow: UnitOfWork, tier_id: str) -> Select[PromotionTier, Campaign, Category]:
    return (
        select(PromotionTier, Campaign, Category)
        .join(Campaign, _OWNS)
        .outerjoin(
            Category,
            and_(
                Category.project_id == PromotionTier.project_id,
                Category.id == PromotionTier.category_id,
            ),
        )
        .where(PromotionTier.project_id == uow.project_id, PromotionTier.id == tier_id)
    )


_OWNS = and_(
    Campaign.project_id == PromotionTier.project_id, Campaign.id == PromotionTier.campaign_id
)


def find_tiers(uow: UnitOfWork, ids: Sequence[str]) -> Mapping[str, PromotionTier]:
    """Those of the given tiers that exist, by id."""
    found = uow.session.scalars(
        select(PromotionTier).where(
            PromotionTier.project_id == uow.project_id, among(PromotionTier.id, [*ids])
        )
    )
    return {tier.id: tier for tier in found}


def list_campaign_tiers(uow: UnitOfWork, campaign_id: str) -> Sequence[PromotionTier]:
    """All tiers of a campaign, in the order in which they are applied."""
    return uow.session.scalars(
        select(PromotionTier)
        .where(PromotionTier.project_id == uow.project_id, PromotionTier.campaign_id == campaign_id)
        .order_by(PromotionTier.hierarchy, PromotionTier.created_at, PromotionTier.id)
    ).all()


def list_tiers(uow: UnitOfWork, request: PageRequest, tz: tzinfo) -> Page[PromotionTier]:
    """One page of the project's tiers; of those that are available where the request says so."""
    listing = _TIERS
    if request.shortcuts.get("is_available"):
        listing = replace(_TIERS, where=(_is_available(uow.now),))
    return fetch_page(uow, narrowed(uow, listing, PromotionTier.campaign_id), request, tz=tz)


def _is_available(now: datetime) -> Test:
    """Enabled and not expired, the campaign too.

    Source: spec campaigns-loyalty-referral-gift, section 4.1; what has yet to start counts.
    """
    is_open = exists().where(
        _OWNS,
        Campaign.is_active,
        or_(Campaign.expiration_date.is_(None), ~has_expired(Campaign, now)),
    )
    is_unexpired = or_(PromotionTier.expiration_date.is_(None), ~has_expired(PromotionTier, now))
    return and_(PromotionTier.is_active, is_unexpired, is_open.correlate(PromotionTier))


def save_tier(uow: UnitOfWork, tier: PromotionTier) -> None:
    """Write what its caller changed of a tier."""
    tier.updated_at = uow.now
    uow.session.flush()
    _bump(uow, [tier.id])


def delete_tier(uow: UnitOfWork, tier: PromotionTier) -> None:
    """Remove a tier for good.

    Locks:  the campaign and the tier must be locked.
    """
    uow.session.delete(tier)
    uow.session.flush()
    _bump(uow, [tier.id])


def lock_campaign_tiers(uow: UnitOfWork, campaign_id: str) -> Sequence[str]:
    """The ids of all tiers of a campaign, for their deletion.

    Locks:  the tiers by ascending id; their campaign must be locked before.
    """
    return uow.session.scalars(
        select(PromotionTier.id)
        .where(PromotionTier.project_id == uow.project_id, PromotionTier.campaign_id == campaign_id)
        .order_by(PromotionTier.id)
        .with_for_update()
    ).all()


def delete_tiers(uow: UnitOfWork, ids: Sequence[str]) -> None:
    """Remove many tiers for good.

    Locks:  the tiers and their campaign must be locked.
    """
    uow.session.execute(
        delete(PromotionTier).where(
            PromotionTier.project_id == uow.project_id, among(PromotionTier.id, [*ids])
        )
    )
    _bump(uow, ids)


_TIERS = Listing(
    PromotionTier,
    fields={
        "created_at": MomentField(PromotionTier.created_at),
        "updated_at": MomentField(PromotionTier.updated_at),
    },
    ignored=frozenset({"is_available"}),
)
