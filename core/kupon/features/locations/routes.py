"""Routes of locations. The reference only reads them: what writes is Kupon's own."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from kupon.features.locations import schemas, service
from kupon.kit.pages import PageRequest
from kupon.web.endpoint import Context, endpoint

blueprint = Blueprint("locations", __name__, url_prefix="/v1/locations")


@blueprint.get("")
@endpoint(query=schemas.LocationsQuery, returns=schemas.LocationList)
def list_locations(ctx: Context, query: PageRequest) -> dict[str, Any]:
    return service.list_locations(ctx.uow, query, ctx.tz)


@blueprint.post("")
@endpoint(body=schemas.LocationCreate, returns=schemas.Location)
def create_location(ctx: Context, body: dict[str, Any]) -> dict[str, Any]:
    return service.create_location(ctx.uow, body)


@blueprint.get("/<location_id>")
@endpoint(returns=schemas.Location)
def get_location(ctx: Context, location_id: str) -> dict[str, Any]:
    return service.get_location(ctx.uow, location_id)


@blueprint.put("/<location_id>")
@endpoint(body=schemas.LocationUpdate, returns=schemas.Location)
def update_location(ctx: Context, location_id: str, body: dict[str, Any]) -> dict[str, Any]:
    return service.update_location(ctx.uow, location_id, body)


@blueprint.delete("/<location_id>")
@endpoint(status=204)
def delete_location(ctx: Context, location_id: str) -> None:
    service.delete_location(ctx.uow, location_id)
