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
from datetime import timedelta
from typing import Any, Final

import orjson

from kupon.features.integrations.schemas import bodies
from kupon.features.integrations.service.scene import Scene
from kupon.features.orders import service as orders
from kupon.features.redemptions import service as redemptions
from kupon.features.vouchers.service import code_key
from kupon.hooks.commands import UpsertOrder
from kupon.kit.errors import KuponError
from kupon.storage.queries import platform_checkouts, session_locks
from kupon.storage.queries.orders import find_order
from kupon.storage.queries.platform_checkouts import (
    LOCKED,
    REDEEM_FAILED,
    REDEEMED,
    RELEASED,
    ROLLED_BACK,
)
from kupon.storage.savepoints import savepoint
from kupon.storage.tables.integrations import PlatformCheckout
from kupon.storage.uow import UnitOfWork

RANK: Final = {"CREATED": 0, "PAID": 1, "FULFILLED": 2, "CANCELED": 3}
# How long an order may wait for its payment.
PAYMENT_TERM: Final = timedelta(days=7)
_CART = ("items", "amount", "discount_amount", "initial_amount")
_OF_A_LINE = ("source_id", "product_id", "sku_id", "quantity", "price", "amount")

Fields = Mapping[str, Any]


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
        self._checkout = platform_checkouts.find_checkout(uow, scene.connection_id, source_id)
        self._redeemables: list[Fields] = []
        self._digest: str | None = None

    def hold(self, command: UpsertOrder) -> None:
        """Look after the incentives that the platform names."""
        if not (command.redeemables or command.checkout_key or self._checkout):
            return
        scene = self._scene
        self._redeemables = list(command.redeemables)
        self._digest = _digest(command.fields)
        self._checkout = platform_checkouts.hold_checkout(
            self._uow, scene.connection_id, command.source_id
        )
        self._checkout.checkout_key = command.checkout_key or self._checkout.checkout_key

    def take(self) -> None:
        """Do what the status asks for."""
        # Read under the checkout's lock: whoever was here before has done its part.
        stored = find_order(self._uow, source_id=self._fields["source_id"])
        known = None if stored is None else stored["status"]
        status = _later(known, self._fields)
        if status == "CANCELED":
            self._give_back(stored)
        elif RANK[status] >= RANK["PAID"] or self._scene.redeems_when_placed:
            known = self._redeem_once(stored, known, status)
        elif self._held_key:
            session_locks.extend(self._uow, self._held_key, self._uow.now + PAYMENT_TERM)
        self._write(known, status)
        if self._checkout is not None:
            platform_checkouts.save_checkout(self._uow, self._checkout)

    @property
    def _held_key(self) -> str | None:
        return None if self._checkout is None else self._checkout.checkout_key

    def _redeem_once(self, stored: Fields | None, known: str | None, status: str) -> str | None:
        """Redeem unless it was done or tried before; the status that the order has then."""
        checkout = self._checkout
        if checkout is None or checkout.state != LOCKED or not self._redeemables:
            return known
        if self._adopt(checkout, stored):
            return known
        paid = "PAID" if RANK[status] >= RANK["PAID"] else status
        outcome = self._redeem(checkout, stored, paid)
        if isinstance(outcome, KuponError):
            # The platform has charged the order already; an operator decides what becomes of it.
            checkout.state, checkout.error = REDEEM_FAILED, str(outcome)
            self._report("checkouts.failed", f"redemption failed: {outcome}")
            return known
        root = outcome.get("parent_redemption") or outcome["redemptions"][0]
        self._keep_root(checkout, root["id"])
        self._compare(checkout, outcome)
        return paid

    def _adopt(self, checkout: PlatformCheckout, stored: Fields | None) -> bool:
        """Take over what somebody else, such as the shop's own pages, has redeemed on the order."""
        entries = {} if stored is None else stored["redemptions"]
        standing = [root for root, entry in entries.items() if "rollback_id" not in entry]
        if not standing:
            return False
        wanted = {self._folded(str(each.get("id"))) for each in self._redeemables}
        for root, names in platform_checkouts.find_redeemed(self._uow, standing).items():
            if wanted <= {self._folded(name) for name in names}:
                self._keep_root(checkout, root)
                return True
        return False

    def _folded(self, name: str) -> str:
        return code_key(name, is_case_sensitive=self._scene.project.case_sensitive_codes)

    def _keep_root(self, checkout: PlatformCheckout, redemption_id: str) -> None:
        checkout.state, checkout.redemption_id = REDEEMED, redemption_id
        checkout.digest, checkout.error = self._digest, None
        self._scene.counts["checkouts.redeemed"] += 1

    def _redeem(
        self, checkout: PlatformCheckout, stored: Fields | None, status: str
    ) -> dict[str, Any] | KuponError:
        """Redeem with the order as it is now; a stored one counts more than a sent one."""
        uow, scene, key = self._uow, self._scene, checkout.checkout_key
        order: Fields = {**self._fields, "status": status}
        body = {
            "redeemables": self._redeemables,
            "customer": self._fields.get("customer"),
            "order": order,
            "session": None if key is None else {"type": "LOCK", "key": key},
        }
        try:
            with savepoint(uow):
                if stored is not None:
                    current = {**self._fields, "status": stored["status"]}
                    orders.update_order(
                        uow, scene.project, stored["id"], bodies.read_order(current)
                    )
                    body["order"] = {"id": stored["id"], "status": status}
                loaded = bodies.read_stackable(body)
                outcome = redemptions.redeem(uow, scene.project, scene.caller, loaded)
        except KuponError as error:
            if error.status >= 500:
                raise
            return error
        return outcome.error if isinstance(outcome, redemptions.Failed) else outcome

    def _compare(self, checkout: PlatformCheckout, outcome: Fields) -> None:
        """Note where the platform gave another discount than Kupon would have."""
        given = (self._fields.get("metadata") or {}).get("platform_discount")
        counted = outcome.get("order", {}).get("total_applied_discount_amount", 0)
        if isinstance(given, int) and given != counted:
            checkout.error = f"DISCOUNT_MISMATCH: the platform gave {given}, Kupon {counted}"
        refused = outcome.get("inapplicable_redeemables") or ()
        if refused:
            names = ", ".join(str(each["id"]) for each in refused)
            checkout.error = f"not redeemed: {names}"
        if checkout.error:
            self._report("checkouts.mismatched", checkout.error)

    def _give_back(self, stored: Fields | None) -> None:
        checkout = self._checkout
        if checkout is None:
            return
        root_id = checkout.redemption_id
        if checkout.state == REDEEMED and root_id is not None:
            entry = {} if stored is None else stored["redemptions"].get(root_id, {})
            if "rollback_id" in entry:
                checkout.state = ROLLED_BACK
            elif stored is None or stored["status"] != "CANCELED":
                self._roll_back(checkout, root_id)
        elif checkout.state in (LOCKED, REDEEM_FAILED):
            if checkout.checkout_key is not None:
                session_locks.release_all(self._uow, checkout.checkout_key)
            checkout.state = RELEASED

    def _roll_back(self, checkout: PlatformCheckout, redemption_id: str) -> None:
        reason = {"reason": "The order was canceled on the platform"}
        try:
            with savepoint(self._uow):
                outcome = redemptions.roll_back(
                    self._uow, self._scene.caller, redemption_id, reason
                )
        except KuponError as error:
            self._keep(checkout, error)
            return
        if isinstance(outcome, redemptions.Failed):
            self._keep(checkout, outcome.error)
            return
        checkout.state = ROLLED_BACK
        self._scene.counts["checkouts.rolled_back"] += 1

    def _keep(self, checkout: PlatformCheckout, error: KuponError) -> None:
        """What can't be taken back: somebody has done so before, or it is too long ago."""
        if error.key == "already_rolled_back":
            checkout.state = ROLLED_BACK
            return
        checkout.error = str(error)
        self._report("checkouts.kept", f"rollback failed: {error}")

    def _write(self, known: str | None, status: str) -> None:
        """Store the order; one whose discounts are counted keeps its lines as they were."""
        fields = dict(self._fields)
        checkout = self._checkout
        if checkout is not None and checkout.redemption_id is not None:
            is_edited = self._digest not in (None, checkout.digest)
            if is_edited and checkout.state == REDEEMED:
                checkout.digest = self._digest
                checkout.error = "the order was edited after its incentives were redeemed"
                self._report("checkouts.edited", checkout.error)
            else:
                fields = {name: fields[name] for name in fields if name not in _CART}
        passed = [status]
        if status == "FULFILLED" and RANK[known or "CREATED"] < RANK["PAID"]:
            # What is earned hangs on the payment.
            passed = ["PAID", status]
        for each in passed:
            body = bodies.read_order({**fields, "status": each})
            orders.create_order(self._uow, self._scene.project, body)

    def _report(self, kind: str, text: str) -> None:
        self._scene.counts[kind] += 1
        self._scene.notes.append(f"order {self._fields['source_id']}: {text}")


def _digest(fields: Fields) -> str | None:
    """What tells an edited order: its lines with their prices; None where none are told."""
    if not fields.get("items"):
        return None
    lines = [[line.get(name) for name in _OF_A_LINE] for line in fields["items"]]
    told = orjson.dumps([lines, fields.get("amount")], default=str)
    return hashlib.sha256(told).hexdigest()
