"""Making, changing and deleting promotion stacks.

Source: spec campaigns-loyalty-referral-gift, section 4.2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kupon.features.categories import service as categories
from kupon.features.promotions.service.reading import dump_stack, promotion_of, stage_stack
from kupon.kit.errors import invalid_payload, not_found
from kupon.runtime import ids
from kupon.storage.queries import campaigns, promotion_stacks, promotion_tiers
from kupon.storage.tables.campaigns import Campaign
from kupon.storage.tables.promotions import PromotionStack
from kupon.storage.uow import UnitOfWork


def create_stack(uow: UnitOfWork, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Store a stack of tiers of one campaign.

    Raises:  not_found for the campaign, a tier or the category; invalid_payload for a tier of
        another campaign.
    """
    campaign = _lock(uow, name)
    stack = PromotionStack(
        project_id=uow.project_id,
        id=ids.new_id("stack_"),
        campaign_id=campaign.id,
        name=body["name"],
        tier_ids=_read_tiers(uow, campaign, body["tiers"]["ids"]),
        category_id=categories.resolve_category(uow, body),
        created_at=uow.now,
    )
    promotion_stacks.insert_stack(uow, stack)
    stage_stack(uow, "created", campaign, stack)
    return dump_stack(promotion_stacks.get_stack(uow, campaign.id, stack.id))


def update_stack(
    uow: UnitOfWork, name: str, stack_id: str, body: Mapping[str, Any]
) -> dict[str, Any]:
    """Change a stack; what the body doesn't name stays.

    Raises:  as create_stack, and not_found for the stack.
    """
    campaign = _lock(uow, name)
    stack = promotion_stacks.get_stack(uow, campaign.id, stack_id).stack
    stack.name = body.get("name", stack.name)
    if "ids" in body.get("tiers", ()):
        stack.tier_ids = _read_tiers(uow, campaign, body["tiers"]["ids"])
    if "category_id" in body:
        stack.category_id = categories.resolve_category(uow, body)
    promotion_stacks.save_stack(uow, stack)
    stage_stack(uow, "updated", campaign, stack)
    return dump_stack(promotion_stacks.get_stack(uow, campaign.id, stack_id))


def delete_stack(uow: UnitOfWork, name: str, stack_id: str) -> None:
    """Remove a stack for good; its tiers stay.

    Raises:  not_found.
    """
    campaign = _lock(uow, name)
    promotion_stacks.delete_stack(uow, promotion_stacks.get_stack(uow, campaign.id, stack_id).stack)


def _lock(uow: UnitOfWork, name: str) -> Campaign:
    return promotion_of(name, campaigns.lock_campaign(uow, name).campaign)


def _read_tiers(uow: UnitOfWork, campaign: Campaign, tier_ids: Sequence[str]) -> list[str]:
    known = promotion_tiers.find_tiers(uow, tier_ids)
    for place, tier_id in enumerate(tier_ids):
        if tier_id not in known:
            raise not_found("promotion_tier", tier_id)
        # UNCERTAIN: the reference doesn't say so (section 4.2).
        if known[tier_id].campaign_id != campaign.id:
            raise invalid_payload(
                f"Property .tiers.ids[{place}] must be a promotion tier of the same campaign"
            )
    return list(tier_ids)
