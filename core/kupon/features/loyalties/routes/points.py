"""Routes of the points of members."""

from __future__ import annotations

from typing import Any

from kupon.features.loyalties.routes.blueprint import blueprint
from kupon.features.loyalties.schemas import points as schemas
from kupon.features.loyalties.service import points as service
from kupon.features.vouchers.schemas import TransactionList
from kupon.kit.pages import PageRequest
from kupon.web.endpoint import Context, endpoint, retried

_MEMBER = "/v1/loyalties/members/<member_id>"
_MEMBER_OF = "/v1/loyalties/<campaign_id>/members/<member_id>"


@blueprint.post(f"{_MEMBER}/balance")
@endpoint(body=schemas.PointsUpdate, returns=schemas.PointsBalance)
@retried
def update_loyalty_card_balance(
    ctx: Context, member_id: str, body: dict[str, Any]
) -> dict[str, Any]:
    return service.adjust_balance(ctx.uow, ctx.project, None, member_id, body)


@blueprint.post(f"{_MEMBER_OF}/balance")
@endpoint(body=schemas.PointsUpdate, returns=schemas.PointsBalance)
@retried
def update_loyalty_card_balance_1(
    ctx: Context, campaign_id: str, member_id: str, body: dict[str, Any]
) -> dict[str, Any]:
    return service.adjust_balance(ctx.uow, ctx.project, campaign_id, member_id, body)


@blueprint.post(f"{_MEMBER_OF}/transfers")
@endpoint(body=schemas.Transfer(many=True), returns=schemas.TransferredTo)
@retried
def transfer_points(
    ctx: Context, campaign_id: str, member_id: str, body: list[dict[str, Any]]
) -> dict[str, Any]:
    return service.transfer_points(ctx.uow, ctx.project, campaign_id, member_id, body)


@blueprint.get(f"{_MEMBER}/transactions")
@endpoint(query=schemas.MemberTransactionsQuery, returns=TransactionList)
def list_loyalty_card_transactions(
    ctx: Context, member_id: str, query: PageRequest
) -> dict[str, Any]:
    return service.list_transactions(ctx.uow, ctx.project, None, member_id, query)


@blueprint.get(f"{_MEMBER_OF}/transactions")
@endpoint(query=schemas.MemberTransactionsQuery, returns=TransactionList)
def list_loyalty_card_transactions_1(
    ctx: Context, campaign_id: str, member_id: str, query: PageRequest
) -> dict[str, Any]:
    return service.list_transactions(ctx.uow, ctx.project, campaign_id, member_id, query)


@blueprint.get("/v1/loyalties/<campaign_id>/transactions")
@endpoint(query=schemas.MemberTransactionsQuery, returns=TransactionList)
def list_loyalty_campaign_transactions(
    ctx: Context, campaign_id: str, query: PageRequest
) -> dict[str, Any]:
    return service.list_all_transactions(ctx.uow, ctx.project, campaign_id, query)


@blueprint.get(f"{_MEMBER_OF}/points-expiration")
@endpoint(query=schemas.BucketsQuery, returns=schemas.BucketList)
def list_points_expiration(
    ctx: Context, campaign_id: str, member_id: str, query: PageRequest
) -> dict[str, Any]:
    return service.list_expiration(ctx.uow, ctx.project, campaign_id, member_id, query)
