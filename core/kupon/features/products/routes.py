"""Routes of products and SKUs."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from kupon.features.products import schemas, service
from kupon.kit.pages import PageRequest
from kupon.web.endpoint import Context, endpoint

blueprint = Blueprint("products", __name__)


@blueprint.get("/v1/products")
@endpoint(query=schemas.CatalogueQuery, returns=schemas.ProductList)
def list_products(ctx: Context, query: PageRequest) -> dict[str, Any]:
    return service.list_products(ctx.uow, query, ctx.tz)


@blueprint.post("/v1/products")
@endpoint(body=schemas.ProductCreate, returns=schemas.Product)
def create_product(ctx: Context, body: dict[str, Any]) -> dict[str, Any]:
    return service.create_product(ctx.uow, body)


@blueprint.get("/v1/products/<product_id>")
@endpoint(returns=schemas.Product)
def get_product(ctx: Context, product_id: str) -> dict[str, Any]:
    return service.get_product(ctx.uow, product_id)


@blueprint.put("/v1/products/<product_id>")
@endpoint(body=schemas.ProductUpdate, returns=schemas.Product)
def update_product(ctx: Context, product_id: str, body: dict[str, Any]) -> dict[str, Any]:
    return service.update_product(ctx.uow, product_id, body)


@blueprint.delete("/v1/products/<product_id>")
@endpoint(query=schemas.ForceQuery, status=204)
def delete_product(ctx: Context, product_id: str, query: dict[str, Any]) -> None:
    service.delete_product(ctx.uow, product_id, is_forced=query["force"])


@blueprint.get("/v1/products/<product_id>/skus")
@endpoint(query=schemas.CatalogueQuery, returns=schemas.SkuList)
def list_skus_in_product(ctx: Context, product_id: str, query: PageRequest) -> dict[str, Any]:
    return service.list_skus(ctx.uow, product_id, query, ctx.tz)


@blueprint.post("/v1/products/<product_id>/skus")
@endpoint(body=schemas.SkuCreate, returns=schemas.Sku)
def create_sku(ctx: Context, product_id: str, body: dict[str, Any]) -> dict[str, Any]:
    return service.create_sku(ctx.uow, product_id, body)


@blueprint.get("/v1/skus/<sku_id>")
@endpoint(returns=schemas.Sku)
def get_sku(ctx: Context, sku_id: str) -> dict[str, Any]:
    return service.get_sku(ctx.uow, sku_id)


@blueprint.put("/v1/products/<product_id>/skus/<sku_id>")
@endpoint(body=schemas.SkuUpdate, returns=schemas.Sku)
def update_sku(ctx: Context, product_id: str, sku_id: str, body: dict[str, Any]) -> dict[str, Any]:
    return service.update_sku(ctx.uow, product_id, sku_id, body)


@blueprint.delete("/v1/products/<product_id>/skus/<sku_id>")
@endpoint(query=schemas.ForceQuery, status=204)
def delete_sku(ctx: Context, product_id: str, sku_id: str, query: dict[str, Any]) -> None:
    service.delete_sku(ctx.uow, product_id, sku_id, is_forced=query["force"])
