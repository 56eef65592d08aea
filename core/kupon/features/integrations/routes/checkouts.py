"""Routes of platforms' orders and their incentives."""

from __future__ import annotations

from typing import Any

from kupon.features.integrations import service
from kupon.features.integrations.routes.blueprint import blueprint
from kupon.features.integrations.schemas import checkouts as schemas
from kupon.web.endpoint import Context, endpoint


@blueprint.get("/connections/<connection>/checkouts")
@endpoint(surface="management", query=schemas.CheckoutQuery, returns=schemas.CheckoutList)
def list_connection_checkouts(
    ctx: Context, project_id: str, connection: str, query: dict[str, Any]
) -> dict[str, Any]:
    return service.list_checkouts(ctx.uow, project_id, connection, query)


@blueprint.get("/connections/<connection>/checkouts/<order>")
@endpoint(surface="management", returns=schemas.CheckoutBody)
def get_connection_checkout(
    ctx: Context, project_id: str, connection: str, order: str
) -> dict[str, Any]:
    return service.get_checkout(ctx.uow, project_id, connection, order)


@blueprint.post("/connections/<connection>/checkouts/<order>/redeem")
@endpoint(surface="management", returns=schemas.CheckoutBody)
def redeem_connection_checkout(
    ctx: Context, project_id: str, connection: str, order: str
) -> dict[str, Any]:
    return service.redeem_again(ctx.uow, project_id, connection, order)
