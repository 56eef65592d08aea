"""Telling plugins of events: one job per plugin and subject, so that none waits for another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from kupon.hooks.tenancy import Tenancy
from kupon.hooks.types import EventEnvelope
from kupon.kit.timestamps import format_moment, parse_moment
from kupon.storage.queries.project_plugins import find_active, load_activations
from kupon.storage.uow import UnitOfWork

TELL = "plugins.tell"


def is_heard(uow: UnitOfWork, tenants: Tenancy) -> bool:
    """Whether any plugin hears of the events of the unit's project."""
    return bool(find_active(uow, tenants.plugins.listeners()))


def announce(uow: UnitOfWork, tenants: Tenancy, events: Sequence[EventEnvelope]) -> None:
    """Leave events of the unit's project to the plugins that hear of them there."""
    names = tenants.plugins.listeners()
    if not events or not names:
        return
    subjects: dict[str, list[dict[str, Any]]] = {}
    for event in events:
        subjects.setdefault(event.customer_id or event.entity_id, []).append(_write(event))
    for name in find_active(uow, names):
        for subject, told in subjects.items():
            arguments = {"plugin": name, "events": told}
            uow.enqueue(TELL, arguments, order_key=f"{name}:{subject}")


def tell(uow: UnitOfWork, tenants: Tenancy, arguments: Mapping[str, Any]) -> None:
    """Tell one plugin; what it raises is the job's failure, which is tried again.

    Shapes:  a plugin that was deactivated or removed meanwhile hears nothing.
    """
    name = arguments["plugin"]
    activation = load_activations(uow).get(name)
    if activation is not None and name in tenants.plugins.listeners():
        events = [_read(told) for told in arguments["events"]]
        tenants.plugins.tell(name, events, activation.opened(tenants))


def _write(event: EventEnvelope) -> dict[str, Any]:
    return {**asdict(event), "occurred_at": format_moment(event.occurred_at)}


def _read(told: Mapping[str, Any]) -> EventEnvelope:
    return EventEnvelope(**{**told, "occurred_at": parse_moment(told["occurred_at"])})
