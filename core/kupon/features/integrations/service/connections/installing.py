"""What connections need on their platforms: installed, taken away, and installed again every day.

Platforms forget: a subscription that failed for some hours is dropped, and nobody is told. So what
an operator has provisioned is provisioned again by itself; where all is there, nothing changes.

Source: spec adapters-marketing, section 6.1; adapters-commerce, section 1.2.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final, TypeVar

from kupon.features.integrations.schemas import connections as wire
from kupon.features.integrations.service.entering import PATIENCE_S, find_adapter, open_adapter
from kupon.features.integrations.service.pauses import back_off
from kupon.features.integrations.service.tenants import Tenants
from kupon.hooks.errors import AdapterError, AuthFailed, Retry
from kupon.jobs.registry import Again
from kupon.kit.errors import KuponError, invalid_payload
from kupon.storage.queries import connections, installations, projects
from kupon.storage.queries.connections import ACTIVE
from kupon.storage.tables.integrations import Connection
from kupon.storage.uow import UnitOfWork

REPEAT: Final = "integrations.provision"
EVERY: Final = timedelta(days=1)
# Connections whose turn begins at once, so that a fleet does not call all platforms together.
MOST: Final = 20
# After some tries it waits for the next day.
TRIES: Final = 5

_log = logging.getLogger("kupon.integrations")

T = TypeVar("T")


def provision(uow: UnitOfWork, tenants: Tenants, project_id: str, reference: str) -> dict[str, Any]:
    """Install what the connection needs on the platform; repeated, what is missing of it.

    Raises:  not_found; platform_failed; invalid_payload where the adapter installs nothing.
    """
    row = _installable(uow, tenants, project_id, reference)
    state = _ask(uow, tenants, row, lambda adapter: adapter.provision())
    return wire.dump_connection(tenants, _keep(uow, row, state or {}))


def deprovision(
    uow: UnitOfWork, tenants: Tenants, project_id: str, reference: str
) -> dict[str, Any]:
    """Take away from the platform what `provision` has installed, and nothing else.

    Raises:  as provision.
    """
    row = _installable(uow, tenants, project_id, reference)
    uninstall(uow, tenants, row)
    return wire.dump_connection(tenants, _keep(uow, row, None))


def uninstall(uow: UnitOfWork, tenants: Tenants, row: Connection) -> None:
    """Take away from the platform what a connection has installed.

    Raises:  platform_failed.
    """
    _ask(uow, tenants, row, lambda adapter: adapter.deprovision())


def repeat(uow: UnitOfWork, tenants: Tenants, arguments: Mapping[str, Any]) -> Again | None:
    """Provision a connection again; a failure is noted, and tried again some times.

    Shapes:  credentials that are refused break the connection, as everywhere.
    """
    row = connections.find_connection(uow, arguments["connection_id"])
    project = projects.find_project(uow, uow.project_id)
    if row is None or project is None or row.status != ACTIVE or row.provision_at is None:
        return None
    if not installations.try_hold(uow, row.id):
        # Somebody is at it just now.
        return None
    try:
        adapter: Any = tenants.adapter(row, project.timezone, PATIENCE_S)
        state = adapter.provision()
    except Exception as error:  # noqa: BLE001 - whatever it is, there is another day
        return _note(uow, row, arguments, error)
    _keep(uow, row, state or {})
    return None


def begin_repeats(uow: UnitOfWork) -> None:
    """Have provisioned again what has not been for a day."""
    installations.enqueue_due(uow, REPEAT, EVERY, MOST)


def _note(
    uow: UnitOfWork, row: Connection, arguments: Mapping[str, Any], error: Exception
) -> Again | None:
    if isinstance(error, AuthFailed):
        connections.break_connection(uow, row.id, str(error))
        return None
    if isinstance(error, AdapterError):
        reason = str(error)
    else:
        _log.error("provisioning failed", exc_info=error, extra={"connection": row.id})
        reason = f"mistake: {type(error).__name__}"
    connections.note_failure(uow, row.id, f"provisioning failed: {reason}")
    tries = arguments.get("tries", 0) + 1
    if not isinstance(error, Retry) or tries >= TRIES:
        return None
    asked = error.retry_after_s
    pause = 60 * back_off(tries) if asked is None else timedelta(seconds=min(asked, 3600))
    return Again({**arguments, "tries": tries}, pause)


def _installable(uow: UnitOfWork, tenants: Tenants, project_id: str, reference: str) -> Connection:
    row = connections.get_connection(uow, project_id, reference)
    if not find_adapter(tenants, row.adapter).manifest().can("account.provision"):
        raise invalid_payload(f"Adapter {row.adapter} installs nothing on its platform")
    return row


def _ask(uow: UnitOfWork, tenants: Tenants, row: Connection, call: Callable[[Any], T]) -> T:
    """Ask the platform for something; what goes wrong is told without any secret.

    Raises:  platform_failed.
    """
    installations.hold(uow, row.id)
    try:
        return call(open_adapter(uow, tenants, row))
    except AdapterError as error:
        raise KuponError("platform_failed", str(error)) from None


def _keep(uow: UnitOfWork, row: Connection, state: Mapping[str, Any] | None) -> Connection:
    """Remember what is installed, None for nothing; the row is locked only now.

    Raises:  not_found where the connection was removed meanwhile.
    """
    known = connections.get_connection(uow, row.project_id, row.id, is_locked=True)
    if dict(state or {}) != known.state:
        known.state, known.updated_at = dict(state or {}), uow.now
    if state is None:
        known.provision_at = None
    elif known.provision_at is None or known.provision_at <= uow.now:
        known.provision_at = uow.now + EVERY
    connections.save_connection(uow, known)
    return known
