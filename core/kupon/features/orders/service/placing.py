"""Placing and changing orders, reading them, and the events that tell of it.

Source: spec api-conventions, section 11; events-webhooks-data, section 4.4.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import tzinfo
from typing import Any

from kupon.engine.metadata import MetadataSchemas
from kupon.features.customers import service as customers
from kupon.features.customers.schemas import dump_simple_customer
from kupon.features.orders import schemas as wire
from kupon.features.orders.service.cart import build_order, merge_cart
from kupon.features.orders.service.metadata import check_order_metadata
from kupon.kit.errors import RaceLost, not_found
from kupon.kit.pages import PageRequest, list_body
from kupon.runtime import ids
from kupon.storage.queries import orders
from kupon.storage.queries.customers import find_customer, find_customers
from kupon.storage.queries.keys import ProjectFacts
from kupon.storage.queries.metadata_schemas import load_schemas
from kupon.storage.queries.orders import Row
from kupon.storage.queries.overrides import store_overrides
from kupon.storage.uow import UnitOfWork

Body = Mapping[str, Any]

# What a status says has happened to the order.
_REACHED = {
    "PAID": "customer.order.paid",
    "CANCELED": "customer.order.canceled",
    "FULFILLED": "customer.order.fulfilled",
}
_CART = ("items", "amount", "discount_amount")


def get_order(uow: UnitOfWork, reference: str) -> dict[str, Any]:
    """One order."""
    return wire.dump_order(orders.get_order(uow, reference))


def list_orders(uow: UnitOfWork, request: PageRequest, tz: tzinfo) -> dict[str, Any]:
    """One page of orders."""
    page = orders.list_orders(uow, request, tz)
    return list_body("orders", [wire.dump_order(row) for row in page.rows], total=page.total)


def create_order(
    uow: UnitOfWork, project: ProjectFacts, body: Body, *, is_told: bool = True
) -> dict[str, Any]:
    """Store an order, or change the one whose id or source id is sent; the id wins.

    Shapes:  what was long ago is not told: no events, and nothing that follows from them.
    Raises:  not_found for an unknown id of the order, of its customer or referrer;
        metadata_validation_failed.
    """
    said = _said(project, body)
    schemas = load_schemas(uow)
    return uow.attempt(lambda: _upsert(uow, said, schemas, is_told=is_told))


def update_order(
    uow: UnitOfWork, project: ProjectFacts, reference: str, body: Body
) -> dict[str, Any]:
    """Change an order; what the body leaves out stays, a null referrer_id clears."""
    said = _said(project, body)
    if "referrer_id" in body:
        said["referrer_id"] = body["referrer_id"]
    schemas = load_schemas(uow)
    return uow.attempt(
        lambda: _change(uow, orders.get_order(uow, reference)["id"], said, schemas, is_told=True)
    )


def _said(project: ProjectFacts, body: Body) -> dict[str, Any]:
    """What a body says, its customers by their own source ids."""
    said = {name: value for name, value in body.items() if value is not None}
    for party in ("customer", "referrer"):
        if party in said:
            said[party] = customers.untracked(project.tracking_key, said[party])
    return said


def _upsert(
    uow: UnitOfWork, body: Body, schemas: MetadataSchemas, *, is_told: bool
) -> dict[str, Any]:
    order_id, source_id = body.get("id"), body.get("source_id")
    stored = None
    if order_id is not None or source_id is not None:
        stored = orders.find_order(uow, id=order_id, source_id=source_id)
    if stored is not None:
        return _change(uow, stored["id"], body, schemas, is_told=is_told)
    if order_id is not None:
        raise not_found("order", order_id)
    return _place(uow, body, schemas, is_told=is_told)


def _place(
    uow: UnitOfWork, body: Body, schemas: MetadataSchemas, *, is_told: bool
) -> dict[str, Any]:
    check_order_metadata(schemas, body, is_new=True, are_lines_new=True)
    parties = _store_parties(uow, body, schemas)
    store_overrides(uow, body.get("items") or (), schemas)
    order = build_order(uow, body)
    row: Row = {
        "id": ids.new_id("ord_"),
        "source_id": body.get("source_id"),
        "status": body.get("status", "CREATED"),
        "customer_id": None,
        "referrer_id": None,
        **parties,
        **wire.order_columns(order, since=order),
        "redemptions": {},
        "created_at": body.get("created_at", uow.now),
        "updated_at": None,
    }
    orders.insert_order(uow, row)
    return _announce(uow, row, None) if is_told else wire.dump_order(row)


def _change(
    uow: UnitOfWork, order_id: str, body: Body, schemas: MetadataSchemas, *, is_told: bool
) -> dict[str, Any]:
    check_order_metadata(schemas, body, is_new=False, are_lines_new=True)
    # Customers and products before the order: the order in which redemptions take them.
    parties = _store_parties(uow, body, schemas)
    store_overrides(uow, body.get("items") or (), schemas)
    stored = orders.find_order(uow, id=order_id, is_locked=True)
    if stored is None:
        raise RaceLost
    row = {**stored, **parties}
    for name in ("source_id", "status", "created_at"):
        if name in body:
            row[name] = body[name]
    merged = merge_cart(stored, body)
    if any(name in body for name in _CART):
        order = build_order(uow, merged, known_lines=stored["items"])
        row |= wire.order_columns(order, since=order)
    row["metadata"] = merged["metadata"]
    if row == stored:
        return wire.dump_order(stored)
    row["updated_at"] = uow.now
    orders.update_order(uow, row)
    return _announce(uow, row, stored["status"]) if is_told else wire.dump_order(row)


def _store_parties(uow: UnitOfWork, body: Body, schemas: MetadataSchemas) -> Row:
    """Bring the customer and the referrer up to date; the columns that name them.

    Raises:  not_found for an unknown id.
    """
    parties: Row = {}
    named = [name for name in ("customer", "referrer") if customers.says_something(body.get(name))]
    # Always in the same order, so that no two orders wait for each other's customers.
    for name in sorted(named, key=lambda name: _identity(body[name])):
        parties[f"{name}_id"] = customers.upsert_customer(uow, body[name], schemas).row["id"]
    if "referrer_id" in body and "referrer" not in named:
        referrer_id = body["referrer_id"]
        if referrer_id is not None and find_customer(uow, id=referrer_id) is None:
            raise not_found("customer", referrer_id)
        parties["referrer_id"] = referrer_id
    return parties


def _identity(body: Body) -> str:
    return body.get("id") or body.get("source_id") or ""


def _announce(uow: UnitOfWork, row: Row, old_status: str | None) -> dict[str, Any]:
    """Stage what has happened to an order that was just written; the order as answered."""
    dumped = wire.dump_order(row)
    customer_id = row["customer_id"]
    if customer_id is not None:
        named = [row[name] for name in ("customer_id", "referrer_id") if row[name] is not None]
        found = find_customers(uow, named)
        if customer_id in found:
            payload = {"customer": dump_simple_customer(found[customer_id]), "order": dumped}
            if row["referrer_id"] in found:
                payload["referrer"] = dump_simple_customer(found[row["referrer_id"]])
            for event in order_events(row["status"], old_status):
                uow.stage(event, customer_id, payload)
    return dumped


def order_events(status: str, old_status: str | None) -> Iterator[str]:
    """The events of an order that now has a status; old_status is None for a new order."""
    yield "customer.order.created" if old_status is None else "customer.order.updated"
    if status != old_status and status in _REACHED:
        yield _REACHED[status]
