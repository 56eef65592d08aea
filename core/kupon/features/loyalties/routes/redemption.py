"""Routes of members who redeem rewards."""

from __future__ import annotations

from typing import Any

from kupon.features.loyalties.routes.blueprint import blueprint
from kupon.features.loyalties.schemas import redemption as schemas
from kupon.features.loyalties.service import redemption as service
from kupon.features.redemptions.service import Failed
from kupon.web.endpoint import Context, Refused, endpoint

Answer = dict[str, Any] | Refused


@blueprint.post("/v1/loyalties/members/<member_id>/redemption")
@endpoint(body=schemas.RewardRedemptionBody, returns=schemas.MemberRedemption)
def redeem_reward(ctx: Context, member_id: str, body: dict[str, Any]) -> Answer:
    return _redeem(ctx, None, member_id, body)


@blueprint.post("/v1/loyalties/<campaign_id>/members/<member_id>/redemption")
@endpoint(body=schemas.RewardRedemptionBody, returns=schemas.MemberRedemption)
def redeem_reward_1(ctx: Context, campaign_id: str, member_id: str, body: dict[str, Any]) -> Answer:
    return _redeem(ctx, campaign_id, member_id, body)


def _redeem(ctx: Context, campaign_id: str | None, member_id: str, body: dict[str, Any]) -> Answer:
    app_id = ctx.key.app_id
    outcome = service.redeem_reward(ctx.uow, ctx.project, app_id, campaign_id, member_id, body)
    return Refused(outcome.error) if isinstance(outcome, Failed) else outcome
