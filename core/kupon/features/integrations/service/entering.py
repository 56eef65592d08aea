"""Ways in to a connection: by its name or id, to its project, to its adapter."""

from __future__ import annotations

from typing import Final

from kupon.features.integrations.service.tenants import Tenants
from kupon.hooks.adapter import Adapter
from kupon.kit.errors import invalid_payload, not_found
from kupon.storage.queries import connections, projects
from kupon.storage.tables.integrations import Connection
from kupon.storage.tables.projects import Project
from kupon.storage.uow import UnitOfWork

# Somebody waits for the answer, who would only ask again.
PATIENCE_S: Final = 10.0


def enter(
    uow: UnitOfWork, project_id: str, reference: str, *, is_locked: bool = False
) -> Connection:
    """A connection by id or name; from now on the unit works in its project.

    Raises:  not_found.
    Locks:   the connection's row, when asked to.
    """
    row = connections.get_connection(uow, project_id, reference, is_locked=is_locked)
    uow.project_id = project_id
    return row


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
