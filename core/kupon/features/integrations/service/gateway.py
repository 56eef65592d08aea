"""The way in for processes of plugins: deliveries that did not come as requests."""

from __future__ import annotations

from collections.abc import Sequence

from kupon.features.integrations.service.receiving import store
from kupon.features.integrations.service.tenants import Tenants
from kupon.hooks.adapter import Delivery
from kupon.hooks.errors import Misconfigured
from kupon.hooks.gateway import Tap
from kupon.kit.errors import KuponError
from kupon.storage.queries import connections
from kupon.storage.uow import UnitOfWork


def open_tap(uow: UnitOfWork, tenants: Tenants, reference: str, adapter: str) -> Tap:
    """A connection of the unit's project by id or name, which is one of the adapter.

    Raises:  Misconfigured.
    """
    try:
        row = connections.get_connection(uow, uow.project_id, reference)
    except KuponError as error:
        raise Misconfigured(error.details or error.message) from None
    if row.adapter != adapter:
        raise Misconfigured(f"connection {row.name} is one of adapter {row.adapter}")
    settings = tenants.adapter(row).config
    return Tap(id=row.id, project_id=row.project_id, settings=settings)


def take(uow: UnitOfWork, tap: Tap, deliveries: Sequence[Delivery]) -> None:
    """Put what was read for a connection into its inbox.

    Raises:  Misconfigured where the connection is gone.
    """
    if connections.find_connection(uow, tap.id) is None:
        raise Misconfigured(f"connection {tap.id} is gone")
    store(uow, tap.id, deliveries)
