"""Routes of metadata schemas.

The reference lists and shows them on this surface; its change log of May 2026 tells of the rest.
"""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from kupon.features.metadata_schemas import schemas, service
from kupon.kit.pages import list_body
from kupon.web.endpoint import Context, endpoint

blueprint = Blueprint("metadata_schemas", __name__, url_prefix="/v1/metadata-schemas")


@blueprint.get("")
@endpoint(returns=schemas.MetadataSchemaList)
def list_metadata_schemas(ctx: Context) -> dict[str, Any]:
    rows = service.list_schemas(ctx.uow, ctx.project.id)
    return list_body("schemas", [schemas.dump_schema(row) for row in rows], total=len(rows))


@blueprint.post("")
@endpoint(body=schemas.MetadataSchemaCreate, returns=schemas.MetadataSchema)
def add_metadata_schema(ctx: Context, body: dict[str, Any]) -> dict[str, Any]:
    return schemas.dump_schema(service.create_schema(ctx.uow, ctx.project.id, body))


@blueprint.get("/<resource>")
@endpoint(returns=schemas.MetadataSchema)
def get_metadata_schema(ctx: Context, resource: str) -> dict[str, Any]:
    return schemas.dump_schema(service.get_schema(ctx.uow, ctx.project.id, resource))


@blueprint.post("/<resource>")
@endpoint(body=schemas.MetadataSchemaNamed, returns=schemas.MetadataSchema)
def add_named_metadata_schema(ctx: Context, resource: str, body: dict[str, Any]) -> dict[str, Any]:
    named = {"related_object": resource} | body
    return schemas.dump_schema(service.create_schema(ctx.uow, ctx.project.id, named))


@blueprint.put("/<resource>")
@endpoint(body=schemas.MetadataSchemaUpdate, returns=schemas.MetadataSchema)
def change_metadata_schema(ctx: Context, resource: str, body: dict[str, Any]) -> dict[str, Any]:
    return schemas.dump_schema(service.update_schema(ctx.uow, ctx.project.id, resource, body))


@blueprint.delete("/<resource>")
@endpoint(status=204)
def remove_metadata_schema(ctx: Context, resource: str) -> None:
    service.delete_schema(ctx.uow, ctx.project.id, resource)
