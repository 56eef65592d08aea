"""Applying the canonical commands: each is what an API call would do, done once.

Source: spec adapters-marketing, section 1.3; adapters-commerce, sections 1.4 and 1.6.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kupon.features.customers import service as customers
from kupon.features.events import service as events
from kupon.features.integrations.schemas import bodies
from kupon.features.integrations.service.inbound import merging
from kupon.features.integrations.service.orders import checkouts
from kupon.features.integrations.service.outbound import hearing
from kupon.features.integrations.service.scene import Scene
from kupon.features.products import service as products
from kupon.features.publications import service as publications
from kupon.features.vouchers import service as vouchers
from kupon.hooks import commands as said
from kupon.hooks.commands import Command, Stamp
from kupon.hooks.errors import Unmappable
from kupon.kit.errors import KuponError
from kupon.kit.timestamps import format_moment
from kupon.storage.queries.customer_merging import find_alias
from kupon.storage.queries.customers import find_customer
from kupon.storage.queries.platform_records import Advance, advance
from kupon.storage.queries.vouchers import lock_voucher, save_voucher
from kupon.storage.uow import UnitOfWork

DELETED_AT = "deleted_at"
# A shared dummy id would make one customer of all.
_NOBODY = frozenset(("", "null", "undefined", "0"))


def apply(uow: UnitOfWork, scene: Scene, command: Command) -> bool:
    """Do what a command says; False where a newer state of the object is known.

    Raises:  KuponError as the API would answer; Unmappable for what names nothing; RaceLost.
    """
    return _APPLY[type(command)](uow, scene, command)


def _upsert_customer(uow: UnitOfWork, scene: Scene, command: said.UpsertCustomer) -> bool:
    _check_name(command.source_id)
    news = _advance(uow, scene, "customer", command.source_id, command.stamp)
    if news.is_news:
        fields = _without_mark(command.fields) if news.was_deleted else command.fields
        store_customer(uow, scene, command.source_id, fields)
    return news.is_news


def store_customer(uow: UnitOfWork, scene: Scene, source_id: str, fields: Mapping[str, Any]) -> str:
    """Create a customer or change it, null clearing what it names; the customer's id."""
    body = scene.customer(uow, source_id, fields)
    stored = find_customer(uow, source_id=body["source_id"])
    if stored is None:
        named = customers.untracked(scene.project.tracking_key, bodies.read_customer(body))
        upserted = uow.attempt(lambda: customers.upsert_customer(uow, named, scene.schemas))
        return str(upserted.row["id"])
    loaded = bodies.read_customer_update(body)
    return str(customers.update_customer(uow, stored["id"], loaded)["id"])


def _upsert_product(uow: UnitOfWork, scene: Scene, command: said.UpsertProduct) -> bool:
    _check_name(command.source_id)
    news = _advance(uow, scene, "product", command.source_id, command.stamp)
    if not news.is_news:
        return False
    fields = _without_mark(command.fields) if news.was_deleted else command.fields
    body = {**scene.fitting("product", fields), "source_id": command.source_id}
    product = products.create_product(uow, bodies.read_product(body))
    for sku in command.skus:
        _check_name(str(sku.get("source_id") or ""))
        products.create_sku(uow, product["id"], bodies.read_sku(scene.fitting("product", sku)))
    return True


def _upsert_order(uow: UnitOfWork, scene: Scene, command: said.UpsertOrder) -> bool:
    _check_name(command.source_id)
    news = _advance(uow, scene, "order", command.source_id, command.stamp)
    if news.is_news:
        checkouts.settle(uow, scene, command)
    return news.is_news


def _delete_record(uow: UnitOfWork, scene: Scene, command: said.DeleteRecord) -> bool:
    mark = _DELETE.get(command.kind)
    if mark is None:
        raise Unmappable(command.source_id, f"there is no record of kind {command.kind}")
    news = advance(
        uow, scene.connection_id, command.kind, command.source_id, command.stamp, is_deleted=True
    )
    if news.is_news:
        mark(uow, scene, command.source_id)
    return news.is_news


def _mark_customer(uow: UnitOfWork, scene: Scene, source_id: str) -> None:
    stored = find_customer(uow, source_id=source_id)
    if stored is not None:
        customers.update_customer(uow, stored["id"], _mark(uow, scene, "customer"))


def _mark_product(uow: UnitOfWork, scene: Scene, source_id: str) -> None:
    try:
        products.update_product(uow, source_id, _mark(uow, scene, "product"))
    except KuponError as error:
        _forgive_absence(error)


def _mark_sku(uow: UnitOfWork, scene: Scene, source_id: str) -> None:
    try:
        sku = products.get_sku(uow, source_id)
        mark = _mark(uow, scene, "product")
        products.update_sku(uow, sku["product_id"], sku["id"], mark)
    except KuponError as error:
        _forgive_absence(error)


def _mark(uow: UnitOfWork, scene: Scene, related_object: str) -> dict[str, Any]:
    return scene.fitting(related_object, {"metadata": {DELETED_AT: format_moment(uow.now)}})


def _forgive_absence(error: KuponError) -> None:
    if error.status != 404:
        raise error


_DELETE: Mapping[str, Callable[[UnitOfWork, Scene, str], None]] = {
    "customer": _mark_customer,
    "product": _mark_product,
    "sku": _mark_sku,
    "order": checkouts.cancel,
}


def _release(uow: UnitOfWork, scene: Scene, command: said.ReleaseCheckout) -> bool:
    checkouts.release(uow, scene, command.checkout_key)
    return True


def _track_event(uow: UnitOfWork, scene: Scene, command: said.TrackEvent) -> bool:
    _check_name(command.source_id)
    if hearing.hops_of(command.metadata) >= hearing.MOST_HOPS:
        scene.notes.append(f"the event {command.event} has gone round {hearing.MOST_HOPS} times")
        return True
    body = {
        "event": command.event,
        "customer": scene.customer(uow, command.source_id, command.customer),
        "metadata": dict(command.metadata),
        "referral": command.referral,
        "loyalty": command.loyalty,
    }
    events.track_event(uow, scene.project, bodies.read_event(body))
    return True


def _set_membership(uow: UnitOfWork, scene: Scene, command: said.SetAudienceMembership) -> bool:
    _check_name(command.source_id)
    body = scene.customer(uow, command.source_id, command.customer)
    if not command.is_member and find_customer(uow, source_id=body["source_id"]) is None:
        # Whoever nobody knows is in no audience.
        return True
    row = customers.hold_customer(uow, scene.project, bodies.read_customer(body), scene.schemas)
    known = row["metadata"].get(command.list_key)
    listed = known if isinstance(known, list) else []
    others = [each for each in listed if each != command.audience_id]
    wanted = [*others, command.audience_id] if command.is_member else others
    if (command.audience_id in listed) != command.is_member:
        fields = scene.fitting("customer", {"metadata": {command.list_key: wanted}})
        customers.update_customer(uow, row["id"], fields)
    return True


def _publish(uow: UnitOfWork, scene: Scene, command: said.PublishVoucher) -> bool:
    _check_name(command.customer_source_id)
    body = {
        "customer": scene.customer(uow, command.customer_source_id, {}),
        "voucher": command.voucher,
        "campaign": None if command.campaign is None else {"name": command.campaign},
        "source_id": command.source_id,
        "metadata": dict(command.metadata),
    }
    _give(uow, scene, body)
    return True


def _consume_code(uow: UnitOfWork, scene: Scene, command: said.CodesConsumed) -> bool:
    """The code is its receiver's; where that is unknown it is at least given to nobody else."""
    if command.customer_source_id is not None:
        customer = scene.customer(uow, command.customer_source_id, {})
        _give(uow, scene, {"customer": customer, "voucher": command.code})
        return True
    key = vouchers.code_key(command.code, is_case_sensitive=scene.project.case_sensitive_codes)
    row = lock_voucher(uow, command.code, key).voucher
    if not row.publish_count:
        row.publish_count = 1
        save_voucher(uow, row)
    return True


def _give(uow: UnitOfWork, scene: Scene, body: Mapping[str, Any]) -> None:
    """Publish; a refusal has been recorded, and repeating it would change nothing."""
    loaded = bodies.read_publication(body) | {"join_once": False}
    outcome = publications.publish(uow, scene.project, loaded)
    if isinstance(outcome, publications.Declined):
        scene.notes.append(str(outcome.error))


def _merge(uow: UnitOfWork, scene: Scene, command: said.MergeCustomers) -> bool:
    _check_name(command.from_source_id)
    _check_name(command.into_source_id)
    merging.merge(uow, scene, command.from_source_id, command.into_source_id)
    return True


def _erase(uow: UnitOfWork, scene: Scene, command: said.EraseCustomer) -> bool:
    stored = find_customer(uow, source_id=find_alias(uow, command.source_id))
    if stored is not None:
        customers.delete_permanently(uow, stored["id"])
    return stored is not None


def _advance(uow: UnitOfWork, scene: Scene, kind: str, source_id: str, stamp: Stamp) -> Advance:
    return advance(uow, scene.connection_id, kind, source_id, stamp)


def _without_mark(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What was deleted is there again."""
    return {**fields, "metadata": {DELETED_AT: None, **(fields.get("metadata") or {})}}


def _check_name(source_id: str) -> None:
    if source_id.strip() in _NOBODY:
        raise Unmappable(source_id, "it names nothing")


_APPLY: Mapping[type, Callable[[UnitOfWork, Scene, Any], bool]] = {
    said.UpsertCustomer: _upsert_customer,
    said.UpsertProduct: _upsert_product,
    said.UpsertOrder: _upsert_order,
    said.DeleteRecord: _delete_record,
    said.ReleaseCheckout: _release,
    said.TrackEvent: _track_event,
    said.SetAudienceMembership: _set_membership,
    said.PublishVoucher: _publish,
    said.MergeCustomers: _merge,
    said.EraseCustomer: _erase,
    said.CodesConsumed: _consume_code,
}
