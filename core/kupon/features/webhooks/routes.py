"""Routes of receivers of events: of any kind for managers, and what was sent for projects."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from kupon.features.webhooks import schemas, service
from kupon.kit.pages import PageRequest
from kupon.web.endpoint import Context, endpoint

blueprint = Blueprint("webhooks", __name__)

_PROJECT = "/management/v1/projects/<project_id>"
_DELIVERIES = "/v1/webhooks/<webhook_id>/deliveries"


@blueprint.get(f"{_PROJECT}/event-sinks")
@endpoint(surface="management", returns=schemas.EventSinkList)
def list_event_sinks(ctx: Context, project_id: str) -> dict[str, Any]:
    return service.list_endpoints(ctx.uow, ctx.tenants, project_id)


@blueprint.post(f"{_PROJECT}/event-sinks")
@endpoint(surface="management", body=schemas.EventSinkCreate, returns=schemas.EventSinkBody)
def create_event_sink(ctx: Context, project_id: str, body: dict[str, Any]) -> dict[str, Any]:
    return service.create_endpoint(ctx.uow, ctx.tenants, project_id, body)


@blueprint.get(f"{_PROJECT}/event-sinks/<event_sink_id>")
@endpoint(surface="management", returns=schemas.EventSinkBody)
def get_event_sink(ctx: Context, project_id: str, event_sink_id: str) -> dict[str, Any]:
    return service.get_endpoint(ctx.uow, ctx.tenants, project_id, event_sink_id)


@blueprint.put(f"{_PROJECT}/event-sinks/<event_sink_id>")
@endpoint(surface="management", body=schemas.EventSinkUpdate, returns=schemas.EventSinkBody)
def update_event_sink(
    ctx: Context, project_id: str, event_sink_id: str, body: dict[str, Any]
) -> dict[str, Any]:
    return service.update_endpoint(ctx.uow, ctx.tenants, project_id, event_sink_id, body)


@blueprint.delete(f"{_PROJECT}/event-sinks/<event_sink_id>")
@endpoint(surface="management", status=204)
def delete_event_sink(ctx: Context, project_id: str, event_sink_id: str) -> None:
    service.delete_endpoint(ctx.uow, project_id, event_sink_id)


@blueprint.post(f"{_PROJECT}/signing-key")
@endpoint(surface="management", returns=schemas.SigningKey)
def replace_signing_key(ctx: Context, project_id: str) -> dict[str, Any]:
    return service.replace_signing_key(ctx.uow, ctx.tenants, project_id)


@blueprint.get(_DELIVERIES)
@endpoint(query=schemas.DeliveriesQuery, returns=schemas.DeliveryList)
def list_webhook_deliveries(ctx: Context, webhook_id: str, query: PageRequest) -> dict[str, Any]:
    return service.list_deliveries(ctx.uow, webhook_id, query, ctx.tz)


@blueprint.get(f"{_DELIVERIES}/<delivery_id>")
@endpoint(returns=schemas.WholeDelivery)
def get_webhook_delivery(ctx: Context, webhook_id: str, delivery_id: str) -> dict[str, Any]:
    return service.get_delivery(ctx.uow, webhook_id, delivery_id)


@blueprint.post(f"{_DELIVERIES}/<delivery_id>/resend")
@endpoint(returns=schemas.Delivery)
def resend_webhook_delivery(ctx: Context, webhook_id: str, delivery_id: str) -> dict[str, Any]:
    return service.resend(ctx.uow, webhook_id, delivery_id)


@blueprint.post("/v1/webhooks/<webhook_id>/test")
@endpoint(returns=schemas.TestResult)
def test_webhook(ctx: Context, webhook_id: str) -> dict[str, Any]:
    return service.send_test(ctx.uow, ctx.tenants, webhook_id)
