"""Making, changing and deleting promotion tiers.

Source: spec campaigns-loyalty-referral-gift, section 4.1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kupon.engine.metadata import refuse_invalid
from kupon.features.categories import service as categories
from kupon.features.metadata_schemas.service import check_metadata
from kupon.features.promotions.service.reading import (
    dump_campaign_tiers,
    dump_tier,
    promotion_of,
    stage_stack,
    stage_tier,
)
from kupon.features.promotions.service.rules import drop_rules, hold_rules, set_rules
from kupon.features.vouchers import service as vouchers
from kupon.runtime import ids
from kupon.storage.queries import campaigns, promotion_stacks, promotion_tiers
from kupon.storage.queries.metadata_schemas import load_schemas
from kupon.storage.tables.campaigns import Campaign
from kupon.storage.tables.promotions import PromotionTier
from kupon.storage.uow import UnitOfWork

Body = Mapping[str, Any]

_PLAIN = ("name", "banner", "hierarchy")


def create_tier(uow: UnitOfWork, name: str, body: Body) -> dict[str, Any]:
    """Add a tier to a campaign; without a hierarchy it comes last.

    Raises:  not_found for the campaign, a category or a rule; invalid_payload,
        metadata_validation_failed.
    """
    campaign = promotion_of(name, campaigns.lock_campaign(uow, name).campaign)
    [row] = _insert(uow, campaign, [("", body)])
    tier = dump_tier(uow, promotion_tiers.get_tier(uow, row.id))
    stage_tier(uow, "created", campaign, tier)
    return tier


def add_tiers(uow: UnitOfWork, campaign: Campaign, bodies: Sequence[Body], path: str) -> None:
    """Store the tiers that a new campaign comes with; path is where they stand in its body.

    Raises:  not_found for a category or a rule; invalid_payload, metadata_validation_failed.
    """
    _insert(uow, campaign, [(f"{path}[{place}]", body) for place, body in enumerate(bodies)])
    for tier in dump_campaign_tiers(uow, campaign)["tiers"]:
        stage_tier(uow, "created", campaign, tier)


def _insert(
    uow: UnitOfWork, campaign: Campaign, sent: Sequence[tuple[str, Body]]
) -> Sequence[PromotionTier]:
    schemas = load_schemas(uow)
    for _, body in sent:
        refuse_invalid(schemas, "promotion_tier", body.get("metadata"), is_creation=True)
    hold_rules(uow, (body for _, body in sent))
    place = promotion_tiers.next_hierarchy(uow, campaign.id)
    rows = []
    for path, body in sent:
        row = _row(uow, campaign, body, body.get("hierarchy", place), path)
        place = max(place, row.hierarchy + 1)
        rows.append(row)
    promotion_tiers.insert_tiers(uow, rows)
    for row, (_, body) in zip(rows, sent, strict=True):
        set_rules(uow, row.id, body)
    return rows


def _row(
    uow: UnitOfWork, campaign: Campaign, body: Body, hierarchy: int, path: str
) -> PromotionTier:
    return PromotionTier(
        project_id=uow.project_id,
        id=ids.new_id("promo_"),
        campaign_id=campaign.id,
        name=body["name"],
        banner=body.get("banner"),
        action=_read_action(body["action"], path),
        hierarchy=hierarchy,
        is_active=body["active"],
        category_id=categories.resolve_category(uow, body),
        tier_metadata=body.get("metadata") or {},
        total_redeemed=0,
        total_amount=0,
        total_discount_amount=0,
        created_at=uow.now,
        **vouchers.read_time_limits(body, path=path),
    )


def _read_action(action: Body, path: str = "") -> dict[str, Any]:
    return {"discount": vouchers.read_discount(action["discount"], f"{path}.action.discount")}


def update_tier(uow: UnitOfWork, tier_id: str, body: Body) -> dict[str, Any]:
    """Change a tier; what the body doesn't name stays.

    Raises:  not_found for the tier, a category or a rule; invalid_payload,
        metadata_validation_failed.
    """
    check_metadata(uow, "promotion_tier", body, is_creation=False)
    tier, campaign, _ = promotion_tiers.lock_tier(uow, tier_id)
    for column, value in vouchers.read_time_limits(body, vouchers.time_limits_of(tier)).items():
        setattr(tier, column, value)
    if "category" in body or "category_id" in body:
        tier.category_id = categories.resolve_category(uow, body)
    if "discount" in body.get("action", ()):
        tier.action = _read_action(body["action"])
    tier.tier_metadata = vouchers.merge_metadata(tier.tier_metadata, body)
    for column in _PLAIN:
        if column in body:
            setattr(tier, column, body[column])
    hold_rules(uow, [body])
    set_rules(uow, tier_id, body)
    promotion_tiers.save_tier(uow, tier)
    changed = dump_tier(uow, promotion_tiers.get_tier(uow, tier_id))
    stage_tier(uow, "updated", campaign, changed)
    return changed


def set_tier_active(uow: UnitOfWork, tier_id: str, *, is_active: bool) -> dict[str, Any]:
    """Enable or disable a tier; nothing happens to one that is so already.

    Raises:  not_found.
    """
    found = promotion_tiers.lock_tier(uow, tier_id)
    if found.tier.is_active == is_active:
        return dump_tier(uow, found)
    found.tier.is_active = is_active
    promotion_tiers.save_tier(uow, found.tier)
    changed = dump_tier(uow, found)
    stage_tier(uow, "enabled" if is_active else "disabled", found.campaign, changed)
    return changed


def delete_tier(uow: UnitOfWork, tier_id: str) -> None:
    """Remove a tier for good; stacks that have it go on without it.

    Raises:  not_found.
    """
    owner = promotion_tiers.get_tier(uow, tier_id).campaign
    # Locked before its tiers: a stack that is just being made may name one.
    campaigns.lock_any_campaign(uow, owner.id)
    found = promotion_tiers.lock_tier(uow, tier_id)
    stage_tier(uow, "deleted", found.campaign, dump_tier(uow, found))
    drop_rules(uow, [tier_id])
    promotion_tiers.delete_tier(uow, found.tier)
    for stack in promotion_stacks.remove_tier(uow, owner.id, tier_id):
        stage_stack(uow, "updated", found.campaign, stack)


def delete_promotion(uow: UnitOfWork, campaign: Campaign) -> None:
    """Remove all tiers and stacks of a campaign for good: tiers know no bin.

    Locks:  the campaign must be locked.
    """
    tier_ids = promotion_tiers.lock_campaign_tiers(uow, campaign.id)
    drop_rules(uow, tier_ids)
    promotion_tiers.delete_tiers(uow, tier_ids)
    promotion_stacks.delete_campaign_stacks(uow, campaign.id)
