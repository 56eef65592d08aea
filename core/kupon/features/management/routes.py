"""Routes of management: stacking rules, schemas of metadata and events, areas, webhooks."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from kupon.features.areas import schemas as area_schemas
from kupon.features.areas import service as areas
from kupon.features.management import schemas, service
from kupon.features.metadata_schemas import schemas as metadata
from kupon.features.metadata_schemas import service as metadata_schemas
from kupon.features.webhooks import schemas as webhook_schemas
from kupon.features.webhooks import service as webhooks
from kupon.kit.pages import PageRequest, list_body
from kupon.web.endpoint import Context, endpoint

blueprint = Blueprint("management", __name__, url_prefix="/management/v1/projects")


@blueprint.get("/<project_id>/stacking-rules")
@endpoint(surface="management", returns=schemas.StackingRulesList)
def list_stacking_rules(ctx: Context, project_id: str) -> dict[str, Any]:
    return service.list_stacking_rules(ctx.uow, project_id)


@blueprint.post("/<project_id>/stacking-rules")
@endpoint(surface="management", body=schemas.StackingRulesBody, returns=schemas.StackingRules)
def create_stacking_rules(ctx: Context, project_id: str, body: dict[str, Any]) -> dict[str, Any]:
    return service.create_stacking_rules(ctx.uow, project_id, body)


@blueprint.get("/<project_id>/stacking-rules/<stacking_rules_id>")
@endpoint(surface="management", returns=schemas.StackingRules)
def get_stacking_rules(ctx: Context, project_id: str, stacking_rules_id: str) -> dict[str, Any]:
    return service.get_stacking_rules(ctx.uow, project_id, stacking_rules_id)


@blueprint.put("/<project_id>/stacking-rules/<stacking_rules_id>")
@endpoint(surface="management", body=schemas.StackingRulesBody, returns=schemas.StackingRules)
def update_stacking_rules(
    ctx: Context, project_id: str, stacking_rules_id: str, body: dict[str, Any]
) -> dict[str, Any]:
    return service.update_stacking_rules(ctx.uow, project_id, stacking_rules_id, body)


@blueprint.delete("/<project_id>/stacking-rules/<stacking_rules_id>")
@endpoint(surface="management", status=204)
def delete_stacking_rules(ctx: Context, project_id: str, stacking_rules_id: str) -> None:
    service.delete_stacking_rules(ctx.uow, project_id, stacking_rules_id)


@blueprint.get("/<project_id>/metadata-schemas")
@endpoint(surface="management", returns=metadata.ManagementMetadataSchemaList)
def list_metadata_schemas_1(ctx: Context, project_id: str) -> dict[str, Any]:
    rows = metadata_schemas.list_schemas(ctx.uow, project_id)
    return list_body("data", list(map(metadata.dump_management_schema, rows)), total=len(rows))


@blueprint.post("/<project_id>/metadata-schemas")
@endpoint(
    surface="management",
    body=metadata.ManagementMetadataSchemaCreate,
    returns=metadata.ManagementMetadataSchema,
)
def create_metadata_schema(ctx: Context, project_id: str, body: dict[str, Any]) -> dict[str, Any]:
    row = metadata_schemas.create_schema(ctx.uow, project_id, body)
    return metadata.dump_management_schema(row)


@blueprint.get("/<project_id>/metadata-schemas/<schema_id>")
@endpoint(surface="management", returns=metadata.ManagementMetadataSchema)
def get_metadata_schema_1(ctx: Context, project_id: str, schema_id: str) -> dict[str, Any]:
    return metadata.dump_management_schema(
        metadata_schemas.get_schema(ctx.uow, project_id, schema_id)
    )


@blueprint.put("/<project_id>/metadata-schemas/<schema_id>")
@endpoint(
    surface="management",
    body=metadata.ManagementMetadataSchemaUpdate,
    returns=metadata.ManagementMetadataSchema,
)
def update_metadata_schema(
    ctx: Context, project_id: str, schema_id: str, body: dict[str, Any]
) -> dict[str, Any]:
    row = metadata_schemas.update_schema(ctx.uow, project_id, schema_id, body)
    return metadata.dump_management_schema(row)


@blueprint.delete("/<project_id>/metadata-schemas/<schema_id>")
@endpoint(surface="management", status=204)
def delete_metadata_schema(ctx: Context, project_id: str, schema_id: str) -> None:
    metadata_schemas.delete_schema(ctx.uow, project_id, schema_id)


@blueprint.get("/<project_id>/custom-event-schemas")
@endpoint(surface="management", returns=metadata.CustomEventSchemaList)
def list_custom_event_schemas(ctx: Context, project_id: str) -> dict[str, Any]:
    rows = metadata_schemas.list_event_schemas(ctx.uow, project_id)
    return list_body("data", list(map(metadata.dump_event_schema, rows)), total=len(rows))


@blueprint.post("/<project_id>/custom-event-schemas")
@endpoint(
    surface="management",
    body=metadata.CustomEventSchemaCreate,
    returns=metadata.CustomEventSchema,
)
def create_custom_event_schema(
    ctx: Context, project_id: str, body: dict[str, Any]
) -> dict[str, Any]:
    return metadata.dump_event_schema(
        metadata_schemas.create_event_schema(ctx.uow, project_id, body)
    )


@blueprint.get("/<project_id>/custom-event-schemas/<schema_id>")
@endpoint(surface="management", returns=metadata.CustomEventSchema)
def get_custom_event_schema(ctx: Context, project_id: str, schema_id: str) -> dict[str, Any]:
    return metadata.dump_event_schema(
        metadata_schemas.get_event_schema(ctx.uow, project_id, schema_id)
    )


@blueprint.put("/<project_id>/custom-event-schemas/<schema_id>")
@endpoint(
    surface="management",
    body=metadata.CustomEventSchemaUpdate,
    returns=metadata.CustomEventSchema,
)
def update_custom_event_schema(
    ctx: Context, project_id: str, schema_id: str, body: dict[str, Any]
) -> dict[str, Any]:
    row = metadata_schemas.update_event_schema(ctx.uow, project_id, schema_id, body)
    return metadata.dump_event_schema(row)


@blueprint.delete("/<project_id>/custom-event-schemas/<schema_id>")
@endpoint(surface="management", status=204)
def delete_custom_event_schema(ctx: Context, project_id: str, schema_id: str) -> None:
    metadata_schemas.delete_event_schema(ctx.uow, project_id, schema_id)


@blueprint.get("/<project_id>/webhooks")
@endpoint(surface="management", returns=webhook_schemas.WebhookList)
def list_webhooks(ctx: Context, project_id: str) -> dict[str, Any]:
    return webhooks.list_webhooks(ctx.uow, project_id)


@blueprint.post("/<project_id>/webhooks")
@endpoint(surface="management", body=webhook_schemas.WebhookBody, returns=webhook_schemas.Webhook)
def create_webhook(ctx: Context, project_id: str, body: dict[str, Any]) -> dict[str, Any]:
    return webhooks.create_webhook(ctx.uow, ctx.tenants, project_id, body)


@blueprint.get("/<project_id>/webhooks/<webhook_id>")
@endpoint(surface="management", returns=webhook_schemas.Webhook)
def get_webhook(ctx: Context, project_id: str, webhook_id: str) -> dict[str, Any]:
    return webhooks.get_webhook(ctx.uow, project_id, webhook_id)


@blueprint.put("/<project_id>/webhooks/<webhook_id>")
@endpoint(surface="management", body=webhook_schemas.WebhookBody, returns=webhook_schemas.Webhook)
def update_webhook(
    ctx: Context, project_id: str, webhook_id: str, body: dict[str, Any]
) -> dict[str, Any]:
    return webhooks.update_webhook(ctx.uow, ctx.tenants, project_id, webhook_id, body)


@blueprint.delete("/<project_id>/webhooks/<webhook_id>")
@endpoint(surface="management", status=204)
def delete_webhook(ctx: Context, project_id: str, webhook_id: str) -> None:
    webhooks.delete_webhook(ctx.uow, project_id, webhook_id)


@blueprint.get("/<project_id>/areas")
@endpoint(surface="management", query=area_schemas.AreasQuery, returns=area_schemas.AreaList)
def list_project_areas(ctx: Context, project_id: str, query: PageRequest) -> dict[str, Any]:
    return areas.list_areas(ctx.uow, project_id, query)


@blueprint.post("/<project_id>/areas")
@endpoint(surface="management", body=area_schemas.AreaCreate, returns=area_schemas.Area)
def create_project_area(ctx: Context, project_id: str, body: dict[str, Any]) -> dict[str, Any]:
    return areas.create_area(ctx.uow, project_id, body)


@blueprint.get("/<project_id>/areas/<area_id>")
@endpoint(surface="management", returns=area_schemas.Area)
def get_project_area(ctx: Context, project_id: str, area_id: str) -> dict[str, Any]:
    return areas.get_area(ctx.uow, project_id, area_id)


@blueprint.put("/<project_id>/areas/<area_id>")
@endpoint(surface="management", body=area_schemas.AreaUpdate, returns=area_schemas.Area)
def update_project_area(
    ctx: Context, project_id: str, area_id: str, body: dict[str, Any]
) -> dict[str, Any]:
    return areas.update_area(ctx.uow, project_id, area_id, body)


@blueprint.delete("/<project_id>/areas/<area_id>")
@endpoint(surface="management", status=204)
def delete_project_area(ctx: Context, project_id: str, area_id: str) -> None:
    areas.delete_area(ctx.uow, project_id, area_id)


@blueprint.get("/<project_id>/areas/<area_id>/stores")
@endpoint(surface="management", query=area_schemas.AreasQuery, returns=area_schemas.AreaStoreList)
def list_project_area_stores(
    ctx: Context, project_id: str, area_id: str, query: PageRequest
) -> dict[str, Any]:
    return areas.list_stores(ctx.uow, project_id, area_id, query)


@blueprint.post("/<project_id>/areas/<area_id>/stores")
@endpoint(surface="management", body=area_schemas.AreaCreate, returns=area_schemas.AreaStore)
def create_project_area_store(
    ctx: Context, project_id: str, area_id: str, body: dict[str, Any]
) -> dict[str, Any]:
    return areas.create_store(ctx.uow, project_id, area_id, body)


@blueprint.get("/<project_id>/areas/<area_id>/stores/<store_id>")
@endpoint(surface="management", returns=area_schemas.AreaStore)
def get_project_area_store(
    ctx: Context, project_id: str, area_id: str, store_id: str
) -> dict[str, Any]:
    return areas.get_store(ctx.uow, project_id, area_id, store_id)


@blueprint.put("/<project_id>/areas/<area_id>/stores/<store_id>")
@endpoint(surface="management", body=area_schemas.AreaUpdate, returns=area_schemas.AreaStore)
def update_project_area_store(
    ctx: Context, project_id: str, area_id: str, store_id: str, body: dict[str, Any]
) -> dict[str, Any]:
    return areas.update_store(ctx.uow, project_id, area_id, store_id, body)


@blueprint.delete("/<project_id>/areas/<area_id>/stores/<store_id>")
@endpoint(surface="management", status=204)
def delete_project_area_store(ctx: Context, project_id: str, area_id: str, store_id: str) -> None:
    areas.delete_store(ctx.uow, project_id, area_id, store_id)
