"""Routes of rewards and of their assignments to programmes."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from kupon.features.rewards import schemas, service
from kupon.kit.pages import PageRequest
from kupon.web.endpoint import Context, endpoint

blueprint = Blueprint("rewards", __name__)


@blueprint.get("/v1/rewards")
@endpoint(query=schemas.RewardsQuery, returns=schemas.RewardList)
def list_rewards(ctx: Context, query: PageRequest) -> dict[str, Any]:
    return service.list_rewards(ctx.uow, query)


@blueprint.post("/v1/rewards")
@endpoint(body=schemas.RewardCreate, returns=schemas.Reward)
def create_reward(ctx: Context, body: dict[str, Any]) -> dict[str, Any]:
    return service.create_reward(ctx.uow, body)


@blueprint.get("/v1/rewards/<reward_id>")
@endpoint(returns=schemas.Reward)
def get_reward(ctx: Context, reward_id: str) -> dict[str, Any]:
    return service.get_reward(ctx.uow, reward_id)


@blueprint.put("/v1/rewards/<reward_id>")
@endpoint(body=schemas.RewardUpdate, returns=schemas.Reward)
def update_reward(ctx: Context, reward_id: str, body: dict[str, Any]) -> dict[str, Any]:
    return service.update_reward(ctx.uow, reward_id, body)


@blueprint.delete("/v1/rewards/<reward_id>")
@endpoint(status=204)
def delete_reward(ctx: Context, reward_id: str) -> None:
    service.delete_reward(ctx.uow, reward_id)


@blueprint.get("/v1/rewards/<reward_id>/assignments")
@endpoint(query=schemas.RewardAssignmentsQuery, returns=schemas.RewardAssignmentList)
def list_reward_assignments(ctx: Context, reward_id: str, query: PageRequest) -> dict[str, Any]:
    return service.list_assignments(ctx.uow, reward_id, query)


@blueprint.post("/v1/rewards/<reward_id>/assignments")
@endpoint(body=schemas.RewardAssignmentCreate, returns=schemas.RewardAssignment)
def create_reward_assignment(ctx: Context, reward_id: str, body: dict[str, Any]) -> dict[str, Any]:
    return service.create_assignment(ctx.uow, reward_id, body["campaign"], body)


@blueprint.get("/v1/rewards/<reward_id>/assignments/<assignment_id>")
@endpoint(returns=schemas.RewardAssignment)
def get_reward_assignment(ctx: Context, reward_id: str, assignment_id: str) -> dict[str, Any]:
    return service.get_assignment(ctx.uow, reward_id, assignment_id)


@blueprint.put("/v1/rewards/<reward_id>/assignments/<assignment_id>")
@endpoint(body=schemas.RewardAssignmentUpdate, returns=schemas.RewardAssignment)
def update_reward_assignment(
    ctx: Context, reward_id: str, assignment_id: str, body: dict[str, Any]
) -> dict[str, Any]:
    return service.update_assignment(ctx.uow, reward_id, assignment_id, body)


@blueprint.delete("/v1/rewards/<reward_id>/assignments/<assignment_id>")
@endpoint(status=204)
def delete_reward_assignment(ctx: Context, reward_id: str, assignment_id: str) -> None:
    service.delete_assignment(ctx.uow, reward_id, assignment_id)
