"""Routes of orders."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from kupon.features.orders import schemas, service
from kupon.kit.pages import PageRequest
from kupon.web.endpoint import Context, endpoint

blueprint = Blueprint("orders", __name__)


@blueprint.get("/v1/orders")
@endpoint(query=schemas.OrderListQuery, returns=schemas.OrderList)
def list_orders(ctx: Context, query: PageRequest) -> dict[str, Any]:
    return service.list_orders(ctx.uow, query, ctx.tz)


@blueprint.post("/v1/orders")
@endpoint(body=schemas.OrderBody, returns=schemas.CalculatedOrder)
def create_order(ctx: Context, body: dict[str, Any]) -> dict[str, Any]:
    return service.create_order(ctx.uow, ctx.project, body)


@blueprint.get("/v1/orders/<order_id>")
@endpoint(returns=schemas.CalculatedOrder)
def get_order(ctx: Context, order_id: str) -> dict[str, Any]:
    return service.get_order(ctx.uow, order_id)


@blueprint.put("/v1/orders/<order_id>")
@endpoint(body=schemas.OrderUpdate, returns=schemas.CalculatedOrder)
def update_order(ctx: Context, order_id: str, body: dict[str, Any]) -> dict[str, Any]:
    return service.update_order(ctx.uow, ctx.project, order_id, body)
