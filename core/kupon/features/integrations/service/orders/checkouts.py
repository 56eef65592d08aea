"""A platform's order from cart to cancellation: its incentives count once, and go back once.

    LOCKED ──paid──> REDEEMED ──canceled──> ROLLED_BACK
       │  └─refused─> REDEEM_FAILED
       └──canceled──> RELEASED

An order never goes back to an earlier status, and whatever arrives twice finds that it is done.
Source: spec adapters-commerce, section 1.9.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

import orjson

from kupon.features.integrations.schemas import bodies
from kupon.features.integrations.service.orders.redeeming import Fields, Till
from kupon.features.integrations.service.scene import Scene
from kupon.features.orders import service as orders
from kupon.hooks.commands import UpsertOrder
from kupon.kit.errors import KuponError
from kupon.storage.queries import platform_checkouts, session_locks
from kupon.storage.queries.orders import find_order
from kupon.storage.queries.platform_checkouts import LOCKED, REDEEM_FAILED, REDEEMED, RELEASED
from kupon.storage.tables.integrations import PlatformCheckout
from kupon.storage.uow import UnitOfWork

RANK: Final = {"CREATED": 0, "PAID": 1, "FULFILLED": 2, "CANCELED": 3}
_CART = ("items", "amount", "discount_amount", "initial_amount")
_OF_A_LINE = ("source_id", "product_id", "sku_id", "quantity", "price", "amount")


def settle(uow: UnitOfWork, scene: Scene, command: UpsertOrder) -> None:
    """Bring an order to what the platform says, and its incentives along.

    Raises:  KuponError for an order that the API would refuse.
    Locks:   the order's checkout.
    """
    fields = _fields(uow, scene, command)
    if command.placed_at is not None and command.placed_at < scene.installed_at:
        _import(uow, scene, fields)
        return
    step = _Step(uow, scene, command.source_id, fields)
    step.hold(command)
    step.take()


def cancel(uow: UnitOfWork, scene: Scene, source_id: str) -> None:
    """An order is gone on the platform: it is canceled if it was ever there."""
    if find_order(uow, source_id=source_id) is not None:
        _Step(uow, scene, source_id, {"source_id": source_id, "status": "CANCELED"}).take()


def release(uow: UnitOfWork, scene: Scene, checkout_key: str) -> None:
    """A cart is gone; what is held for an order that was made of it stays held."""
    if not platform_checkouts.is_ordered(uow, scene.connection_id, checkout_key):
        session_locks.release_all(uow, checkout_key)


def _fields(uow: UnitOfWork, scene: Scene, command: UpsertOrder) -> dict[str, Any]:
    fields = {**scene.fitting("order", command.fields), "source_id": command.source_id}
    customer = fields.get("customer")
    if isinstance(customer, Mapping) and customer.get("source_id"):
        fields["customer"] = scene.customer(uow, str(customer["source_id"]), customer)
    return fields


def _import(uow: UnitOfWork, scene: Scene, fields: Fields) -> None:
    stored = find_order(uow, source_id=fields["source_id"])
    status = _later(None if stored is None else stored["status"], fields)
    body = bodies.read_order({**fields, "status": status})
    orders.create_order(uow, scene.project, body, is_told=False)


def _later(known: str | None, fields: Fields) -> str:
    """The status of an order that has one and is said to have another."""
    sent = fields.get("status") or "CREATED"
    if sent not in RANK:
        raise KuponError("invalid_order", f"Order status {sent} is unknown")
    return max(known or "CREATED", sent, key=RANK.__getitem__)


class _Step:
    """One state of an order that has arrived."""

    def __init__(self, uow: UnitOfWork, scene: Scene, source_id: str, fields: Fields) -> None:
        self._uow = uow
        self._scene = scene
        self._fields = fields
        self._told: Fields = {}
        self._checkout = platform_checkouts.find_checkout(uow, scene.connection_id, source_id)
        self._digest: str | None = None

    def hold(self, command: UpsertOrder) -> None:
        """Look after the incentives that the platform names."""
        if not (command.redeemables or command.checkout_key or self._checkout):
            return
        checkout = self._checkout = platform_checkouts.hold_checkout(
            self._uow, self._scene.connection_id, command.source_id
        )
        checkout.checkout_key = command.checkout_key or checkout.checkout_key
        self._digest = _digest(command.fields)
        self._told = command.fields.get("metadata") or {}
        if checkout.state in (LOCKED, REDEEM_FAILED):
            checkout.redeemables = [dict(each) for each in command.redeemables if each.get("id")]
            checkout.digest = self._digest or checkout.digest

    def take(self) -> None:
        """Do what the status asks for."""
        # Read under the checkout's lock: whoever was here before has done its part.
        stored = find_order(self._uow, source_id=self._fields["source_id"])
        known = None if stored is None else stored["status"]
        status = _later(known, self._fields)
        if status == "CANCELED":
            self._give_back(stored)
        elif RANK[status] >= RANK["PAID"] or self._scene.terms.redeems_when_placed:
            known = self._redeem_once(stored, known, status)
        elif self._checkout is not None and self._checkout.checkout_key is not None:
            self._hold_until_paid(self._checkout, self._checkout.checkout_key)
        self._write(known, status)
        if self._checkout is not None:
            platform_checkouts.save_checkout(self._uow, self._checkout)

    def _hold_until_paid(self, checkout: PlatformCheckout, key: str) -> None:
        """Let nobody else use up what the order wants, also where no cart has held it before."""
        if checkout.state == LOCKED and checkout.redeemables:
            self._till(checkout).hold(self._fields)
        session_locks.extend(self._uow, key, self._uow.now + self._scene.terms.payment_term)

    def _redeem_once(self, stored: Fields | None, known: str | None, status: str) -> str | None:
        """Redeem unless it was done or tried before; the status that the order has then."""
        checkout = self._checkout
        if checkout is None or checkout.state != LOCKED or not checkout.redeemables:
            return known
        paid = "PAID" if RANK[status] >= RANK["PAID"] else status
        # Where it is refused, an operator decides what becomes of it.
        is_redeemed = self._till(checkout).redeem(stored, self._fields, paid)
        return paid if is_redeemed else known

    def _give_back(self, stored: Fields | None) -> None:
        checkout = self._checkout
        if checkout is None:
            return
        if checkout.state == REDEEMED:
            self._till(checkout).give_back(stored)
        elif checkout.state in (LOCKED, REDEEM_FAILED):
            if checkout.checkout_key is not None:
                session_locks.release_all(self._uow, checkout.checkout_key)
            checkout.state = RELEASED

    def _till(self, checkout: PlatformCheckout) -> Till:
        return Till(self._uow, self._scene, checkout, self._told)

    def _write(self, known: str | None, status: str) -> None:
        """Store the order; one whose discounts are counted keeps its lines as they were."""
        fields = dict(self._fields)
        checkout = self._checkout
        if checkout is not None and checkout.redemption_ids:
            is_edited = self._digest not in (None, checkout.digest)
            if is_edited and checkout.state == REDEEMED:
                checkout.digest = self._digest
                checkout.error = "the order was edited after its incentives were redeemed"
                self._till(checkout).report("edited", checkout.error)
            else:
                fields = {name: fields[name] for name in fields if name not in _CART}
        passed = [status]
        if status == "FULFILLED" and RANK[known or "CREATED"] < RANK["PAID"]:
            # What is earned hangs on the payment.
            passed = ["PAID", status]
        for each in passed:
            body = bodies.read_order({**fields, "status": each})
            orders.create_order(self._uow, self._scene.project, body)


def _digest(fields: Fields) -> str | None:
    """What tells an edited order: its lines with their prices; None where none are told."""
    if fields.get("items") is None:
        return None
    lines = [[line.get(name) for name in _OF_A_LINE] for line in fields["items"]]
    told = orjson.dumps([lines, fields.get("amount")], default=str)
    return hashlib.sha256(told).hexdigest()
