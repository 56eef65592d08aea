"""Routes of pending points."""

from __future__ import annotations

from typing import Any

from kupon.features.loyalties.routes.blueprint import blueprint
from kupon.features.loyalties.schemas import pending as schemas
from kupon.features.loyalties.schemas.points import PointsBalance
from kupon.features.loyalties.service import pending as service
from kupon.kit.pages import PageRequest
from kupon.web.endpoint import Context, endpoint, retried

_MEMBER = "/v1/loyalties/members/<member_id>/pending-points"
_ONE = f"{_MEMBER}/<pending_points_id>"


@blueprint.get(_MEMBER)
@endpoint(query=schemas.PendingPointsQuery, returns=schemas.PendingPointsList)
def list_member_pending_points(ctx: Context, member_id: str, query: PageRequest) -> dict[str, Any]:
    return service.list_of_member(ctx.uow, ctx.project, None, member_id, query)


@blueprint.get("/v1/loyalties/<campaign_id>/members/<member_id>/pending-points")
@endpoint(query=schemas.PendingPointsQuery, returns=schemas.PendingPointsList)
def list_member_pending_points_1(
    ctx: Context, campaign_id: str, member_id: str, query: PageRequest
) -> dict[str, Any]:
    return service.list_of_member(ctx.uow, ctx.project, campaign_id, member_id, query)


@blueprint.get("/v1/loyalties/<campaign_id>/pending-points")
@endpoint(query=schemas.PendingPointsQuery, returns=schemas.PendingPointsList)
def list_campaign_pending_points(
    ctx: Context, campaign_id: str, query: PageRequest
) -> dict[str, Any]:
    return service.list_of_programme(ctx.uow, ctx.project, campaign_id, query)


@blueprint.post(f"{_ONE}/activate")
@endpoint(returns=PointsBalance)
@retried
def activate_member_pending_points(
    ctx: Context, member_id: str, pending_points_id: str
) -> dict[str, Any]:
    return service.activate(ctx.uow, ctx.project, member_id, pending_points_id)


@blueprint.post(f"{_ONE}/balance")
@endpoint(body=schemas.PendingPointsUpdate, returns=schemas.PendingBalance)
def adjust_member_pending_points(
    ctx: Context, member_id: str, pending_points_id: str, body: dict[str, Any]
) -> dict[str, Any]:
    return service.adjust(ctx.uow, ctx.project, member_id, pending_points_id, body)


@blueprint.post(f"{_ONE}/cancel")
@endpoint(status=204)
def cancel_member_pending_points(ctx: Context, member_id: str, pending_points_id: str) -> None:
    service.cancel(ctx.uow, ctx.project, member_id, pending_points_id)
