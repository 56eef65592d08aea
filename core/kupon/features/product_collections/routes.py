"""Routes of product collections."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from kupon.features.customers.schemas import ActivityList, DefinitionActivityQuery
from kupon.features.product_collections import schemas, service
from kupon.kit.pages import PageRequest
from kupon.web.endpoint import Context, endpoint

blueprint = Blueprint("product_collections", __name__)


@blueprint.get("/v1/product-collections")
@endpoint(query=schemas.CollectionsQuery, returns=schemas.ProductCollectionList)
def list_product_collections(ctx: Context, query: PageRequest) -> dict[str, Any]:
    return service.list_collections(ctx.uow, query, ctx.tz)


@blueprint.post("/v1/product-collections")
@endpoint(body=schemas.ProductCollectionCreate, returns=schemas.ProductCollection)
def create_product_collection(ctx: Context, body: dict[str, Any]) -> dict[str, Any]:
    return service.create_collection(ctx.uow, body)


@blueprint.get("/v1/product-collections/<collection_id>")
@endpoint(returns=schemas.ProductCollection)
def get_product_collection(ctx: Context, collection_id: str) -> dict[str, Any]:
    return service.get_collection(ctx.uow, collection_id)


@blueprint.put("/v1/product-collections/<collection_id>")
@endpoint(body=schemas.ProductCollectionUpdate, returns=schemas.ProductCollection)
def put_product_collection(
    ctx: Context, collection_id: str, body: dict[str, Any]
) -> dict[str, Any]:
    return service.update_collection(ctx.uow, collection_id, body)


@blueprint.delete("/v1/product-collections/<collection_id>")
@endpoint(status=204)
def delete_product_collection(ctx: Context, collection_id: str) -> None:
    service.delete_collection(ctx.uow, collection_id)


@blueprint.get("/v1/product-collections/<collection_id>/products")
@endpoint(query=schemas.CollectedQuery, returns=schemas.CollectedArticleList)
def list_products_in_collection(
    ctx: Context, collection_id: str, query: PageRequest
) -> dict[str, Any]:
    return service.list_products(ctx.uow, collection_id, query, ctx.tz)


@blueprint.get("/v1/product-collections/<collection_id>/activities")
@endpoint(query=DefinitionActivityQuery, returns=ActivityList)
def list_product_collection_activities(
    ctx: Context, collection_id: str, query: PageRequest
) -> dict[str, Any]:
    return service.list_activities(ctx.uow, collection_id, query, ctx.tz)
