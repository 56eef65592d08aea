"""Routes of earning rules and of the estimate of points."""

from __future__ import annotations

from typing import Any

from kupon.features.loyalties.routes.blueprint import blueprint
from kupon.features.loyalties.schemas import earning_rules as schemas
from kupon.features.loyalties.schemas import estimates
from kupon.features.loyalties.service import earning_rules as service
from kupon.features.loyalties.service.estimating import estimate
from kupon.kit.pages import PageRequest
from kupon.web.endpoint import Context, endpoint

_RULES = "/v1/loyalties/<campaign_id>/earning-rules"
_RULE = f"{_RULES}/<earning_rule_id>"


@blueprint.get(_RULES)
@endpoint(query=schemas.EarningRulesQuery, returns=schemas.EarningRuleList)
def list_earning_rules(ctx: Context, campaign_id: str, query: PageRequest) -> dict[str, Any]:
    return service.list_rules(ctx.uow, campaign_id, query, ctx.tz)


@blueprint.post(_RULES)
@endpoint(body=schemas.EarningRuleCreate(many=True), returns=schemas.EarningRule(many=True))
def create_earning_rule(
    ctx: Context, campaign_id: str, body: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    return service.create_rules(ctx.uow, campaign_id, body)


@blueprint.get(_RULE)
@endpoint(returns=schemas.EarningRule)
def get_earning_rule(ctx: Context, campaign_id: str, earning_rule_id: str) -> dict[str, Any]:
    return service.get_rule(ctx.uow, campaign_id, earning_rule_id)


@blueprint.put(_RULE)
@endpoint(body=schemas.EarningRuleUpdate, returns=schemas.EarningRule)
def update_earning_rule(
    ctx: Context, campaign_id: str, earning_rule_id: str, body: dict[str, Any]
) -> dict[str, Any]:
    return service.update_rule(ctx.uow, campaign_id, earning_rule_id, body)


@blueprint.delete(_RULE)
@endpoint(status=204)
def delete_earning_rule(ctx: Context, campaign_id: str, earning_rule_id: str) -> None:
    service.delete_rule(ctx.uow, campaign_id, earning_rule_id)


@blueprint.post(f"{_RULE}/enable")
@endpoint(returns=schemas.EarningRule)
def enable_earning_rule(ctx: Context, campaign_id: str, earning_rule_id: str) -> dict[str, Any]:
    return service.set_rule_active(ctx.uow, campaign_id, earning_rule_id, is_active=True)


@blueprint.post(f"{_RULE}/disable")
@endpoint(returns=schemas.EarningRule)
def disable_earning_rule(ctx: Context, campaign_id: str, earning_rule_id: str) -> dict[str, Any]:
    return service.set_rule_active(ctx.uow, campaign_id, earning_rule_id, is_active=False)


@blueprint.post("/v1/loyalties/<campaign_id>/qualifications")
@endpoint(body=estimates.PointsQuestion, returns=estimates.PointsEstimate)
def estimate_points(ctx: Context, campaign_id: str, body: dict[str, Any]) -> dict[str, Any]:
    return estimate(ctx.uow, ctx.project, ctx.key.app_id, campaign_id, body)
