"""The inboxes of connections, for commands of plugins that read elsewhere than in requests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kupon.features.integrations.service.inbound import gateway
from kupon.hooks.errors import Unavailable
from kupon.runtime import clock
from kupon.storage.savepoints import TRANSIENT
from kupon.storage.uow import UnitOfWork

if TYPE_CHECKING:
    from kupon.features.integrations.service.tenants import Tenants
    from kupon.hooks.adapter import Delivery
    from kupon.hooks.addresses import AddressGuard
    from kupon.hooks.errors import Skip
    from kupon.hooks.gateway import Result, Tap
    from kupon.storage.database import Engine


class InboxGateway:
    """A `kupon.hooks.gateway.Gateway`: a transaction for each call."""

    def __init__(self, engine: Engine, tenants: Tenants) -> None:
        self._engine = engine
        self._tenants = tenants

    @property
    def guard(self) -> AddressGuard:
        return self._tenants.guard

    def open(self, project_id: str, reference: str, adapter: str | None) -> Tap:
        with self._unit(project_id) as uow:
            return gateway.open_tap(uow, self._tenants, reference, adapter)

    def read(
        self, tap: Tap, letters: Sequence[tuple[Mapping[str, str], bytes]]
    ) -> Sequence[Sequence[Delivery] | Skip]:
        with self._unit(tap.project_id) as uow:
            return gateway.read(uow, self._tenants, tap, letters)

    def take(
        self, tap: Tap, deliveries: Sequence[Delivery], *, wants_results: bool = False
    ) -> None:
        with self._unit(tap.project_id) as uow:
            gateway.take(uow, tap, deliveries, wants_results=wants_results)
            uow.commit()

    @contextmanager
    def results(self, tap: Tap, most: int) -> Iterator[Sequence[Result]]:
        with self._unit(tap.project_id) as uow:
            yield gateway.results(uow, tap, most)
            uow.commit()

    @contextmanager
    def _unit(self, project_id: str) -> Iterator[UnitOfWork]:
        try:
            with UnitOfWork(self._engine, project_id=project_id, now=clock.now()) as uow:
                yield uow
        except TRANSIENT as error:
            raise Unavailable(f"nothing can be stored: {type(error).__name__}") from error
