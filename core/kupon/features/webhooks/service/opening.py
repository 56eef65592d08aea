"""What a sink is given of a receiver: its settings and the project's signing key, decrypted."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from kupon.hooks.errors import Misconfigured
from kupon.hooks.settings import open_settings
from kupon.hooks.tenancy import Tenancy
from kupon.hooks.types import Endpoint, EventSink
from kupon.kit.timestamps import format_moment
from kupon.runtime.vault import NoKeys, UnknownKey
from kupon.storage.queries import event_endpoints
from kupon.storage.tables.event_sinks import EventEndpoint
from kupon.storage.uow import UnitOfWork

# How long a key that was replaced counts beside the new one.
OVERLAP: Final = timedelta(hours=24)


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
        keys = tenants.vault.open(event_endpoints.find_signing_key(uow))
        key = keys["key"]
    except (NoKeys, UnknownKey, KeyError):
        raise Misconfigured("the signing key can't be read") from None
    is_former_good = keys.get("former_until", "") > format_moment(uow.now)
    settings = open_settings(sink.settings, tenants.vault, row.settings, row.secrets)
    return sink, Endpoint(
        id=row.id,
        project_id=row.project_id,
        settings=settings,
        signing_key=key,
        former_key=keys.get("former") if is_former_good else None,
        is_test=is_test,
    )


def seal_key(uow: UnitOfWork, tenants: Tenancy, key: str, known: str | None = None) -> str:
    """A signing key as it is stored, with the known one, which it replaces.

    Raises:  NoKeys.
    """
    try:
        former = tenants.vault.open(known).get("key")
    except UnknownKey:
        # Whoever can't read it any more needs a new one all the more.
        former = None
    kept = {"former": former, "former_until": format_moment(uow.now + OVERLAP)} if former else {}
    return tenants.vault.seal({"key": key, **kept})
