"""Receivers of events of any kind: what they want, and where they are.

Source: spec events-webhooks-data, sections 3.1 and 18.4.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from kupon.features.webhooks import schemas
from kupon.features.webhooks.service import opening, queueing
from kupon.hooks.settings import MASK, Kept, keep_settings, refusing_settings
from kupon.hooks.signatures import new_standard_secret
from kupon.hooks.tenancy import Tenancy
from kupon.hooks.types import EventSink
from kupon.kit.errors import invalid_payload, not_found
from kupon.kit.event_types import MISSPELT, OF_CUSTOMERS, PUBLIC
from kupon.kit.pages import list_body
from kupon.kit.timestamps import format_moment
from kupon.runtime import ids
from kupon.storage.queries import event_endpoints, projects, send_outs
from kupon.storage.queries.event_endpoints import HELD_FOR
from kupon.storage.tables.event_sinks import EventEndpoint
from kupon.storage.uow import UnitOfWork

RESOURCE = "event_sink"
_KEY_BYTES = 32


def list_endpoints(uow: UnitOfWork, tenants: Tenancy, project_id: str) -> dict[str, Any]:
    """All receivers of a project.

    Raises:  not_found for the project.
    """
    check_project(uow, project_id)
    rows = event_endpoints.list_endpoints(uow, project_id)
    bodies = [schemas.dump_endpoint(tenants, row) for row in rows]
    return list_body("data", bodies, total=len(bodies))


def get_endpoint(
    uow: UnitOfWork, tenants: Tenancy, project_id: str, endpoint_id: str
) -> dict[str, Any]:
    """One receiver.

    Raises:  not_found.
    """
    return schemas.dump_endpoint(tenants, find(uow, project_id, endpoint_id, RESOURCE))


def create_endpoint(
    uow: UnitOfWork, tenants: Tenancy, project_id: str, body: Mapping[str, Any]
) -> dict[str, Any]:
    """Have events sent to a new receiver.

    Raises:  not_found for the project; invalid_payload for its kind, its settings or events;
        service_unavailable where the server has no key to keep secrets with.
    """
    return schemas.dump_endpoint(tenants, create(uow, tenants, project_id, body))


def create(
    uow: UnitOfWork, tenants: Tenancy, project_id: str, body: Mapping[str, Any]
) -> EventEndpoint:
    """As create_endpoint; the row."""
    check_project(uow, project_id)
    sink = _find_sink(tenants, body["sink"])
    _check_events(body["events"])
    kept = _keep(tenants, sink, body["settings"], None)
    row = EventEndpoint(
        project_id=project_id,
        id=ids.new_id("wh_"),
        sink=sink.kind,
        events=list(body["events"]),
        settings=kept.settings,
        secrets=kept.secrets,
        is_active=body["active"],
        failures=0,
        created_at=uow.now,
    )
    _ensure_signing_key(uow, tenants, project_id)
    event_endpoints.insert_endpoint(uow, row)
    return row


def update_endpoint(
    uow: UnitOfWork, tenants: Tenancy, project_id: str, endpoint_id: str, body: Mapping[str, Any]
) -> dict[str, Any]:
    """Change a receiver; settings are all of them, and a mask leaves a secret as it is.

    Raises:  as create_endpoint; not_found for the receiver.
    """
    row = event_endpoints.lock_endpoint(uow, project_id, endpoint_id, resource=RESOURCE)
    return schemas.dump_endpoint(tenants, change(uow, tenants, row, body))


def change(
    uow: UnitOfWork, tenants: Tenancy, row: EventEndpoint, body: Mapping[str, Any]
) -> EventEndpoint:
    """As update_endpoint; the row, which must be locked.

    What was held back while it was disabled is sent once it is active again.
    """
    sink = _find_sink(tenants, row.sink)
    if "events" in body:
        _check_events(body["events"])
        row.events = list(body["events"])
    if "settings" in body:
        kept = _keep(tenants, sink, body["settings"], Kept(row.settings, row.secrets))
        row.settings, row.secrets = kept
    row.updated_at = uow.now
    _switch(uow, row, is_active=body.get("active", row.is_active))
    event_endpoints.save_endpoint(uow, row)
    return row


def _switch(uow: UnitOfWork, row: EventEndpoint, *, is_active: bool) -> None:
    if row.is_active and not is_active:
        send_outs.suspend_all(uow, row.project_id, row.id)
    elif is_active and not row.is_active:
        send_outs.resume_all(uow, row.project_id, row.id, uow.now - HELD_FOR)
    row.is_active = is_active
    if is_active:
        row.disabled_at = row.disabled_for = None
        # Whoever changes a receiver wants to see at once whether it works now.
        row.failures, row.blocked_until = 0, None


def delete_endpoint(uow: UnitOfWork, project_id: str, endpoint_id: str) -> None:
    """Send no more events to a receiver, and forget what was.

    Raises:  not_found.
    """
    row = event_endpoints.lock_endpoint(uow, project_id, endpoint_id, resource=RESOURCE)
    event_endpoints.delete_endpoint(uow, row)


def replace_signing_key(uow: UnitOfWork, tenants: Tenancy, project_id: str) -> dict[str, Any]:
    """Give a project a new key for signatures, which is told this once; it counts from now on.

    Raises:  not_found; service_unavailable where the server has no key to keep secrets with.
    """
    project = event_endpoints.lock_signing_key(uow, project_id)
    if project is None:
        raise not_found("project", project_id)
    key = _new_key()
    with refusing_settings(None):
        project.signing_key = opening.seal_key(uow, tenants, key, project.signing_key)
    return {"object": "signing_key", "key": key, "created_at": format_moment(uow.now)}


def _ensure_signing_key(uow: UnitOfWork, tenants: Tenancy, project_id: str) -> None:
    project = event_endpoints.lock_signing_key(uow, project_id)
    if project is not None and project.signing_key is None:
        with refusing_settings(None):
            project.signing_key = opening.seal_key(uow, tenants, _new_key())


def _new_key() -> str:
    return new_standard_secret(ids.random_bytes(_KEY_BYTES))


def find(uow: UnitOfWork, project_id: str, endpoint_id: str, resource: str) -> EventEndpoint:
    """A receiver.

    Raises:  not_found; resource is what the wire calls it.
    """
    row = event_endpoints.find_endpoint(uow, project_id, endpoint_id)
    if row is None:
        raise not_found(resource, endpoint_id)
    return row


def check_project(uow: UnitOfWork, project_id: str) -> None:
    """Refuse a project that there is not.

    Raises:  not_found.
    """
    if projects.find_project(uow, project_id) is None:
        raise not_found("project", project_id)


def masked_secrets(tenants: Tenancy, row: EventEndpoint) -> dict[str, str]:
    """Masks for the secrets that a receiver has, which leave them as they are."""
    with refusing_settings(None):
        return dict.fromkeys(tenants.vault.open(row.secrets), MASK)


def _find_sink(tenants: Tenancy, kind: str) -> EventSink:
    sink = tenants.contributions.sinks.get(kind)
    if sink is None:
        known = ", ".join(sorted(tenants.contributions.sinks)) or "none"
        raise invalid_payload(f"Property .sink must be one of the server's event sinks: {known}")
    return sink


def _check_events(events: list[str]) -> None:
    for place, type in enumerate(events):
        is_known = type in PUBLIC or type in MISSPELT or type == queueing.ALL
        # What feeds tell may be asked for by name.
        if not (is_known or type.startswith(OF_CUSTOMERS)):
            raise invalid_payload(f"Property .events[{place}] must be a type of events")


def _keep(
    tenants: Tenancy, sink: EventSink, settings: Mapping[str, Any], known: Kept | None
) -> Kept:
    with refusing_settings(None):
        kept = keep_settings(sink.settings, tenants.vault, settings, known)
    for name, field in sink.settings().fields.items():
        target = kept.settings.get(name)
        if isinstance(field, fields.Url) and target is not None:
            reason = tenants.guard.refuse_url(target)
            if reason is not None:
                raise invalid_payload(f"Property .{name} {reason}")
    return kept
