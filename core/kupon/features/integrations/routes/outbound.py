"""Routes that set and show what platforms are told."""

from __future__ import annotations

from typing import Any

from kupon.features.integrations import service
from kupon.features.integrations.routes.blueprint import blueprint, tenants_of
from kupon.features.integrations.routes.numbers import read_number
from kupon.features.integrations.schemas import outbound as schemas
from kupon.web.endpoint import Context, endpoint


@blueprint.get("/connections/<connection>/outbound")
@endpoint(surface="management", returns=schemas.Outbound)
def get_connection_outbound(ctx: Context, project_id: str, connection: str) -> dict[str, Any]:
    return service.get_outbound(ctx.uow, tenants_of(ctx), project_id, connection)


@blueprint.put("/connections/<connection>/outbound")
@endpoint(surface="management", body=schemas.OutboundBody, returns=schemas.Outbound)
def update_connection_outbound(
    ctx: Context, project_id: str, connection: str, body: dict[str, Any]
) -> dict[str, Any]:
    return service.update_outbound(ctx.uow, tenants_of(ctx), project_id, connection, body)


@blueprint.get("/connections/<connection>/outbound/items")
@endpoint(surface="management", query=schemas.OutboundItemQuery, returns=schemas.OutboundItemList)
def list_outbound_items(
    ctx: Context, project_id: str, connection: str, query: dict[str, Any]
) -> dict[str, Any]:
    return service.list_items(ctx.uow, project_id, connection, query)


@blueprint.get("/connections/<connection>/outbound/items/<item>")
@endpoint(surface="management", returns=schemas.OutboundItemBody)
def get_outbound_item(ctx: Context, project_id: str, connection: str, item: str) -> dict[str, Any]:
    return service.get_item(ctx.uow, project_id, connection, read_number(item, "item"))


@blueprint.post("/connections/<connection>/outbound/replay")
@endpoint(
    surface="management",
    body=schemas.OutboundReplay,
    is_body_optional=True,
    returns=schemas.OutboundReplayed,
)
def replay_outbound_items(
    ctx: Context, project_id: str, connection: str, body: dict[str, Any]
) -> dict[str, Any]:
    return service.replay_items(ctx.uow, project_id, connection, body)
