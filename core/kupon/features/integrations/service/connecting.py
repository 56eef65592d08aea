"""Making connections, changing them, and what an operator does with them.

Source: house B9; spec adapters-marketing, section 1.11.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from marshmallow import ValidationError

from kupon.features.integrations.schemas import connections as wire
from kupon.features.integrations.service.inbox import WAKE
from kupon.features.integrations.service.tenants import Tenants
from kupon.features.management import service as management
from kupon.hooks.adapter import Adapter, Checked, Health
from kupon.hooks.errors import AdapterError, Misconfigured
from kupon.hooks.settings import Kept, keep_settings
from kupon.kit.errors import KuponError, invalid_payload, not_found
from kupon.kit.pages import list_body
from kupon.runtime import ids
from kupon.runtime.vault import NoKeys, UnknownKey
from kupon.storage.queries import connections, projects
from kupon.storage.queries.connections import ACTIVE, PAUSED
from kupon.storage.tables.integrations import Connection
from kupon.storage.tables.projects import Project
from kupon.storage.uow import UnitOfWork

T = TypeVar("T")


def list_adapters(tenants: Tenants) -> dict[str, Any]:
    """All adapters of the server, with what their connections may be set to."""
    adapters = sorted(tenants.contributions.adapters.items())
    rows = [wire.dump_adapter(adapter) for _, adapter in adapters]
    return list_body("data", rows, total=len(rows))


def list_connections(uow: UnitOfWork, tenants: Tenants, project_id: str) -> dict[str, Any]:
    """All connections of a project."""
    check_project(uow, project_id)
    rows = connections.list_connections(uow, project_id)
    return list_body("data", [wire.dump_connection(tenants, row) for row in rows], total=len(rows))


def get_connection(
    uow: UnitOfWork, tenants: Tenants, project_id: str, reference: str
) -> dict[str, Any]:
    """One connection, by id or name."""
    return wire.dump_connection(tenants, connections.get_connection(uow, project_id, reference))


def create_connection(
    uow: UnitOfWork, tenants: Tenants, project_id: str, body: Mapping[str, Any]
) -> dict[str, Any]:
    """Connect a project with an account of a platform; the key's secret is told now only.

    Raises:  not_found for the project; invalid_payload for the adapter or its settings;
        duplicate_found for the name; service_unavailable where secrets can't be kept.
    """
    check_project(uow, project_id)
    adapter = _adapter(tenants, body["adapter"])
    kept = _keep(tenants, adapter, body.get("settings") or {}, None)
    manifest = adapter.manifest()
    row = Connection(
        project_id=project_id,
        id=ids.new_id("conn_"),
        adapter=manifest.id,
        name=body["name"],
        token=ids.new_token(),
        settings=kept.settings,
        secrets=kept.secrets,
        state={},
        status=ACTIVE,
        created_at=uow.now,
    )
    connections.insert_connection(uow, row)
    key = _new_key(uow, row) if manifest.prefix is not None else {}
    return wire.dump_connection(tenants, row) | key


def update_connection(
    uow: UnitOfWork, tenants: Tenants, project_id: str, reference: str, body: Mapping[str, Any]
) -> dict[str, Any]:
    """Change the name, or all settings; a mask stands for a secret that stays as it is.

    Raises:  as create_connection; not_found for the connection.
    """
    row = connections.get_connection(uow, project_id, reference, is_locked=True)
    row.name = body.get("name") or row.name
    if body.get("settings") is not None:
        known = Kept(row.settings, row.secrets)
        kept = _keep(tenants, _adapter(tenants, row.adapter), body["settings"], known)
        row.settings, row.secrets = kept
    row.updated_at = uow.now
    connections.save_connection(uow, row)
    return wire.dump_connection(tenants, row)


def put_connection(
    uow: UnitOfWork, tenants: Tenants, project_id: str, body: Mapping[str, Any]
) -> dict[str, Any]:
    """Make the connection of a name what a body says; create it where there is none.

    Raises:  as create_connection; invalid_payload where it is another adapter's.
    """
    check_project(uow, project_id)
    known = {row.name: row for row in connections.list_connections(uow, project_id)}
    row = known.get(body["name"])
    if row is None:
        return create_connection(uow, tenants, project_id, body)
    if row.adapter != body["adapter"]:
        raise invalid_payload(f"Connection {row.name} is one of adapter {row.adapter}")
    return update_connection(
        uow, tenants, project_id, row.id, {"settings": body.get("settings") or {}}
    )


def delete_connection(uow: UnitOfWork, tenants: Tenants, project_id: str, reference: str) -> None:
    """Remove a connection with all that waits in it, and what it has installed on the platform.

    Raises:  not_found; platform_failed where the platform keeps what was installed: deprovision
        or change the settings first.
    """
    row = connections.get_connection(uow, project_id, reference, is_locked=True)
    if row.state:
        _open_platform(tenants, row, _deprovision)
    if row.key_id is not None:
        connections.disable_key(uow, project_id, row.key_id)
    connections.delete_connection(uow, row)


def renew_key(uow: UnitOfWork, tenants: Tenants, project_id: str, reference: str) -> dict[str, Any]:
    """Give a connection a new integration key; the one before opens nothing any more."""
    row = connections.get_connection(uow, project_id, reference, is_locked=True)
    if row.key_id is not None:
        connections.disable_key(uow, project_id, row.key_id)
    key = _new_key(uow, row)
    row.updated_at = uow.now
    connections.save_connection(uow, row)
    return wire.dump_connection(tenants, row) | key


def pause(uow: UnitOfWork, tenants: Tenants, project_id: str, reference: str) -> dict[str, Any]:
    """Let everything wait that comes in or should go out."""
    return _set_status(uow, tenants, project_id, reference, PAUSED)


def resume(uow: UnitOfWork, tenants: Tenants, project_id: str, reference: str) -> dict[str, Any]:
    """Go on, also after what had broken was mended; what waits is taken up at once."""
    return _set_status(uow, tenants, project_id, reference, ACTIVE)


def check(uow: UnitOfWork, tenants: Tenants, project_id: str, reference: str) -> dict[str, Any]:
    """Look whether the platform can be reached with the connection's settings."""
    row = connections.get_connection(uow, project_id, reference)
    try:
        found = _open(tenants, row).check()
    except Misconfigured as error:
        found = Checked(Health.MISCONFIGURED, str(error))
    return {"object": "connection_check", "health": found.health.value, "message": found.message}


def provision(uow: UnitOfWork, tenants: Tenants, project_id: str, reference: str) -> dict[str, Any]:
    """Install what the connection needs on the platform; repeated, what is missing of it.

    Raises:  not_found; platform_failed; invalid_payload where the adapter installs nothing.
    """
    row = _provisioned(uow, tenants, project_id, reference)
    state = _open_platform(tenants, row, lambda adapter: adapter.provision())
    return _save_state(uow, tenants, row, dict(state or {}))


def deprovision(
    uow: UnitOfWork, tenants: Tenants, project_id: str, reference: str
) -> dict[str, Any]:
    """Take away from the platform what `provision` has installed, and nothing else.

    Raises:  as provision.
    """
    row = _provisioned(uow, tenants, project_id, reference)
    _open_platform(tenants, row, _deprovision)
    return _save_state(uow, tenants, row, {})


def check_project(uow: UnitOfWork, project_id: str) -> Project:
    """The project that is named.

    Raises:  not_found.
    """
    project = projects.find_project(uow, project_id)
    if project is None:
        raise not_found("project", project_id)
    return project


def _set_status(
    uow: UnitOfWork, tenants: Tenants, project_id: str, reference: str, status: str
) -> dict[str, Any]:
    row = connections.get_connection(uow, project_id, reference, is_locked=True)
    if row.status != status:
        row.status, row.updated_at = status, uow.now
        row.failures, row.blocked_until = 0, None
        connections.save_connection(uow, row)
        if status == ACTIVE:
            uow.project_id = project_id
            uow.enqueue(WAKE, {"connection_id": row.id}, order_key=row.id)
    return wire.dump_connection(tenants, row)


def _adapter(tenants: Tenants, name: str) -> type[Adapter]:
    adapter = tenants.contributions.adapters.get(name)
    if adapter is None:
        raise invalid_payload(f"Property .adapter names none that is installed: {name}")
    return adapter


def _keep(
    tenants: Tenants, adapter: type[Adapter], given: Mapping[str, Any], known: Kept | None
) -> Kept:
    try:
        return keep_settings(adapter.settings, tenants.vault, given, known)
    except ValidationError as error:
        raise invalid_payload(wire.complaint(error)) from None
    except (NoKeys, UnknownKey) as error:
        raise KuponError("service_unavailable", str(error)) from None


def _new_key(uow: UnitOfWork, row: Connection) -> dict[str, Any]:
    key = management.add_integration_key(uow, row.project_id, row.name)
    row.key_id = key["app_id"]
    uow.session.flush()
    return {"integration_key": key}


def _open(tenants: Tenants, row: Connection) -> Adapter:
    """The connection's adapter.

    Raises:  Misconfigured.
    """
    return tenants.adapter(row)


def _provisioned(uow: UnitOfWork, tenants: Tenants, project_id: str, reference: str) -> Connection:
    row = connections.get_connection(uow, project_id, reference, is_locked=True)
    if not _adapter(tenants, row.adapter).manifest().can("account.provision"):
        raise invalid_payload(f"Adapter {row.adapter} installs nothing on its platform")
    return row


def _open_platform(tenants: Tenants, row: Connection, call: Callable[[Any], T]) -> T:
    """Ask the platform for something; what goes wrong is told without any secret.

    Raises:  platform_failed.
    """
    try:
        return call(_open(tenants, row))
    except AdapterError as error:
        raise KuponError("platform_failed", str(error)) from None


def _deprovision(adapter: Any) -> None:
    adapter.deprovision()


def _save_state(
    uow: UnitOfWork, tenants: Tenants, row: Connection, state: dict[str, Any]
) -> dict[str, Any]:
    row.state, row.updated_at = state, uow.now
    connections.save_connection(uow, row)
    return wire.dump_connection(tenants, row)
