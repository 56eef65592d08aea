"""Promotion tiers and stacks as they are answered and as events carry them.

Source: spec campaigns-loyalty-referral-gift, section 4; events-webhooks-data, section 4.5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import Any

from kupon.features.categories import schemas as category_schemas
from kupon.features.promotions import schemas
from kupon.features.promotions.service.rules import dump_rules
from kupon.features.vouchers import schemas as voucher_schemas
from kupon.kit.errors import not_found
from kupon.kit.pages import PageRequest, list_body
from kupon.storage.queries import campaigns, categories, promotion_stacks, promotion_tiers
from kupon.storage.queries.promotion_stacks import FoundStack
from kupon.storage.queries.promotion_tiers import FoundTier
from kupon.storage.tables.campaigns import Campaign
from kupon.storage.tables.categories import Category
from kupon.storage.tables.promotions import PromotionStack, PromotionTier
from kupon.storage.uow import UnitOfWork

PROMOTION = "PROMOTION"


def get_tier(uow: UnitOfWork, tier_id: str) -> dict[str, Any]:
    """One tier."""
    return dump_tier(uow, promotion_tiers.get_tier(uow, tier_id))


def list_tiers(uow: UnitOfWork, request: PageRequest, tz: tzinfo) -> dict[str, Any]:
    """One page of the tiers of all campaigns."""
    page = promotion_tiers.list_tiers(uow, request, tz)
    owners = campaigns.find_campaigns(uow, sorted({row.campaign_id for row in page.rows}))
    tiers = _dump_tiers(uow, page.rows, owners)
    return list_body("tiers", tiers, total=page.total, has_more=page.has_more)


def list_campaign_tiers(uow: UnitOfWork, name: str) -> dict[str, Any]:
    """All tiers of one campaign, the first applied first."""
    return dump_campaign_tiers(uow, promotion_of(name, campaigns.get_campaign(uow, name).campaign))


def dump_campaign_tiers(uow: UnitOfWork, campaign: Campaign) -> dict[str, Any]:
    """The wire's list of all tiers of a campaign."""
    rows = promotion_tiers.list_campaign_tiers(uow, campaign.id)
    return schemas.dump_tiers(_dump_tiers(uow, rows, {campaign.id: campaign}))


def get_stack(uow: UnitOfWork, name: str, stack_id: str) -> dict[str, Any]:
    """One stack of a campaign."""
    campaign = promotion_of(name, campaigns.get_campaign(uow, name).campaign)
    return dump_stack(promotion_stacks.get_stack(uow, campaign.id, stack_id))


def list_stacks(uow: UnitOfWork, request: PageRequest, tz: tzinfo) -> dict[str, Any]:
    """One page of the stacks of all campaigns."""
    page = promotion_stacks.list_stacks(uow, request, tz)
    return list_body("data", _dump_stacks(uow, page.rows), total=page.total)


def list_campaign_stacks(uow: UnitOfWork, name: str) -> dict[str, Any]:
    """All stacks of one campaign."""
    campaign = promotion_of(name, campaigns.get_campaign(uow, name).campaign)
    rows = promotion_stacks.list_campaign_stacks(uow, campaign.id)
    return list_body("data", _dump_stacks(uow, rows), total=len(rows))


def promotion_of(name: str, campaign: Campaign) -> Campaign:
    """The campaign that was found under a name, if it is one of promotions.

    Raises:  not_found: other campaigns don't exist for these operations.
    """
    if campaign.campaign_type != PROMOTION:
        raise not_found("campaign", name)
    return campaign


def _dump_tiers(
    uow: UnitOfWork, rows: Sequence[PromotionTier], owners: Mapping[str, Campaign]
) -> list[dict[str, Any]]:
    known = _wire_categories(uow, rows)
    rules = dump_rules(uow, [row.id for row in rows])
    return [
        schemas.dump_tier(
            row, owners[row.campaign_id], known.get(row.category_id or ""), rules[row.id]
        )
        for row in rows
    ]


def _dump_stacks(uow: UnitOfWork, rows: Sequence[PromotionStack]) -> list[dict[str, Any]]:
    known = _wire_categories(uow, rows)
    return [schemas.dump_stack(row, known.get(row.category_id or "")) for row in rows]


def _wire_categories(
    uow: UnitOfWork, rows: Sequence[PromotionTier] | Sequence[PromotionStack]
) -> dict[str, dict[str, Any]]:
    ids = {row.category_id for row in rows if row.category_id is not None}
    found = categories.find_categories(uow, sorted(ids))
    return {row.id: category_schemas.dump_category(row) for row in found}


def dump_tier(uow: UnitOfWork, found: FoundTier) -> dict[str, Any]:
    """The wire's promotion tier."""
    tier, campaign, category = found
    rules = dump_rules(uow, [tier.id])
    return schemas.dump_tier(tier, campaign, _wire_category(category), rules[tier.id])


def dump_stack(found: FoundStack) -> dict[str, Any]:
    """The wire's promotion stack."""
    return schemas.dump_stack(found.stack, _wire_category(found.category))


def _wire_category(category: Category | None) -> dict[str, Any] | None:
    return None if category is None else category_schemas.dump_category(category)


def stage_tier(uow: UnitOfWork, verb: str, campaign: Campaign, tier: Mapping[str, Any]) -> None:
    """Tell that something happened to a tier, which is the wire's; its campaign goes along."""
    payload = {
        "campaign": voucher_schemas.dump_campaign_summary(campaign),
        "promotion_tier": dict(tier),
    }
    uow.stage(f"campaign.promotion_tier.{verb}", tier["id"], payload)


def stage_stack(uow: UnitOfWork, verb: str, campaign: Campaign, stack: PromotionStack) -> None:
    """Tell that something happened to a stack. The wire knows no event of a stack's deletion."""
    payload = {
        "campaign": voucher_schemas.dump_campaign_summary(campaign),
        "promotion_stack": schemas.dump_stack_summary(stack),
    }
    uow.stage(f"campaign.promotion_stack.{verb}", stack.id, payload)
