"""Routes of qualifications."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from kupon.features.qualifications import schemas, service
from kupon.web.endpoint import Context, endpoint

blueprint = Blueprint("qualifications", __name__)


@blueprint.post("/v1/qualifications")
@endpoint(
    body=schemas.QualificationBody, is_body_optional=True, returns=schemas.QualificationAnswer
)
def check_eligibility(ctx: Context, body: dict[str, Any]) -> dict[str, Any]:
    return service.qualify(ctx.uow, ctx.project, ctx.key.app_id, body)


@blueprint.post("/v1/vouchers/qualification")
@endpoint(
    query=schemas.ExaminedVouchersQuery,
    body=schemas.ExaminationBody,
    is_body_optional=True,
    returns=schemas.ExaminedVouchers,
)
def examine_vouchers_qualification(
    ctx: Context, query: dict[str, Any], body: dict[str, Any]
) -> dict[str, Any]:
    return service.examine_vouchers(ctx.uow, ctx.project, ctx.key.app_id, query, body)


@blueprint.post("/v1/campaigns/qualification")
@endpoint(
    query=schemas.ExaminedCampaignsQuery,
    body=schemas.ExaminationBody,
    is_body_optional=True,
    returns=schemas.ExaminedCampaigns,
)
def examine_campaign_qualification(
    ctx: Context, query: dict[str, Any], body: dict[str, Any]
) -> dict[str, Any]:
    return service.examine_campaigns(ctx.uow, ctx.project, ctx.key.app_id, query, body)
