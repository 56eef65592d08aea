"""Routes that show what came in over a connection, and have it processed again."""

from __future__ import annotations

from typing import Any

from kupon.features.integrations import service
from kupon.features.integrations.routes.blueprint import blueprint
from kupon.features.integrations.routes.numbers import read_number
from kupon.features.integrations.schemas import deliveries as schemas
from kupon.web.endpoint import Context, endpoint


@blueprint.get("/connections/<connection>/statistics")
@endpoint(surface="management", returns=schemas.ConnectionStatistics)
def get_connection_statistics(ctx: Context, project_id: str, connection: str) -> dict[str, Any]:
    return service.statistics(ctx.uow, project_id, connection)


@blueprint.get("/connections/<connection>/deliveries")
@endpoint(surface="management", query=schemas.InboxQuery, returns=schemas.InboxDeliveryList)
def list_connection_deliveries(
    ctx: Context, project_id: str, connection: str, query: dict[str, Any]
) -> dict[str, Any]:
    return service.list_deliveries(ctx.uow, project_id, connection, query)


@blueprint.post("/connections/<connection>/deliveries/replay")
@endpoint(surface="management", returns=schemas.InboxReplay)
def replay_connection_deliveries(ctx: Context, project_id: str, connection: str) -> dict[str, Any]:
    return service.replay(ctx.uow, project_id, connection)


@blueprint.get("/connections/<connection>/deliveries/<delivery>")
@endpoint(surface="management", returns=schemas.InboxDelivery)
def get_connection_delivery(
    ctx: Context, project_id: str, connection: str, delivery: str
) -> dict[str, Any]:
    return service.get_delivery(ctx.uow, project_id, connection, read_number(delivery, "delivery"))


@blueprint.post("/connections/<connection>/deliveries/<delivery>/replay")
@endpoint(surface="management", returns=schemas.InboxReplay)
def replay_connection_delivery(
    ctx: Context, project_id: str, connection: str, delivery: str
) -> dict[str, Any]:
    return service.replay(ctx.uow, project_id, connection, read_number(delivery, "delivery"))
