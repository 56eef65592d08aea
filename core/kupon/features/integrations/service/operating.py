"""What an operator does with a connection: stop it, let it go on, look.

Source: house B9; spec adapters-marketing, section 6.1.
"""

from __future__ import annotations

from typing import Any, Final

from kupon.features.integrations.schemas import connections as wire
from kupon.features.integrations.service.inbox import WAKE
from kupon.features.integrations.service.tenants import Tenants
from kupon.hooks.adapter import Adapter, Checked, Health
from kupon.hooks.errors import Misconfigured
from kupon.kit.errors import invalid_payload, not_found
from kupon.storage.queries import connections, projects
from kupon.storage.queries.connections import ACTIVE, PAUSED
from kupon.storage.tables.integrations import Connection
from kupon.storage.tables.projects import Project
from kupon.storage.uow import UnitOfWork

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
        found = open_adapter(uow, tenants, row).check()
    except Misconfigured as error:
        found = Checked(Health.MISCONFIGURED, str(error))
    return {"object": "connection_check", "health": found.health.value, "message": found.message}


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


def open_adapter(uow: UnitOfWork, tenants: Tenants, row: Connection) -> Adapter:
    """The connection's adapter, for somebody who waits for the answer.

    Raises:  not_found; Misconfigured.
    """
    return tenants.adapter(row, check_project(uow, row.project_id).timezone, PATIENCE_S)


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
