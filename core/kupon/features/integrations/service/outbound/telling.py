"""What operators set and see of what platforms are told.

Source: spec adapters-marketing, sections 1.4, 1.5 and 1.8.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kupon.features.integrations.schemas import outbound as wire
from kupon.features.integrations.service.entering import enter
from kupon.features.integrations.service.outbound import event_names, projecting
from kupon.features.integrations.service.outbound.hearing import Receiver
from kupon.features.integrations.service.tenants import Tenants
from kupon.kit.errors import invalid_payload
from kupon.kit.pages import list_body
from kupon.kit.timestamps import format_moment
from kupon.storage.queries import connections, outbound_items, pushed_profiles
from kupon.storage.queries.listeners import note_listeners
from kupon.storage.tables.integrations import Connection
from kupon.storage.uow import UnitOfWork

_MEMBERS = ("events", "names", "attributes", "codes", "age_limit_hours")


def get_outbound(
    uow: UnitOfWork, tenants: Tenants, project_id: str, reference: str
) -> dict[str, Any]:
    """What a connection's platform is told, and what waits or was not taken."""
    return _dump(uow, tenants, enter(uow, project_id, reference))


def update_outbound(
    uow: UnitOfWork, tenants: Tenants, project_id: str, reference: str, body: Mapping[str, Any]
) -> dict[str, Any]:
    """Change what a platform is told; absent members stay, null ones are the adapter's again.

    Raises:  not_found; invalid_payload for types, styles and fields that do not exist.
    """
    _check(body)
    row = enter(uow, project_id, reference, is_locked=True)
    changed = {**row.outbound, **{name: body[name] for name in _MEMBERS if name in body}}
    changed = {name: value for name, value in changed.items() if value is not None}
    if changed.get("attributes") != row.outbound.get("attributes"):
        # What the platform has of profiles is no longer what it is to have.
        pushed_profiles.forget_digests(uow, row.id)
    row.outbound, row.updated_at = changed, uow.now
    connections.save_connection(uow, row)
    note_listeners(uow, project_id)
    return _dump(uow, tenants, row)


def list_items(
    uow: UnitOfWork, project_id: str, reference: str, query: Mapping[str, Any]
) -> dict[str, Any]:
    """What waits for a platform or was not taken, the newest first.

    Shapes:  the next page begins after the last number of this one.
    """
    row = enter(uow, project_id, reference)
    limit = query["limit"]
    found = outbound_items.list_items(
        uow,
        row.id,
        states=[query["state"]] if "state" in query else outbound_items.LEFT,
        kinds=[query["kind"]] if "kind" in query else outbound_items.KINDS,
        before=query.get("starting_after"),
        limit=limit + 1,
    )
    rows = [wire.dump_item(item) for item in found[:limit]]
    return list_body("data", rows, has_more=len(found) > limit)


def get_item(uow: UnitOfWork, project_id: str, reference: str, number: int) -> dict[str, Any]:
    """One item with all that is known of it."""
    row = enter(uow, project_id, reference)
    item = outbound_items.get_item(uow, row.id, number)
    return wire.dump_item(item) | {"payload": item.payload}


def replay_items(
    uow: UnitOfWork, project_id: str, reference: str, body: Mapping[str, Any]
) -> dict[str, Any]:
    """Tell again what was rejected or given up; without a choice only what was given up."""
    row = enter(uow, project_id, reference)
    numbers = body.get("ids")
    usual = (outbound_items.PARKED,) if numbers is None else outbound_items.LEFT
    states = body.get("states") or usual
    count = outbound_items.replay_items(uow, row.id, states=states, seqs=numbers)
    return {"object": "replay", "count": count}


def _dump(uow: UnitOfWork, tenants: Tenants, row: Connection) -> dict[str, Any]:
    adapter = tenants.contributions.adapters.get(row.adapter)
    names: Iterable[tuple[str, str]] = ()
    if adapter is not None and adapter.manifest().can("events.push"):
        receiver = Receiver(row.id, adapter.manifest(), row.outbound)
        names = (
            (type, receiver.name_of(type))
            for type in sorted(event_names.KNOWN)
            if event_names.wants(row.outbound.get("events"), type)
        )
    counts = outbound_items.count_items(uow, row.id)
    body = wire.dump_outbound(row.outbound, list(names), counts) | {"failures": row.failures}
    if row.blocked_until is not None:
        body["blocked_until"] = format_moment(row.blocked_until)
    return body


def _check(body: Mapping[str, Any]) -> None:
    for type in body.get("events") or ():
        if type != "*" and type not in event_names.KNOWN:
            raise invalid_payload(f"Property .events names no type of events: {type}")
    names = body.get("names") or {}
    if names.get("style") not in (None, *event_names.STYLES):
        allowed = ", ".join(event_names.STYLES)
        raise invalid_payload(f"Property .names.style must be one of: {allowed}")
    for type, name in (names.get("own") or {}).items():
        if type not in event_names.KNOWN or not isinstance(name, str) or not name:
            raise invalid_payload(f"Property .names.own.{type} must give a type of events a name")
    _check_attributes(body.get("attributes") or ())


def _check_attributes(attributes: Iterable[Mapping[str, Any]]) -> None:
    taken: set[str] = set()
    for place, each in enumerate(attributes):
        path = f"Property .attributes[{place}]"
        if each["field"] not in projecting.FIELDS:
            known = ", ".join(projecting.FIELDS)
            raise invalid_payload(f"{path}.field must be one of: {known}")
        if each.get("type") not in (None, *projecting.TYPES):
            raise invalid_payload(f"{path}.type must be one of: {', '.join(projecting.TYPES)}")
        if each["attribute"] in taken:
            raise invalid_payload(f"{path}.attribute is there twice")
        taken.add(each["attribute"])
