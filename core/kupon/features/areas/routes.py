"""Routes of areas and stores. Stores are Kupon's own here: the reference has them in management."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from kupon.features.areas import schemas, service
from kupon.kit.errors import KuponError
from kupon.kit.pages import PageRequest
from kupon.storage.uow import UnitOfWork
from kupon.web.endpoint import Context, endpoint

blueprint = Blueprint("areas", __name__, url_prefix="/v1/areas")


def _admitted(ctx: Context) -> tuple[UnitOfWork, str]:
    """The unit of work and its project.

    Raises:  missing_required_permission for restricted keys: they are assigned, they don't assign.
    """
    if ctx.key.scope is not None:
        raise KuponError("missing_required_permission")
    return ctx.uow, ctx.project.id


@blueprint.get("")
@endpoint(query=schemas.AreasQuery, returns=schemas.AreaList)
def list_areas(ctx: Context, query: PageRequest) -> dict[str, Any]:
    return service.list_areas(*_admitted(ctx), query)


@blueprint.post("")
@endpoint(body=schemas.AreaCreate, returns=schemas.Area)
def create_area(ctx: Context, body: dict[str, Any]) -> dict[str, Any]:
    return service.create_area(*_admitted(ctx), body)


@blueprint.get("/<area_id>")
@endpoint(returns=schemas.Area)
def get_area(ctx: Context, area_id: str) -> dict[str, Any]:
    return service.get_area(*_admitted(ctx), area_id)


@blueprint.put("/<area_id>")
@endpoint(body=schemas.AreaUpdate, returns=schemas.Area)
def update_area(ctx: Context, area_id: str, body: dict[str, Any]) -> dict[str, Any]:
    return service.update_area(*_admitted(ctx), area_id, body)


@blueprint.delete("/<area_id>")
@endpoint(status=204)
def delete_area(ctx: Context, area_id: str) -> None:
    service.delete_area(*_admitted(ctx), area_id)


@blueprint.get("/<area_id>/stores")
@endpoint(query=schemas.AreasQuery, returns=schemas.AreaStoreList)
def list_area_stores(ctx: Context, area_id: str, query: PageRequest) -> dict[str, Any]:
    return service.list_stores(*_admitted(ctx), area_id, query)


@blueprint.post("/<area_id>/stores")
@endpoint(body=schemas.AreaCreate, returns=schemas.AreaStore)
def create_area_store(ctx: Context, area_id: str, body: dict[str, Any]) -> dict[str, Any]:
    return service.create_store(*_admitted(ctx), area_id, body)


@blueprint.get("/<area_id>/stores/<store_id>")
@endpoint(returns=schemas.AreaStore)
def get_area_store(ctx: Context, area_id: str, store_id: str) -> dict[str, Any]:
    return service.get_store(*_admitted(ctx), area_id, store_id)


@blueprint.put("/<area_id>/stores/<store_id>")
@endpoint(body=schemas.AreaUpdate, returns=schemas.AreaStore)
def update_area_store(
    ctx: Context, area_id: str, store_id: str, body: dict[str, Any]
) -> dict[str, Any]:
    return service.update_store(*_admitted(ctx), area_id, store_id, body)


@blueprint.delete("/<area_id>/stores/<store_id>")
@endpoint(status=204)
def delete_area_store(ctx: Context, area_id: str, store_id: str) -> None:
    service.delete_store(*_admitted(ctx), area_id, store_id)
