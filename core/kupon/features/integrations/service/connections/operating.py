"""What an operator does with a connection: stop it, let it go on, look.

Source: house B9; spec adapters-marketing, section 6.1.
"""

from __future__ import annotations

from typing import Any

from kupon.features.integrations.schemas import connections as wire
from kupon.features.integrations.service.entering import open_adapter
from kupon.features.integrations.service.inbound.inbox import WAKE
from kupon.features.integrations.service.tenants import Tenants
from kupon.hooks.adapter import Checked, Health
from kupon.hooks.errors import Misconfigured
from kupon.storage.queries import connections
from kupon.storage.queries.connections import ACTIVE, PAUSED
from kupon.storage.uow import UnitOfWork


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
