"""What a sink is given of a receiver: its settings and the project's signing key, decrypted."""

from __future__ import annotations

from kupon.hooks.errors import Misconfigured
from kupon.hooks.settings import open_settings
from kupon.hooks.tenancy import Tenancy
from kupon.hooks.types import Endpoint, EventSink
from kupon.runtime.vault import NoKeys, UnknownKey
from kupon.storage.queries import event_endpoints
from kupon.storage.tables.event_sinks import EventEndpoint
from kupon.storage.uow import UnitOfWork

_KEY = "key"


def open_endpoint(
    uow: UnitOfWork, tenants: Tenancy, row: EventEndpoint, *, is_test: bool = False
) -> tuple[EventSink, Endpoint]:
    """The sink of a receiver of the unit's project, and the receiver as the sink knows it.

    Raises:  Misconfigured where no plugin has the sink, or secrets can't be read.
    """
    sink = tenants.contributions.sinks.get(row.sink)
    if sink is None:
        raise Misconfigured(f"no plugin has the event sink {row.sink}")
    try:
        key = tenants.vault.open(event_endpoints.find_signing_key(uow))[_KEY]
    except (NoKeys, UnknownKey, KeyError):
        raise Misconfigured("the signing key can't be read") from None
    settings = open_settings(sink.settings, tenants.vault, row.settings, row.secrets)
    return sink, Endpoint(
        id=row.id,
        project_id=row.project_id,
        settings=settings,
        signing_key=key,
        is_test=is_test,
    )


def seal_key(tenants: Tenancy, key: str) -> str:
    """A signing key as it is stored.

    Raises:  NoKeys.
    """
    return tenants.vault.seal({_KEY: key})
