"""Routes of async actions."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from kupon.features.async_actions import schemas, service
from kupon.kit.pages import PageRequest
from kupon.web.endpoint import Context, endpoint

blueprint = Blueprint("async_actions", __name__)


@blueprint.get("/v1/async-actions")
@endpoint(query=schemas.AsyncActionsQuery, returns=schemas.AsyncActionList)
def list_async_actions(ctx: Context, query: PageRequest) -> dict[str, Any]:
    return service.list_async_actions(ctx.uow, query, ctx.tz)


@blueprint.get("/v1/async-actions/<async_action_id>")
@endpoint(returns=schemas.AsyncActionReport)
def get_async_action(ctx: Context, async_action_id: str) -> dict[str, Any]:
    return service.get_async_action(ctx.uow, async_action_id)
