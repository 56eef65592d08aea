"""Routes of referrals: the holders of codes, and the tiers of referrers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_smorest import Blueprint

from kupon.features.referrals import schemas, service
from kupon.features.referrals.service import Member
from kupon.kit.pages import PageRequest
from kupon.web.endpoint import Context, endpoint

blueprint = Blueprint("referrals", __name__)

_HOLDERS = "/v1/referrals/<campaign_id>/members/<member_id>/holders"
_HOLDERS_1 = "/v1/referrals/members/<member_id>/holders"


@blueprint.get(_HOLDERS)
@endpoint(query=schemas.HolderListQuery, returns=schemas.HolderList)
def referrals_code_holders(
    ctx: Context, campaign_id: str, member_id: str, query: PageRequest
) -> dict[str, Any]:
    return service.list_holders(ctx.uow, ctx.project, Member(member_id, campaign_id), query)


@blueprint.post(_HOLDERS)
@endpoint(body=schemas.HoldersBody, returns=schemas.Holders)
def referrals_add_holders_1(
    ctx: Context, campaign_id: str, member_id: str, body: Mapping[str, Any]
) -> dict[str, Any]:
    return service.add_holders(ctx.uow, ctx.project, Member(member_id, campaign_id), body)


@blueprint.delete(f"{_HOLDERS}/<holder_id>")
@endpoint(status=204)
def referrals_remove_holder_1(
    ctx: Context, campaign_id: str, member_id: str, holder_id: str
) -> None:
    service.remove_holder(ctx.uow, ctx.project, Member(member_id, campaign_id), holder_id)


@blueprint.get(_HOLDERS_1)
@endpoint(query=schemas.HolderListQuery, returns=schemas.HolderList)
def referrals_code_holders_1(ctx: Context, member_id: str, query: PageRequest) -> dict[str, Any]:
    return service.list_holders(ctx.uow, ctx.project, Member(member_id), query)


@blueprint.post(_HOLDERS_1)
@endpoint(body=schemas.HoldersBody, returns=schemas.Holders)
def referrals_add_holders(ctx: Context, member_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
    return service.add_holders(ctx.uow, ctx.project, Member(member_id), body)


@blueprint.delete(f"{_HOLDERS_1}/<holder_id>")
@endpoint(status=204)
def referrals_remove_holder(ctx: Context, member_id: str, holder_id: str) -> None:
    service.remove_holder(ctx.uow, ctx.project, Member(member_id), holder_id)


@blueprint.get("/v1/referrals/<campaign_id>/tiers")
@endpoint(returns=schemas.ReferralTierList)
def list_referral_tiers(ctx: Context, campaign_id: str) -> dict[str, Any]:
    return service.list_tiers(ctx.uow, campaign_id)


@blueprint.post("/v1/referrals/<campaign_id>/tiers")
@endpoint(body=schemas.ReferralTierBody, returns=schemas.ReferralTier)
def create_referral_tier(ctx: Context, campaign_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
    return service.create_tier(ctx.uow, campaign_id, body)


@blueprint.get("/v1/referrals/<campaign_id>/tiers/<tier_id>")
@endpoint(returns=schemas.ReferralTier)
def get_referral_tier(ctx: Context, campaign_id: str, tier_id: str) -> dict[str, Any]:
    return service.get_tier(ctx.uow, campaign_id, tier_id)


@blueprint.put("/v1/referrals/<campaign_id>/tiers/<tier_id>")
@endpoint(body=schemas.ReferralTierUpdate, returns=schemas.ReferralTier)
def update_referral_tier(
    ctx: Context, campaign_id: str, tier_id: str, body: Mapping[str, Any]
) -> dict[str, Any]:
    return service.update_tier(ctx.uow, campaign_id, tier_id, body)


@blueprint.delete("/v1/referrals/<campaign_id>/tiers/<tier_id>")
@endpoint(status=204)
def delete_referral_tier(ctx: Context, campaign_id: str, tier_id: str) -> None:
    service.delete_tier(ctx.uow, campaign_id, tier_id)
