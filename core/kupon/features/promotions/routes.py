"""Routes of promotion tiers and stacks."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from kupon.features.promotions import schemas, service
from kupon.kit.pages import PageRequest
from kupon.web.endpoint import Context, endpoint

blueprint = Blueprint("promotions", __name__)


@blueprint.get("/v1/promotions/tiers")
@endpoint(query=schemas.PromotionTiersQuery, returns=schemas.PromotionTierList)
def list_promotion_tiers(ctx: Context, query: PageRequest) -> dict[str, Any]:
    return service.list_tiers(ctx.uow, query, ctx.tz)


@blueprint.get("/v1/promotions/<campaign_id>/tiers")
@endpoint(returns=schemas.PromotionTierList)
def list_promotion_tiers_from_campaign(ctx: Context, campaign_id: str) -> dict[str, Any]:
    return service.list_campaign_tiers(ctx.uow, campaign_id)


@blueprint.post("/v1/promotions/<campaign_id>/tiers")
@endpoint(body=schemas.PromotionTierCreate, returns=schemas.PromotionTier)
def add_promotion_tier_to_campaign(
    ctx: Context, campaign_id: str, body: dict[str, Any]
) -> dict[str, Any]:
    return service.create_tier(ctx.uow, campaign_id, body)


@blueprint.get("/v1/promotions/tiers/<tier_id>")
@endpoint(returns=schemas.PromotionTier)
def get_promotion_tier(ctx: Context, tier_id: str) -> dict[str, Any]:
    return service.get_tier(ctx.uow, tier_id)


@blueprint.put("/v1/promotions/tiers/<tier_id>")
@endpoint(body=schemas.PromotionTierUpdate, returns=schemas.PromotionTier)
def update_promotion_tier(ctx: Context, tier_id: str, body: dict[str, Any]) -> dict[str, Any]:
    return service.update_tier(ctx.uow, tier_id, body)


@blueprint.delete("/v1/promotions/tiers/<tier_id>")
@endpoint(status=204)
def delete_promotion_tier(ctx: Context, tier_id: str) -> None:
    service.delete_tier(ctx.uow, tier_id)


@blueprint.post("/v1/promotions/tiers/<tier_id>/enable")
@endpoint(returns=schemas.PromotionTier)
def enable_promotion_tier(ctx: Context, tier_id: str) -> dict[str, Any]:
    return service.set_tier_active(ctx.uow, tier_id, is_active=True)


@blueprint.post("/v1/promotions/tiers/<tier_id>/disable")
@endpoint(returns=schemas.PromotionTier)
def disable_promotion_tier(ctx: Context, tier_id: str) -> dict[str, Any]:
    return service.set_tier_active(ctx.uow, tier_id, is_active=False)


@blueprint.get("/v1/promotions/stacks")
@endpoint(query=schemas.PromotionStacksQuery, returns=schemas.PromotionStackList)
def list_all_promotion_stacks(ctx: Context, query: PageRequest) -> dict[str, Any]:
    return service.list_stacks(ctx.uow, query, ctx.tz)


@blueprint.get("/v1/promotions/<campaign_id>/stacks")
@endpoint(returns=schemas.PromotionStackList)
def list_promotion_stacks_in_campaign(ctx: Context, campaign_id: str) -> dict[str, Any]:
    return service.list_campaign_stacks(ctx.uow, campaign_id)


@blueprint.post("/v1/promotions/<campaign_id>/stacks")
@endpoint(body=schemas.PromotionStackCreate, returns=schemas.PromotionStack)
def create_promotion_stack(ctx: Context, campaign_id: str, body: dict[str, Any]) -> dict[str, Any]:
    return service.create_stack(ctx.uow, campaign_id, body)


@blueprint.get("/v1/promotions/<campaign_id>/stacks/<stack_id>")
@endpoint(returns=schemas.PromotionStack)
def get_promotion_stack(ctx: Context, campaign_id: str, stack_id: str) -> dict[str, Any]:
    return service.get_stack(ctx.uow, campaign_id, stack_id)


@blueprint.put("/v1/promotions/<campaign_id>/stacks/<stack_id>")
@endpoint(body=schemas.PromotionStackUpdate, returns=schemas.PromotionStack)
def update_promotion_stack(
    ctx: Context, campaign_id: str, stack_id: str, body: dict[str, Any]
) -> dict[str, Any]:
    return service.update_stack(ctx.uow, campaign_id, stack_id, body)


@blueprint.delete("/v1/promotions/<campaign_id>/stacks/<stack_id>")
@endpoint(status=204)
def delete_promotion_stack(ctx: Context, campaign_id: str, stack_id: str) -> None:
    service.delete_stack(ctx.uow, campaign_id, stack_id)
