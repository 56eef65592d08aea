"""Background work for receivers: sending, trying again, and forgetting."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from kupon.features.webhooks import service
from kupon.hooks.tenancy import Tenancy
from kupon.jobs.registry import Again, JobRegistry, Periodic
from kupon.storage.queries import send_outs
from kupon.storage.queries.event_endpoints import has_endpoints
from kupon.storage.uow import UnitOfWork

_LOOKED_EVERY = timedelta(seconds=10)
_KEPT_FOR = timedelta(days=30)


def register(registry: JobRegistry, tenants: Tenancy) -> None:
    """Hear of what happens, send it, and look after what is to be sent later."""

    def send(uow: UnitOfWork, arguments: Mapping[str, Any]) -> Again | None:
        return service.send(uow, tenants, arguments)

    registry.listen(service.queue, when=has_endpoints)
    registry.add_task(service.SEND, send, calls_out=True)
    registry.periodic += [
        Periodic("wake_senders", _LOOKED_EVERY, wake_senders),
        Periodic("purge_send_outs", timedelta(hours=1), _purge),
    ]


def wake_senders(uow: UnitOfWork) -> None:
    """Have sent what has become due, or was left."""
    send_outs.wake_senders(uow, service.SEND)


def _purge(uow: UnitOfWork) -> None:
    send_outs.purge(uow, _KEPT_FOR)
