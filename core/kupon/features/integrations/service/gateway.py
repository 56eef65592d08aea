"""The way in for processes of plugins: deliveries that did not come as requests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from kupon.features.integrations.service.receiving import store
from kupon.features.integrations.service.tenants import Tenants
from kupon.hooks.adapter import Delivery
from kupon.hooks.addresses import AddressGuard
from kupon.hooks.errors import Misconfigured, Unavailable
from kupon.hooks.gateway import Tap
from kupon.kit.errors import KuponError
from kupon.runtime import clock
from kupon.storage.database import Engine
from kupon.storage.queries import connections
from kupon.storage.savepoints import TRANSIENT
from kupon.storage.uow import UnitOfWork


class InboxGateway:
    """A transaction for each call."""

    def __init__(self, engine: Engine, tenants: Tenants) -> None:
        self._engine = engine
        self._tenants = tenants

    @property
    def guard(self) -> AddressGuard:
        return self._tenants.guard

    def open(self, project_id: str, reference: str, adapter: str) -> Tap:
        with self._unit(project_id) as uow:
            try:
                row = connections.get_connection(uow, project_id, reference)
            except KuponError as error:
                raise Misconfigured(error.details or error.message) from None
            if row.adapter != adapter:
                raise Misconfigured(f"connection {row.name} is one of adapter {row.adapter}")
            opened = self._tenants.adapter(row)
            return Tap(id=row.id, project_id=project_id, settings=opened.config)

    def take(self, tap: Tap, deliveries: Sequence[Delivery]) -> None:
        with self._unit(tap.project_id) as uow:
            if connections.find_connection(uow, tap.id) is None:
                raise Misconfigured(f"connection {tap.id} is gone")
            store(uow, tap.id, deliveries)
            uow.commit()

    @contextmanager
    def _unit(self, project_id: str) -> Iterator[UnitOfWork]:
        try:
            with UnitOfWork(self._engine, project_id=project_id, now=clock.now()) as uow:
                yield uow
        except TRANSIENT as error:
            raise Unavailable(f"nothing can be stored: {type(error).__name__}") from error
