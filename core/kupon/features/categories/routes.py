"""Routes of categories."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from kupon.features.categories import schemas, service
from kupon.web.endpoint import Context, endpoint

blueprint = Blueprint("categories", __name__)


@blueprint.get("/v1/categories")
@endpoint(returns=schemas.CategoryList)
def list_categories(ctx: Context) -> dict[str, Any]:
    return service.list_categories(ctx.uow)


@blueprint.post("/v1/categories")
@endpoint(body=schemas.CategoryCreate, returns=schemas.Category)
def create_category(ctx: Context, body: dict[str, Any]) -> dict[str, Any]:
    return service.create_category(ctx.uow, body)


@blueprint.get("/v1/categories/<category_id>")
@endpoint(returns=schemas.Category)
def get_category(ctx: Context, category_id: str) -> dict[str, Any]:
    return service.get_category(ctx.uow, category_id)


@blueprint.put("/v1/categories/<category_id>")
@endpoint(body=schemas.CategoryUpdate, returns=schemas.Category)
def update_category(ctx: Context, category_id: str, body: dict[str, Any]) -> dict[str, Any]:
    return service.update_category(ctx.uow, category_id, body)


@blueprint.delete("/v1/categories/<category_id>")
@endpoint(query=schemas.CategoryDeletion, status=204)
def delete_category(ctx: Context, category_id: str, query: dict[str, Any]) -> None:
    is_dropped = query["remove_from_stacking_rules"]
    service.delete_category(ctx.uow, category_id, is_dropped_from_rules=is_dropped)
