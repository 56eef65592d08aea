"""Routes of campaign templates."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from kupon.features.templates import schemas, service
from kupon.kit.pages import PageRequest
from kupon.web.endpoint import Context, endpoint

blueprint = Blueprint("templates", __name__, url_prefix="/v1/templates/campaigns")


@blueprint.get("")
@endpoint(query=schemas.TemplatesQuery, returns=schemas.CampaignTemplateList)
def list_campaign_templates(ctx: Context, query: PageRequest) -> dict[str, Any]:
    return service.list_templates(ctx.uow, query)


@blueprint.post("")
@endpoint(body=schemas.CampaignTemplateCreate, returns=schemas.CampaignTemplate)
def create_campaign_template(ctx: Context, body: dict[str, Any]) -> dict[str, Any]:
    return service.create_template(ctx.uow, body)


@blueprint.get("/<campaign_template_id>")
@endpoint(query=schemas.TemplateQuery, returns=schemas.ExpandedTemplate)
def get_campaign_template(
    ctx: Context, campaign_template_id: str, query: dict[str, Any]
) -> dict[str, Any]:
    return service.get_template(ctx.uow, campaign_template_id, is_whole="expand" in query)


@blueprint.put("/<campaign_template_id>")
@endpoint(body=schemas.CampaignTemplateUpdate, returns=schemas.CampaignTemplate)
def update_campaign_template(
    ctx: Context, campaign_template_id: str, body: dict[str, Any]
) -> dict[str, Any]:
    return service.update_template(ctx.uow, campaign_template_id, body)


@blueprint.delete("/<campaign_template_id>")
@endpoint(status=204)
def delete_campaign_template(ctx: Context, campaign_template_id: str) -> None:
    service.delete_template(ctx.uow, campaign_template_id)


@blueprint.post("/<campaign_template_id>/campaign-setup")
@endpoint(body=schemas.CampaignSetup, returns=schemas.CampaignSetupResult)
def create_campaign_from_template(
    ctx: Context, campaign_template_id: str, body: dict[str, Any]
) -> dict[str, Any]:
    return service.set_up_campaign(ctx.uow, ctx.project, campaign_template_id, body)


@blueprint.post("/<campaign_template_id>/tier-setup")
@endpoint(body=schemas.TierSetup, returns=schemas.TierSetupResult)
def add_tier_from_template(
    ctx: Context, campaign_template_id: str, body: dict[str, Any]
) -> dict[str, Any]:
    return service.set_up_tier(ctx.uow, campaign_template_id, body)
