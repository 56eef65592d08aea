"""Routes of the members of programmes; a member is a card, by its id or its code."""

from __future__ import annotations

from typing import Any

from kupon.features.loyalties.routes.blueprint import blueprint
from kupon.features.loyalties.schemas import members as schemas
from kupon.features.loyalties.service import members as service
from kupon.features.publications.service import Declined
from kupon.features.vouchers.schemas import Voucher, VoucherList
from kupon.kit.pages import PageRequest
from kupon.web.endpoint import Context, Refused, endpoint


@blueprint.get("/v1/loyalties/<campaign_id>/members")
@endpoint(query=schemas.MembersQuery, returns=VoucherList)
def list_members(ctx: Context, campaign_id: str, query: PageRequest) -> dict[str, Any]:
    return service.list_members(ctx.uow, ctx.project, campaign_id, query)


@blueprint.post("/v1/loyalties/<campaign_id>/members")
@endpoint(body=schemas.MemberBody, returns=Voucher)
def add_member(ctx: Context, campaign_id: str, body: dict[str, Any]) -> dict[str, Any] | Refused:
    outcome = service.add_member(ctx.uow, ctx.project, campaign_id, body)
    return Refused(outcome.error) if isinstance(outcome, Declined) else outcome


@blueprint.get("/v1/loyalties/<campaign_id>/members/<member_id>")
@endpoint(returns=Voucher)
def get_member_1(ctx: Context, campaign_id: str, member_id: str) -> dict[str, Any]:
    return service.get_member(ctx.uow, ctx.project, campaign_id, member_id)


@blueprint.get("/v1/loyalties/members/<member_id>")
@endpoint(returns=Voucher)
def get_member(ctx: Context, member_id: str) -> dict[str, Any]:
    return service.get_member(ctx.uow, ctx.project, None, member_id)
