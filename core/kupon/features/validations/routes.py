"""Routes of validations."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from kupon.features.validations import schemas, service
from kupon.web.endpoint import Context, endpoint

blueprint = Blueprint("validations", __name__)


@blueprint.post("/v1/validations")
@endpoint(body=schemas.StackableBody, returns=schemas.Validation)
def validate_stacked_discounts(ctx: Context, body: dict[str, Any]) -> dict[str, Any]:
    return service.validate(ctx.uow, ctx.project, ctx.key.app_id, body)


@blueprint.post("/v1/vouchers/<code>/validate")
@endpoint(body=schemas.VoucherBody, is_body_optional=True, returns=schemas.VoucherValidation)
def validate_voucher(ctx: Context, code: str, body: dict[str, Any]) -> dict[str, Any]:
    return service.validate_voucher(ctx.uow, ctx.project, ctx.key.app_id, code, body)


@blueprint.post("/v1/promotions/tiers/<tier_id>/validation")
@endpoint(body=schemas.TierBody, is_body_optional=True, returns=schemas.TierValidation)
def validate_promotion_tier(ctx: Context, tier_id: str, body: dict[str, Any]) -> dict[str, Any]:
    return service.validate_tier(ctx.uow, ctx.project, ctx.key.app_id, tier_id, body)


@blueprint.post("/v1/promotions/validation")
@endpoint(
    query=schemas.PromotionsQuery,
    body=schemas.PromotionsBody,
    is_body_optional=True,
    returns=schemas.PromotionsValidation,
)
def validate_promotions(
    ctx: Context, query: dict[str, Any], body: dict[str, Any]
) -> dict[str, Any]:
    return service.validate_promotions(ctx.uow, ctx.project, ctx.key.app_id, query, body)
