"""Routes that pull what platforms have."""

from __future__ import annotations

from typing import Any

from kupon.features.integrations import service
from kupon.features.integrations.routes.blueprint import blueprint, tenants_of
from kupon.features.integrations.schemas import syncs as schemas
from kupon.web.endpoint import Context, endpoint


@blueprint.get("/connections/<connection>/syncs")
@endpoint(surface="management", query=schemas.SyncQuery, returns=schemas.SyncList)
def list_connection_syncs(
    ctx: Context, project_id: str, connection: str, query: dict[str, Any]
) -> dict[str, Any]:
    return service.list_runs(ctx.uow, project_id, connection, query)


@blueprint.post("/connections/<connection>/syncs")
@endpoint(surface="management", body=schemas.SyncBody, returns=schemas.Sync)
def start_connection_sync(
    ctx: Context, project_id: str, connection: str, body: dict[str, Any]
) -> dict[str, Any]:
    return service.start_sync(ctx.uow, tenants_of(ctx), project_id, connection, body)


@blueprint.get("/connections/<connection>/syncs/<sync>")
@endpoint(surface="management", returns=schemas.Sync)
def get_connection_sync(
    ctx: Context, project_id: str, connection: str, sync: str
) -> dict[str, Any]:
    return service.get_run(ctx.uow, project_id, connection, sync)


@blueprint.post("/connections/<connection>/syncs/<sync>/cancel")
@endpoint(surface="management", returns=schemas.Sync)
def cancel_connection_sync(
    ctx: Context, project_id: str, connection: str, sync: str
) -> dict[str, Any]:
    return service.cancel_sync(ctx.uow, project_id, connection, sync)


@blueprint.post("/connections/<connection>/syncs/<sync>/resume")
@endpoint(surface="management", returns=schemas.Sync)
def resume_connection_sync(
    ctx: Context, project_id: str, connection: str, sync: str
) -> dict[str, Any]:
    return service.resume_sync(ctx.uow, project_id, connection, sync)
