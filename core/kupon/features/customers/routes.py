"""Routes of customers."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from kupon.features.customers import schemas, service
from kupon.kit.pages import PageRequest
from kupon.web.endpoint import Context, endpoint

blueprint = Blueprint("customers", __name__)


@blueprint.get("/v1/customers")
@endpoint(query=schemas.CustomerListQuery, returns=schemas.CustomerList)
def list_customers(ctx: Context, query: PageRequest) -> dict[str, Any]:
    return service.list_customers(ctx.uow, query, ctx.tz)


@blueprint.post("/v1/customers")
@endpoint(body=schemas.CustomerBody, returns=schemas.Customer)
def create_customer(ctx: Context, body: dict[str, Any]) -> dict[str, Any]:
    return service.create_customer(ctx.uow, ctx.project, body)


@blueprint.get("/v1/customers/<customer_id>")
@endpoint(returns=schemas.Customer)
def get_customer(ctx: Context, customer_id: str) -> dict[str, Any]:
    return service.get_customer(ctx.uow, customer_id)


@blueprint.put("/v1/customers/<customer_id>")
@endpoint(body=schemas.CustomerUpdate, returns=schemas.Customer)
def update_customer(ctx: Context, customer_id: str, body: dict[str, Any]) -> dict[str, Any]:
    return service.update_customer(ctx.uow, customer_id, body)


@blueprint.delete("/v1/customers/<customer_id>")
@endpoint(status=204)
def delete_customer(ctx: Context, customer_id: str) -> None:
    service.delete_customer(ctx.uow, customer_id)


@blueprint.post("/v1/customers/<customer_id>/permanent-deletion")
@endpoint(returns=schemas.PermanentDeletion)
def customer_permanently_deletion(ctx: Context, customer_id: str) -> dict[str, Any]:
    return service.delete_permanently(ctx.uow, customer_id)


@blueprint.get("/v1/customers/<customer_id>/activity")
@endpoint(query=schemas.ActivityQuery, returns=schemas.ActivityList)
def list_customer_activity(ctx: Context, customer_id: str, query: PageRequest) -> dict[str, Any]:
    return service.list_activity(ctx.uow, customer_id, query, ctx.tz)


@blueprint.get("/v1/customers/<customer_id>/activities")
@endpoint(query=schemas.ActivitiesQuery, returns=schemas.ActivitiesList)
def list_customer_activities(ctx: Context, customer_id: str, query: PageRequest) -> dict[str, Any]:
    return service.list_activities(ctx.uow, customer_id, query, ctx.tz)


@blueprint.get("/v1/customers/<customer_id>/redeemables")
@endpoint(query=schemas.RedeemableListQuery, returns=schemas.CustomerRedeemableList)
def list_customer_redeemables(ctx: Context, customer_id: str, query: PageRequest) -> dict[str, Any]:
    return service.list_redeemables(ctx.uow, customer_id, query, ctx.tz)


@blueprint.get("/v1/customers/<customer_id>/segments")
@endpoint(returns=schemas.CustomerSegmentList)
def list_customer_segments(ctx: Context, customer_id: str) -> dict[str, Any]:
    return service.list_segments(ctx.uow, customer_id, ctx.tz)
