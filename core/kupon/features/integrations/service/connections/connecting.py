"""Making connections, changing them, removing them.

Source: house B9; spec adapters-marketing, section 1.11.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kupon.features.integrations.schemas import connections as wire
from kupon.features.integrations.service.connections.installing import uninstall
from kupon.features.integrations.service.entering import check_project, find_adapter
from kupon.features.integrations.service.pulls.scheduling import keep_schedule
from kupon.features.integrations.service.tenants import Tenants
from kupon.features.management import service as management
from kupon.hooks.adapter import Adapter
from kupon.hooks.settings import Kept, keep_settings, refusing_settings
from kupon.kit.errors import invalid_payload
from kupon.kit.pages import list_body
from kupon.runtime import ids
from kupon.storage.queries import connections
from kupon.storage.queries.connections import ACTIVE
from kupon.storage.queries.listeners import note_listeners
from kupon.storage.tables.integrations import Connection
from kupon.storage.uow import UnitOfWork


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
    adapter = find_adapter(tenants, body["adapter"])
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
        schedule={},
        status=ACTIVE,
        created_at=uow.now,
    )
    connections.insert_connection(uow, row)
    note_listeners(uow, project_id)
    if body.get("schedule"):
        keep_schedule(uow, tenants, row, body["schedule"])
    key = _new_key(uow, row) if manifest.key_style is not None else {}
    return wire.dump_connection(tenants, row) | key


def update_connection(
    uow: UnitOfWork, tenants: Tenants, project_id: str, reference: str, body: Mapping[str, Any]
) -> dict[str, Any]:
    """Change the name, all settings, or the schedule; a mask stands for a secret that stays.

    Raises:  as create_connection; not_found for the connection.
    """
    row = connections.get_connection(uow, project_id, reference, is_locked=True)
    row.name = body.get("name") or row.name
    if body.get("settings") is not None:
        known = Kept(row.settings, row.secrets)
        kept = _keep(tenants, find_adapter(tenants, row.adapter), body["settings"], known)
        row.settings, row.secrets = kept
        if row.provision_at is not None:
            # What is installed may hold what has changed, such as a secret.
            row.provision_at = uow.now
    if body.get("schedule") is not None:
        keep_schedule(uow, tenants, row, body["schedule"])
    row.updated_at = uow.now
    connections.save_connection(uow, row)
    return wire.dump_connection(tenants, row)


def put_connection(
    uow: UnitOfWork, tenants: Tenants, project_id: str, body: Mapping[str, Any]
) -> dict[str, Any]:
    """Make the connection of a name what a body says; create it where there is none.

    Shapes:  a schedule that it does not name stays.
    Raises:  as create_connection; invalid_payload where it is another adapter's.
    """
    check_project(uow, project_id)
    known = {row.name: row for row in connections.list_connections(uow, project_id)}
    row = known.get(body["name"])
    if row is None:
        return create_connection(uow, tenants, project_id, body)
    if row.adapter != body["adapter"]:
        raise invalid_payload(f"Connection {row.name} is one of adapter {row.adapter}")
    news = {"settings": body.get("settings") or {}, "schedule": body.get("schedule")}
    return update_connection(uow, tenants, project_id, row.id, news)


def delete_connection(
    uow: UnitOfWork, tenants: Tenants, project_id: str, reference: str, *, is_forced: bool = False
) -> None:
    """Remove a connection with all that waits in it, and what it has installed on the platform.

    Shapes:  forced, it goes even if the platform keeps what was installed.
    Raises:  not_found; platform_failed where the platform does not let it go.
    """
    row = connections.get_connection(uow, project_id, reference)
    if row.provision_at is not None and not is_forced:
        uninstall(uow, tenants, row)
    connection_id = row.id
    # Workers that note what went wrong wait for each other, and for the removal behind them.
    key_id = uow.attempt(lambda: connections.delete_connection(uow, project_id, connection_id))
    if key_id is not None:
        connections.disable_key(uow, project_id, key_id)
    note_listeners(uow, project_id)


def renew_key(uow: UnitOfWork, tenants: Tenants, project_id: str, reference: str) -> dict[str, Any]:
    """Give a connection a new integration key; the one before opens nothing any more.

    Raises:  not_found; invalid_payload where its platform knows no such key.
    """
    row = connections.get_connection(uow, project_id, reference, is_locked=True)
    if find_adapter(tenants, row.adapter).manifest().key_style is None:
        raise invalid_payload(f"Adapter {row.adapter} needs no integration key")
    if row.key_id is not None:
        connections.disable_key(uow, project_id, row.key_id)
    key = _new_key(uow, row)
    row.updated_at = uow.now
    connections.save_connection(uow, row)
    return wire.dump_connection(tenants, row) | key


def _keep(
    tenants: Tenants, adapter: type[Adapter], given: Mapping[str, Any], known: Kept | None
) -> Kept:
    with refusing_settings():
        return keep_settings(adapter.settings, tenants.vault, given, known)


def _new_key(uow: UnitOfWork, row: Connection) -> dict[str, Any]:
    key = management.add_integration_key(uow, row.project_id, row.name)
    row.key_id = key["app_id"]
    uow.session.flush()
    return {"integration_key": key}
