"""What an operator does with a connection: stop it, let it go on, look, install.

Source: house B9; spec adapters-marketing, section 6.1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from kupon.features.integrations.schemas import connections as wire
from kupon.features.integrations.service.inbox import WAKE
from kupon.features.integrations.service.tenants import Tenants
from kupon.hooks.adapter import Adapter, Checked, Health
from kupon.hooks.errors import AdapterError, Misconfigured
from kupon.kit.errors import KuponError, invalid_payload, not_found
from kupon.storage.queries import connections, projects
from kupon.storage.queries.connections import ACTIVE, PAUSED
from kupon.storage.tables.integrations import Connection
from kupon.storage.tables.projects import Project
from kupon.storage.uow import UnitOfWork

T = TypeVar("T")
# Somebody waits for the answer, who would only ask again.
PATIENCE_S: Final = 10.0


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
        found = _open(uow, tenants, row).check()
    except Misconfigured as error:
        found = Checked(Health.MISCONFIGURED, str(error))
    return {"object": "connection_check", "health": found.health.value, "message": found.message}


def provision(uow: UnitOfWork, tenants: Tenants, project_id: str, reference: str) -> dict[str, Any]:
    """Install what the connection needs on the platform; repeated, what is missing of it.

    Raises:  not_found; platform_failed; invalid_payload where the adapter installs nothing.
    """
    row = _provisioned(uow, tenants, project_id, reference)
    state = _open_platform(uow, tenants, row, lambda adapter: adapter.provision())
    return _save_state(uow, tenants, row, dict(state or {}))


def deprovision(
    uow: UnitOfWork, tenants: Tenants, project_id: str, reference: str
) -> dict[str, Any]:
    """Take away from the platform what `provision` has installed, and nothing else.

    Raises:  as provision.
    """
    row = _provisioned(uow, tenants, project_id, reference)
    uninstall(uow, tenants, row)
    return _save_state(uow, tenants, row, {})


def uninstall(uow: UnitOfWork, tenants: Tenants, row: Connection) -> None:
    """Take away from the platform what a connection has installed.

    Raises:  platform_failed.
    """
    _open_platform(uow, tenants, row, lambda adapter: adapter.deprovision())


def check_project(uow: UnitOfWork, project_id: str) -> Project:
    """The project that is named.

    Raises:  not_found.
    """
    project = projects.find_project(uow, project_id)
    if project is None:
        raise not_found("project", project_id)
    return project


def find_adapter(tenants: Tenants, name: str) -> type[Adapter]:
    """An adapter that is installed.

    Raises:  invalid_payload.
    """
    adapter = tenants.contributions.adapters.get(name)
    if adapter is None:
        raise invalid_payload(f"Property .adapter names none that is installed: {name}")
    return adapter


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


def _open(uow: UnitOfWork, tenants: Tenants, row: Connection) -> Adapter:
    """The connection's adapter.

    Raises:  Misconfigured.
    """
    return tenants.adapter(row, check_project(uow, row.project_id).timezone, PATIENCE_S)


def _provisioned(uow: UnitOfWork, tenants: Tenants, project_id: str, reference: str) -> Connection:
    row = connections.get_connection(uow, project_id, reference, is_locked=True)
    if not find_adapter(tenants, row.adapter).manifest().can("account.provision"):
        raise invalid_payload(f"Adapter {row.adapter} installs nothing on its platform")
    return row


def _open_platform(
    uow: UnitOfWork, tenants: Tenants, row: Connection, call: Callable[[Any], T]
) -> T:
    """Ask the platform for something; what goes wrong is told without any secret.

    Raises:  platform_failed.
    """
    try:
        return call(_open(uow, tenants, row))
    except AdapterError as error:
        raise KuponError("platform_failed", str(error)) from None


def _save_state(
    uow: UnitOfWork, tenants: Tenants, row: Connection, state: dict[str, Any]
) -> dict[str, Any]:
    row.state, row.updated_at = state, uow.now
    connections.save_connection(uow, row)
    return wire.dump_connection(tenants, row)
