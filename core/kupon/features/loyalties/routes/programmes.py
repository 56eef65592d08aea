"""Routes of programmes themselves."""

from __future__ import annotations

from typing import Any

from kupon.features.campaigns.schemas import AsyncAction, Campaign
from kupon.features.loyalties.routes.blueprint import blueprint
from kupon.features.loyalties.schemas import programmes as schemas
from kupon.features.loyalties.service import programmes as service
from kupon.features.vouchers.schemas import ForceQuery
from kupon.kit.pages import PageRequest
from kupon.web.endpoint import Context, endpoint


@blueprint.get("/v1/loyalties")
@endpoint(query=schemas.ProgrammesQuery, returns=schemas.ProgrammeList)
def list_loyalty_programs(ctx: Context, query: PageRequest) -> dict[str, Any]:
    return service.list_programmes(ctx.uow, query, ctx.tz)


@blueprint.post("/v1/loyalties")
@endpoint(body=schemas.ProgrammeCreate, returns=Campaign)
def create_loyalty_program(ctx: Context, body: dict[str, Any]) -> dict[str, Any]:
    return service.create_programme(ctx.uow, ctx.project, body)


@blueprint.get("/v1/loyalties/<campaign_id>")
@endpoint(returns=Campaign)
def get_loyalty_program(ctx: Context, campaign_id: str) -> dict[str, Any]:
    return service.get_programme(ctx.uow, campaign_id)


@blueprint.put("/v1/loyalties/<campaign_id>")
@endpoint(body=schemas.ProgrammeUpdate, returns=Campaign)
def update_loyalty_program(ctx: Context, campaign_id: str, body: dict[str, Any]) -> dict[str, Any]:
    return service.update_programme(ctx.uow, campaign_id, body)


@blueprint.delete("/v1/loyalties/<campaign_id>")
@endpoint(query=ForceQuery, returns=AsyncAction)
def delete_loyalty_program(ctx: Context, campaign_id: str, query: dict[str, Any]) -> dict[str, Any]:
    return service.delete_programme(ctx.uow, campaign_id, is_forced=query["force"])
