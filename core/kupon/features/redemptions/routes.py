"""Routes of redemptions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_smorest import Blueprint

from kupon.features.redemptions import schemas, service
from kupon.features.validations.schemas import StackableBody, TierBody, VoucherBody
from kupon.kit.pages import PageRequest
from kupon.web.endpoint import Context, Refused, endpoint

blueprint = Blueprint("redemptions", __name__)

Answer = dict[str, Any] | Refused


def _caller(ctx: Context) -> service.Caller:
    return service.Caller(channel_id=ctx.key.app_id)


def _answer(outcome: dict[str, Any] | service.Failed) -> Answer:
    return Refused(outcome.error) if isinstance(outcome, service.Failed) else outcome


@blueprint.post("/v1/redemptions")
@endpoint(body=StackableBody, returns=schemas.RedemptionResult)
def redeem_stacked_discounts(ctx: Context, body: dict[str, Any]) -> Answer:
    return _answer(service.redeem(ctx.uow, ctx.project, _caller(ctx), body))


@blueprint.get("/v1/redemptions")
@endpoint(query=schemas.RedemptionsQuery, returns=schemas.RedemptionList)
def list_redemptions(ctx: Context, query: PageRequest) -> dict[str, Any]:
    return service.list_redemptions(ctx.uow, query, ctx.tz)


@blueprint.get("/v1/redemptions/<redemption_id>")
@endpoint(returns=schemas.Redemption)
def get_redemption(ctx: Context, redemption_id: str) -> dict[str, Any]:
    return service.get_redemption(ctx.uow, redemption_id)


@blueprint.post("/v1/redemptions/<redemption_id>/rollback")
@endpoint(
    query=schemas.RollbackQuery,
    body=schemas.RollbackBody,
    is_body_optional=True,
    returns=schemas.Redemption,
)
def rollback_redemption(
    ctx: Context, redemption_id: str, query: Mapping[str, Any], body: Mapping[str, Any]
) -> Answer:
    request = {**body, **query}
    return _answer(service.roll_back_single(ctx.uow, _caller(ctx), redemption_id, request))


@blueprint.post("/v1/redemptions/<parent_redemption_id>/rollbacks")
@endpoint(
    query=schemas.RollbackQuery,
    body=schemas.RollbackBody,
    is_body_optional=True,
    returns=schemas.RollbackResult,
)
def rollback_stacked_redemptions(
    ctx: Context, parent_redemption_id: str, query: Mapping[str, Any], body: Mapping[str, Any]
) -> Answer:
    request = {**body, **query}
    return _answer(service.roll_back(ctx.uow, _caller(ctx), parent_redemption_id, request))


@blueprint.get("/v1/vouchers/<code>/redemption")
@endpoint(returns=schemas.VoucherRedemptions)
def get_voucher_redemptions(ctx: Context, code: str) -> dict[str, Any]:
    return service.list_voucher_redemptions(ctx.uow, ctx.project, code)


@blueprint.post("/v1/vouchers/<code>/redemption")
@endpoint(
    query=schemas.RedeemQuery,
    body=VoucherBody,
    is_body_optional=True,
    returns=schemas.SingleRedemption,
)
def redeem_voucher(
    ctx: Context, code: str, query: Mapping[str, Any], body: Mapping[str, Any]
) -> Answer:
    request = {**body, **query}
    outcome = service.redeem_voucher(ctx.uow, ctx.project, _caller(ctx), code, request)
    return _answer(outcome)


@blueprint.post("/v1/promotions/tiers/<promotion_tier_id>/redemption")
@endpoint(body=TierBody, is_body_optional=True, returns=schemas.SingleRedemption)
def redeem_promotion(ctx: Context, promotion_tier_id: str, body: dict[str, Any]) -> Answer:
    outcome = service.redeem_tier(ctx.uow, ctx.project, _caller(ctx), promotion_tier_id, body)
    return _answer(outcome)
