"""Routes of connections."""

from __future__ import annotations

from typing import Any

from kupon.features.integrations import service
from kupon.features.integrations.routes.blueprint import blueprint, tenants_of
from kupon.features.integrations.schemas import connections as schemas
from kupon.web.endpoint import Context, endpoint


@blueprint.get("/adapters")
@endpoint(surface="management", returns=schemas.AdapterList)
def list_adapters(ctx: Context, project_id: str) -> dict[str, Any]:
    return service.list_adapters(tenants_of(ctx))


@blueprint.get("/connections")
@endpoint(surface="management", returns=schemas.ConnectionList)
def list_connections(ctx: Context, project_id: str) -> dict[str, Any]:
    return service.list_connections(ctx.uow, tenants_of(ctx), project_id)


@blueprint.post("/connections")
@endpoint(surface="management", body=schemas.ConnectionCreate, returns=schemas.ConnectionBody)
def create_connection(ctx: Context, project_id: str, body: dict[str, Any]) -> dict[str, Any]:
    return service.create_connection(ctx.uow, tenants_of(ctx), project_id, body)


@blueprint.get("/connections/<connection>")
@endpoint(surface="management", returns=schemas.ConnectionBody)
def get_connection(ctx: Context, project_id: str, connection: str) -> dict[str, Any]:
    return service.get_connection(ctx.uow, tenants_of(ctx), project_id, connection)


@blueprint.put("/connections/<connection>")
@endpoint(surface="management", body=schemas.ConnectionUpdate, returns=schemas.ConnectionBody)
def update_connection(
    ctx: Context, project_id: str, connection: str, body: dict[str, Any]
) -> dict[str, Any]:
    return service.update_connection(ctx.uow, tenants_of(ctx), project_id, connection, body)


@blueprint.delete("/connections/<connection>")
@endpoint(surface="management", query=schemas.ConnectionDeletion, status=204)
def delete_connection(
    ctx: Context, project_id: str, connection: str, query: dict[str, Any]
) -> None:
    tenants = tenants_of(ctx)
    service.delete_connection(ctx.uow, tenants, project_id, connection, is_forced=query["force"])


@blueprint.post("/connections/<connection>/check")
@endpoint(surface="management", returns=schemas.ConnectionCheck)
def check_connection(ctx: Context, project_id: str, connection: str) -> dict[str, Any]:
    return service.check(ctx.uow, tenants_of(ctx), project_id, connection)


@blueprint.post("/connections/<connection>/provision")
@endpoint(surface="management", returns=schemas.ConnectionBody)
def provision_connection(ctx: Context, project_id: str, connection: str) -> dict[str, Any]:
    return service.provision(ctx.uow, tenants_of(ctx), project_id, connection)


@blueprint.post("/connections/<connection>/deprovision")
@endpoint(surface="management", returns=schemas.ConnectionBody)
def deprovision_connection(ctx: Context, project_id: str, connection: str) -> dict[str, Any]:
    return service.deprovision(ctx.uow, tenants_of(ctx), project_id, connection)


@blueprint.post("/connections/<connection>/pause")
@endpoint(surface="management", returns=schemas.ConnectionBody)
def pause_connection(ctx: Context, project_id: str, connection: str) -> dict[str, Any]:
    return service.pause(ctx.uow, tenants_of(ctx), project_id, connection)


@blueprint.post("/connections/<connection>/resume")
@endpoint(surface="management", returns=schemas.ConnectionBody)
def resume_connection(ctx: Context, project_id: str, connection: str) -> dict[str, Any]:
    return service.resume(ctx.uow, tenants_of(ctx), project_id, connection)


@blueprint.post("/connections/<connection>/key")
@endpoint(surface="management", returns=schemas.ConnectionBody)
def renew_connection_key(ctx: Context, project_id: str, connection: str) -> dict[str, Any]:
    return service.renew_key(ctx.uow, tenants_of(ctx), project_id, connection)
