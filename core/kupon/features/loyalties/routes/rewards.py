"""Routes of the rewards that programmes offer."""

from __future__ import annotations

from typing import Any

from kupon.features.loyalties.routes.blueprint import blueprint
from kupon.features.loyalties.schemas import rewards as shapes
from kupon.features.loyalties.service import rewards as service
from kupon.features.rewards import schemas as reward_schemas
from kupon.features.rewards import service as rewards
from kupon.kit.pages import PageRequest
from kupon.web.endpoint import Context, endpoint


@blueprint.get("/v1/loyalties/<campaign_id>/rewards")
@endpoint(query=shapes.OffersQuery, returns=reward_schemas.RewardAssignmentList)
def list_reward_assignments_2(ctx: Context, campaign_id: str, query: PageRequest) -> dict[str, Any]:
    return rewards.list_of_programme(ctx.uow, campaign_id, query)


@blueprint.get("/v1/loyalties/<campaign_id>/reward-assignments")
@endpoint(query=shapes.NamedOffersQuery, returns=reward_schemas.RewardAssignmentList)
def list_reward_assignments_1(ctx: Context, campaign_id: str, query: PageRequest) -> dict[str, Any]:
    return rewards.list_of_programme(ctx.uow, campaign_id, query)


@blueprint.post("/v1/loyalties/<campaign_id>/rewards")
@endpoint(body=reward_schemas.AssignedReward(many=True), returns=reward_schemas.RewardAssignment)
def create_reward_assignment_1(
    ctx: Context, campaign_id: str, body: list[dict[str, Any]]
) -> dict[str, Any]:
    return service.assign_rewards(ctx.uow, campaign_id, body)


@blueprint.get("/v1/loyalties/<campaign_id>/rewards/<assignment_id>")
@endpoint(returns=reward_schemas.RewardAssignment)
def get_reward_assignment_2(ctx: Context, campaign_id: str, assignment_id: str) -> dict[str, Any]:
    return rewards.get_of_programme(ctx.uow, campaign_id, assignment_id)


@blueprint.get("/v1/loyalties/<campaign_id>/reward-assignments/<assignment_id>")
@endpoint(returns=reward_schemas.RewardAssignment)
def get_reward_assignment_1(ctx: Context, campaign_id: str, assignment_id: str) -> dict[str, Any]:
    return rewards.get_of_programme(ctx.uow, campaign_id, assignment_id)


@blueprint.get("/v1/loyalties/<campaign_id>/reward-assignments/<assignment_id>/reward")
@endpoint(returns=reward_schemas.Reward)
def get_reward_details(ctx: Context, campaign_id: str, assignment_id: str) -> dict[str, Any]:
    return rewards.get_assigned_reward(ctx.uow, campaign_id, assignment_id)


@blueprint.put("/v1/loyalties/<campaign_id>/rewards/<assignment_id>")
@endpoint(body=reward_schemas.RewardAssignmentUpdate, returns=reward_schemas.RewardAssignment)
def update_reward_assignment_1(
    ctx: Context, campaign_id: str, assignment_id: str, body: dict[str, Any]
) -> dict[str, Any]:
    return rewards.update_of_programme(ctx.uow, campaign_id, assignment_id, body)


@blueprint.delete("/v1/loyalties/<campaign_id>/rewards/<assignment_id>")
@endpoint(status=204)
def delete_reward_assignment_1(ctx: Context, campaign_id: str, assignment_id: str) -> None:
    rewards.delete_of_programme(ctx.uow, campaign_id, assignment_id)


@blueprint.get("/v1/loyalties/members/<member_id>/rewards")
@endpoint(query=shapes.MemberRewardsQuery, returns=reward_schemas.LoyaltyRewardList)
def list_member_rewards(ctx: Context, member_id: str, query: dict[str, Any]) -> dict[str, Any]:
    is_affordable = query["affordable_only"]
    return service.list_for_member(ctx.uow, ctx.project, member_id, is_affordable=is_affordable)
