"""Routes of campaigns."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from kupon.features.campaigns import schemas, service
from kupon.features.vouchers.schemas import ForceQuery, TransactionList, Voucher
from kupon.kit.pages import PageRequest
from kupon.web.endpoint import Accepted, Context, endpoint

blueprint = Blueprint("campaigns", __name__)


@blueprint.get("/v1/campaigns")
@endpoint(query=schemas.CampaignsQuery, returns=schemas.CampaignList)
def list_campaigns(ctx: Context, query: PageRequest) -> dict[str, Any]:
    return service.list_campaigns(ctx.uow, query, ctx.tz)


@blueprint.post("/v1/campaigns")
@endpoint(body=schemas.CampaignCreate, returns=schemas.Campaign)
def create_campaign(ctx: Context, body: dict[str, Any]) -> dict[str, Any]:
    return service.create_campaign(ctx.uow, ctx.project, body)


@blueprint.get("/v1/campaigns/<campaign_id>")
@endpoint(returns=schemas.Campaign)
def get_campaign(ctx: Context, campaign_id: str) -> dict[str, Any]:
    return service.get_campaign(ctx.uow, campaign_id)


@blueprint.put("/v1/campaigns/<campaign_id>")
@endpoint(body=schemas.CampaignUpdate, returns=schemas.Campaign)
def update_campaign(ctx: Context, campaign_id: str, body: dict[str, Any]) -> dict[str, Any]:
    return service.update_campaign(ctx.uow, campaign_id, body)


@blueprint.delete("/v1/campaigns/<campaign_id>")
@endpoint(query=ForceQuery, returns=schemas.AsyncAction, status=202)
def delete_campaign(ctx: Context, campaign_id: str, query: dict[str, Any]) -> dict[str, Any]:
    return service.delete_campaign(ctx.uow, campaign_id, is_forced=query["force"])


@blueprint.post("/v1/campaigns/<campaign_id>/enable")
@endpoint(returns=schemas.Empty)
def enable_campaign(ctx: Context, campaign_id: str) -> dict[str, Any]:
    return service.set_active(ctx.uow, campaign_id, is_active=True)


@blueprint.post("/v1/campaigns/<campaign_id>/disable")
@endpoint(returns=schemas.Empty)
def disable_campaign(ctx: Context, campaign_id: str) -> dict[str, Any]:
    return service.set_active(ctx.uow, campaign_id, is_active=False)


@blueprint.post("/v1/campaigns/<campaign_id>/vouchers")
@endpoint(
    query=schemas.CodesQuery,
    body=schemas.CodesInCampaign,
    is_body_optional=True,
    returns=Voucher,
    accepts=schemas.AsyncAction,
)
def add_vouchers_to_campaign(
    ctx: Context, campaign_id: str, query: dict[str, Any], body: dict[str, Any]
) -> dict[str, Any] | Accepted:
    added = service.add_codes(ctx.uow, ctx.project, campaign_id, query["vouchers_count"], body)
    return added.voucher or Accepted({"async_action_id": added.action_id})


@blueprint.post("/v1/campaigns/<campaign_id>/vouchers/<code>")
@endpoint(body=schemas.CodeInCampaign, is_body_optional=True, returns=Voucher)
def add_voucher_with_specific_code_to_campaign(
    ctx: Context, campaign_id: str, code: str, body: dict[str, Any]
) -> dict[str, Any]:
    integration = ctx.key.app_id if ctx.key.is_integration else None
    return service.add_code(ctx.uow, ctx.project, campaign_id, code, body, integration=integration)


@blueprint.get("/v1/campaigns/<campaign_id>/summary")
@endpoint(query=schemas.SummaryQuery, returns=schemas.Summary)
def get_campaign_summary(ctx: Context, campaign_id: str, query: dict[str, Any]) -> dict[str, Any]:
    return service.summarize(ctx.uow, campaign_id, query, ctx.tz)


@blueprint.get("/v1/campaigns/<campaign_id>/transactions")
@endpoint(query=schemas.CampaignTransactionsQuery, returns=TransactionList)
def list_campaign_transactions(
    ctx: Context, campaign_id: str, query: PageRequest
) -> dict[str, Any]:
    return service.list_transactions(ctx.uow, campaign_id, query, ctx.tz)
