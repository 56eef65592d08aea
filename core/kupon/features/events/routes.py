"""Routes of custom events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_smorest import Blueprint

from kupon.features.events import schemas, service
from kupon.web.endpoint import Context, endpoint

blueprint = Blueprint("events", __name__)


@blueprint.post("/v1/events")
@endpoint(body=schemas.EventBody, returns=schemas.Event)
def track_custom_event(ctx: Context, body: Mapping[str, Any]) -> dict[str, Any]:
    return service.track_event(ctx.uow, ctx.project, body)
