"""Webhooks as the reference manages them: receivers of one kind, by their address.

Source: spec events-webhooks-data, section 3.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kupon.features.webhooks import schemas
from kupon.features.webhooks.service import endpoints
from kupon.features.webhooks.service.queueing import WEBHOOK
from kupon.hooks.tenancy import Tenancy
from kupon.kit.errors import not_found
from kupon.kit.pages import list_body
from kupon.storage.queries import event_endpoints
from kupon.storage.tables.event_sinks import EventEndpoint
from kupon.storage.uow import UnitOfWork


def list_webhooks(uow: UnitOfWork, project_id: str) -> dict[str, Any]:
    """A project's webhooks.

    Raises:  not_found for the project.
    """
    endpoints.check_project(uow, project_id)
    rows = event_endpoints.list_endpoints(uow, project_id, WEBHOOK)
    return list_body("data", [schemas.dump_webhook(row) for row in rows], total=len(rows))


def create_webhook(
    uow: UnitOfWork, tenants: Tenancy, project_id: str, body: Mapping[str, Any]
) -> dict[str, Any]:
    """Have events posted to an address.

    Raises:  as endpoints.create_endpoint.
    """
    told = {
        "sink": WEBHOOK,
        "events": body["events"],
        "active": body.get("active", True),
        "settings": {"target_url": body["target_url"]},
    }
    return schemas.dump_webhook(endpoints.create(uow, tenants, project_id, told))


def get_webhook(uow: UnitOfWork, project_id: str, webhook_id: str) -> dict[str, Any]:
    """One webhook.

    Raises:  not_found.
    """
    return schemas.dump_webhook(_checked(endpoints.find(uow, project_id, webhook_id, WEBHOOK)))


def update_webhook(
    uow: UnitOfWork, tenants: Tenancy, project_id: str, webhook_id: str, body: Mapping[str, Any]
) -> dict[str, Any]:
    """Change a webhook; its headers, which the reference does not know, stay.

    Raises:  as endpoints.update_endpoint.
    """
    row = _lock(uow, project_id, webhook_id)
    secrets = endpoints.masked_secrets(tenants, row)
    told = {
        **{name: body[name] for name in ("events", "active") if name in body},
        "settings": {**row.settings, **secrets, "target_url": body["target_url"]},
    }
    return schemas.dump_webhook(endpoints.change(uow, tenants, row, told))


def delete_webhook(uow: UnitOfWork, project_id: str, webhook_id: str) -> None:
    """Remove a webhook.

    Raises:  not_found.
    """
    event_endpoints.delete_endpoint(uow, _lock(uow, project_id, webhook_id))


def _lock(uow: UnitOfWork, project_id: str, webhook_id: str) -> EventEndpoint:
    return _checked(event_endpoints.lock_endpoint(uow, project_id, webhook_id, resource=WEBHOOK))


def _checked(row: EventEndpoint) -> EventEndpoint:
    if row.sink != WEBHOOK:
        raise not_found(WEBHOOK, row.id)
    return row
