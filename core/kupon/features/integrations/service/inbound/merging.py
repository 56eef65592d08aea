"""Making one customer of two, as a platform that knows them better says.

Source: spec adapters-marketing, section 1.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kupon.features.customers import service as customers
from kupon.features.integrations.service.scene import Scene
from kupon.storage.queries.customer_merging import add_alias, find_alias, move_all
from kupon.storage.queries.customers import PROFILE, find_customer, get_customer
from kupon.storage.queries.outbound_people import redirect
from kupon.storage.uow import UnitOfWork

Row = Mapping[str, Any]

_NAMES = ("source_id", "name", "email", "phone")


def merge(uow: UnitOfWork, scene: Scene, from_source_id: str, into_source_id: str) -> None:
    """Give a customer all that another one has; the other's source id means this one from now on.

    Shapes:  what both profiles say stays as the remaining one says it; a remaining one that is
        unknown is created.
    """
    old_name, new_name = find_alias(uow, from_source_id), find_alias(uow, into_source_id)
    if old_name == new_name:
        return
    old = find_customer(uow, source_id=old_name)
    if old is not None:
        _unite(uow, scene, old, new_name)
    add_alias(uow, old_name, new_name)


def _unite(uow: UnitOfWork, scene: Scene, old: Row, into_source_id: str) -> None:
    into = {"source_id": into_source_id}
    new_id = customers.hold_customer(uow, scene.project, into, scene.schemas)["id"]
    # By id, so that two that are merged both ways at once do not wait for each other.
    rows = {each: get_customer(uow, each, is_locked=True) for each in sorted((old["id"], new_id))}
    move_all(uow, old["id"], new_id)
    missing = _missing(rows[old["id"]], rows[new_id])
    if missing:
        customers.update_customer(uow, new_id, scene.fitting("customer", missing))
    customers.tell_merged(uow, *(rows[each] for each in (old["id"], new_id)))
    redirect(uow, _known_by(rows[old["id"]]), _known_by(get_customer(uow, new_id)))
    customers.delete_customer(uow, old["id"])


def _known_by(row: Row) -> dict[str, Any]:
    """By what platforms may know a customer."""
    return {name: row[name] for name in ("id", *_NAMES)} | {"object": "customer"}


def _missing(old: Row, new: Row) -> dict[str, Any]:
    """What the old profile says and the new one does not."""
    missing = {
        name: old[name]
        for name in PROFILE
        if name != "metadata" and new[name] is None and old[name] is not None
    }
    metadata = {
        key: old["metadata"][key] for key in old["metadata"].keys() - new["metadata"].keys()
    }
    return missing | ({"metadata": metadata} if metadata else {})
