"""Routes of loyalty tiers."""

from __future__ import annotations

from typing import Any

from kupon.features.loyalties.routes.blueprint import blueprint
from kupon.features.loyalties.schemas import tiers as schemas
from kupon.features.loyalties.schemas.earning_rules import EarningRuleList
from kupon.features.loyalties.service import tiers as service
from kupon.kit.pages import PageRequest
from kupon.web.endpoint import Context, endpoint

_TIERS = "/v1/loyalties/<campaign_id>/tiers"
_TIER = f"{_TIERS}/<loyalty_tier_id>"


@blueprint.get(_TIERS)
@endpoint(query=schemas.LoyaltyTiersQuery, returns=schemas.LoyaltyTierList)
def list_loyalty_tiers(ctx: Context, campaign_id: str, query: PageRequest) -> dict[str, Any]:
    return service.list_tiers(ctx.uow, campaign_id, query, ctx.tz)


@blueprint.post(_TIERS)
@endpoint(body=schemas.LoyaltyTierCreate(many=True), returns=schemas.LoyaltyTier(many=True))
def create_in_bulk_loyalty_tiers(
    ctx: Context, campaign_id: str, body: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    return service.create_tiers(ctx.uow, campaign_id, body)


@blueprint.get(_TIER)
@endpoint(returns=schemas.LoyaltyTier)
def get_loyalty_tier(ctx: Context, campaign_id: str, loyalty_tier_id: str) -> dict[str, Any]:
    return service.get_tier(ctx.uow, campaign_id, loyalty_tier_id)


@blueprint.put(_TIER)
@endpoint(body=schemas.LoyaltyTierUpdate, returns=schemas.LoyaltyTier)
def update_loyalty_tier(
    ctx: Context, campaign_id: str, loyalty_tier_id: str, body: dict[str, Any]
) -> dict[str, Any]:
    return service.update_tier(ctx.uow, campaign_id, loyalty_tier_id, body)


@blueprint.delete(_TIER)
@endpoint(status=204)
def delete_loyalty_tier(ctx: Context, campaign_id: str, loyalty_tier_id: str) -> None:
    service.delete_tier(ctx.uow, campaign_id, loyalty_tier_id)


@blueprint.get(f"{_TIER}/earning-rules")
@endpoint(query=schemas.LoyaltyTierRulesQuery, returns=EarningRuleList)
def list_loyalty_tier_earning_rules(
    ctx: Context, campaign_id: str, loyalty_tier_id: str, query: PageRequest
) -> dict[str, Any]:
    return service.list_earning_rules(ctx.uow, campaign_id, loyalty_tier_id, query, ctx.tz)


@blueprint.get(f"{_TIER}/rewards")
@endpoint(returns=schemas.LoyaltyTierRewardList)
def list_loyalty_tier_rewards(
    ctx: Context, campaign_id: str, loyalty_tier_id: str
) -> dict[str, Any]:
    return service.list_rewards(ctx.uow, campaign_id, loyalty_tier_id)


@blueprint.get("/v1/loyalties/members/<member_id>/tiers")
@endpoint(returns=schemas.LoyaltyTierList)
def list_member_loyalty_tier(ctx: Context, member_id: str) -> dict[str, Any]:
    return service.list_member_tiers(ctx.uow, ctx.project, member_id)
