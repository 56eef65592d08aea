"""Routes of segments."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from kupon.features.customers.schemas import ActivityList, DefinitionActivityQuery
from kupon.features.segments import schemas, service
from kupon.kit.pages import PageRequest
from kupon.web.endpoint import Context, endpoint

blueprint = Blueprint("segments", __name__)


@blueprint.get("/v1/segments")
@endpoint(query=schemas.SegmentQuery, returns=schemas.SegmentList)
def list_segment(ctx: Context, query: PageRequest) -> dict[str, Any]:
    return service.list_segments(ctx.uow, query, ctx.tz)


@blueprint.post("/v1/segments")
@endpoint(body=schemas.SegmentCreate, returns=schemas.Segment)
def create_segment(ctx: Context, body: dict[str, Any]) -> dict[str, Any]:
    return service.create_segment(ctx.uow, body, ctx.tz)


@blueprint.get("/v1/segments/<segment_id>")
@endpoint(returns=schemas.Segment)
def get_segment(ctx: Context, segment_id: str) -> dict[str, Any]:
    return service.get_segment(ctx.uow, segment_id)


@blueprint.put("/v1/segments/<segment_id>")
@endpoint(body=schemas.SegmentUpdate, returns=schemas.Segment)
def update_segment(ctx: Context, segment_id: str, body: dict[str, Any]) -> dict[str, Any]:
    return service.update_segment(ctx.uow, segment_id, body)


@blueprint.delete("/v1/segments/<segment_id>")
@endpoint(status=204)
def delete_segment(ctx: Context, segment_id: str) -> None:
    service.delete_segment(ctx.uow, segment_id)


@blueprint.get("/v1/segments/<segment_id>/activities")
@endpoint(query=DefinitionActivityQuery, returns=ActivityList)
def list_segment_activities(ctx: Context, segment_id: str, query: PageRequest) -> dict[str, Any]:
    return service.list_activities(ctx.uow, segment_id, query, ctx.tz)
