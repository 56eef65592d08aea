"""Routes of the activity feeds of members."""

from __future__ import annotations

from typing import Any

from kupon.features.loyalties.routes.blueprint import blueprint
from kupon.features.loyalties.schemas import activity as schemas
from kupon.features.loyalties.service import activity as service
from kupon.kit.pages import PageRequest
from kupon.web.endpoint import Context, endpoint


@blueprint.get("/v1/loyalties/members/<member_id>/activity")
@endpoint(query=schemas.MemberActivityQuery, returns=schemas.MemberActivityList)
def list_member_activity(ctx: Context, member_id: str, query: PageRequest) -> dict[str, Any]:
    return service.list_activity(ctx.uow, ctx.project, None, member_id, query)


@blueprint.get("/v1/loyalties/<campaign_id>/members/<member_id>/activity")
@endpoint(query=schemas.MemberActivityQuery, returns=schemas.MemberActivityList)
def list_member_activity_1(
    ctx: Context, campaign_id: str, member_id: str, query: PageRequest
) -> dict[str, Any]:
    return service.list_activity(ctx.uow, ctx.project, campaign_id, member_id, query)
