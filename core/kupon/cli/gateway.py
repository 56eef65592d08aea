"""The inboxes of connections, for commands of plugins that read elsewhere than in requests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kupon.features.integrations.service import gateway
from kupon.hooks.errors import Unavailable
from kupon.runtime import clock
from kupon.storage.savepoints import TRANSIENT
from kupon.storage.uow import UnitOfWork

if TYPE_CHECKING:
    from kupon.features.integrations.service.tenants import Tenants
    from kupon.hooks.adapter import Delivery
    from kupon.hooks.addresses import AddressGuard
    from kupon.hooks.gateway import Tap
    from kupon.storage.database import Engine


class InboxGateway:
    """A `kupon.hooks.gateway.Gateway`: a transaction for each call."""

    def __init__(self, engine: Engine, tenants: Tenants) -> None:
        self._engine = engine
        self._tenants = tenants

    @property
    def guard(self) -> AddressGuard:
        return self._tenants.guard

    def open(self, project_id: str, reference: str, adapter: str) -> Tap:
        with self._unit(project_id) as uow:
            return gateway.open_tap(uow, self._tenants, reference, adapter)

    def take(self, tap: Tap, deliveries: Sequence[Delivery]) -> None:
        with self._unit(tap.project_id) as uow:
            gateway.take(uow, tap, deliveries)
            uow.commit()

    @contextmanager
    def _unit(self, project_id: str) -> Iterator[UnitOfWork]:
        try:
            with UnitOfWork(self._engine, project_id=project_id, now=clock.now()) as uow:
                yield uow
        except TRANSIENT as error:
            raise Unavailable(f"nothing can be stored: {type(error).__name__}") from error
