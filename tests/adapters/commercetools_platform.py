"""A commercetools project played at its HTTP edge: objects, queries, the extension, messages.

Source: commercetools' HTTP API reference; spec adapters-commerce, section 2.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import requests
from tests.adapters import commercetools_carts as carts
from tests.adapters.commercetools_api import CommercetoolsApi
from tests.adapters.commercetools_carts import Json
from tests.adapters.commercetools_records import moment, new_cart, order_in, product_of, record_of

from kupon.hooks.adapter import InboundRequest, InboundResponse
from kupon.runtime import clock
from kupon.testing import inbound
from kupon.testing.carts import CartTotals, GoldenCart
from kupon.testing.roles import PlatformOrder

_TOLD = {
    "PLACED": "OrderCreated",
    "PAID": "OrderPaymentStateChanged",
    "FULFILLED": "OrderShipmentStateChanged",
    "CANCELED": "OrderStateChanged",
}
_PLACES = {"customers": "customers", "catalog": "product-projections", "orders": "orders"}
_ENDS = {"customers": "CustomerDeleted", "catalog": "ProductDeleted", "orders": "OrderDeleted"}
_KINDS = {"customers": "customer", "catalog": "product", "orders": "order"}


class CommercetoolsPlatform(CommercetoolsApi):
    """A project with customers, orders and carts, whose extension and queue Kupon hears."""

    signed_by = ("authorization",)
    signs_body = False
    takes_all_or_none = False

    # Records

    def put(self, resource: str, count: int, *, changed_at: datetime) -> list[str]:
        """Customers, products or orders, with ids that are their source ids."""
        place = _PLACES[resource]
        first = len(self.places.get(place, {})) + 1
        ids = [f"{_KINDS[resource]}-{number}" for number in range(first, first + count)]
        for id in ids:
            self.keep(place, record_of(resource, id, changed_at))
        return ids

    def add(self, resource: str, content: bytes) -> None:
        """The record of a fixture."""
        self.keep(_PLACES[resource], json.loads(content))

    def remove(self, resource: str, source_id: str, *, at: datetime) -> bool:
        """Messages tell of it."""
        del self.places[_PLACES[resource]][source_id]
        self.tell(_ENDS[resource], _KINDS[resource], source_id, at=at)
        return True

    def held(self, kind: str) -> Mapping[str, Any]:
        """The fields of the orders that tell of redemptions."""
        kept = self.places.get(kind, {}).items()
        fields = {id: (order.get("custom") or {}).get("fields", {}) for id, order in kept}
        return {id: found for id, found in fields.items() if found.get("kupon_redemptions")}

    def installed(self) -> dict[str, Any]:
        """Types, extensions and subscriptions, by place and key."""
        return {
            f"{place}/{each['key']}": {k: v for k, v in each.items() if k not in ("id", "version")}
            for place in ("types", "extensions", "subscriptions", "tax-categories")
            for each in copy.deepcopy(self.places.get(place, {})).values()
        }

    # Messages

    def tell(
        self, type: str, kind: str, id: str, *, at: datetime | None = None, version: int = 1
    ) -> Json:
        """A message about an object, which the project keeps and its queue forwards."""
        number = len(self.places.get("messages", {})) + 1
        written = moment(at or clock.now())
        return self.keep(
            "messages",
            {
                "notificationType": "Message",
                "projectKey": self.settings["project_key"],
                "id": f"message-{number}",
                "version": 1,
                "sequenceNumber": number,
                "resource": {"typeId": kind, "id": id},
                "resourceVersion": version,
                "type": type,
                "createdAt": written,
                "lastModifiedAt": written,
            },
        )

    def forwarded(self, message: Any) -> InboundRequest:
        """A message as its queue forwards it."""
        return inbound(message, path="messages", headers=self._authorization)

    def event(self, name: str, body: bytes, *, id: str, at: datetime) -> InboundRequest:
        """A message; the object that it is about is there, unless it is said to be gone."""
        try:
            message = json.loads(body)
        except ValueError:
            message = None
        if not isinstance(message, dict) or "resource" not in message:
            return inbound(body, path="messages", headers=self._authorization)
        self._hold_resource(name, message["resource"])
        told = {**message, "projectKey": self.settings["project_key"]}
        if name.startswith("Resource"):
            # It has no id, only the object's version.
            version = int.from_bytes(id.encode()[-6:])
            return self.forwarded({**told, "notificationType": name, "version": version})
        return self.forwarded({**told, "id": id, "type": name})

    def _hold_resource(self, name: str, resource: Mapping[str, str]) -> None:
        kind, id = resource["typeId"], resource["id"]
        if kind == "payment":
            order = self.places.get("orders", {}).get("order-of-payment")
            if order is None:
                order = self.keep("orders", record_of("orders", "order-of-payment", clock.now()))
                order["paymentInfo"] = {"payments": [{"typeId": "payment", "id": id}]}
            return
        if kind == "standalone-price":
            self.keep("product-projections", product_of("product-1", "TEA-200", 1000))
            if not name.endswith("Deleted"):
                self.keep("standalone-prices", {"id": id, "version": 1, "sku": "TEA-200"})
            return
        name_of = {each: resource for resource, each in _KINDS.items()}.get(kind)
        if name_of is None or name.endswith(("Deleted", "Unpublished")):
            return
        if id not in self.places.get(_PLACES[name_of], {}):
            self.keep(_PLACES[name_of], record_of(name_of, id, clock.now()))

    def order_event(self, order: PlatformOrder, *, id: str) -> InboundRequest:
        """The message of an order that is in a state now."""
        known = self.places.get("orders", {}).get(order.number)
        if known is None or known["version"] <= order.version:
            # Late news are of an order that has gone on.
            self.keep("orders", order_in(order))
        name = _TOLD[order.status]
        message = self.tell(name, "order", order.number, at=order.changed_at, version=order.version)
        return self.forwarded({**message, "id": id})

    @property
    def _authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.settings['shared_secret']}"}

    # Carts

    def cart_request(self, cart: GoldenCart) -> InboundRequest:
        """A storefront changes a cart: the extension is asked before it is stored."""
        for article in cart.articles:
            self.keep(
                "product-projections", product_of(article.product, article.sku, article.price)
            )
        raw = self.places.get("carts", {}).get(cart.key) or new_cart(cart.key, cart.currency)
        before = copy.deepcopy(raw)
        gifts = [each for each in raw["lineItems"] if carts.is_given(each)]
        raw["customerId"] = cart.customer
        raw["lineItems"] = [
            carts.line_item(
                each.id, each.product, each.sku, each.quantity, each.price, cart.currency
            )
            for each in cart.lines
        ] + gifts
        self.enter(raw, cart.codes, cart.asked)
        raw["version"] += 1
        carts.calculate(raw, self.places.get("product-projections", {}))
        self.keep("carts", raw)
        call = {"action": "Update", "resource": {"typeId": "cart", "id": cart.key, "obj": raw}}
        call["oldResource"] = {**call["resource"], "obj": before}
        return inbound(call, path="extension", headers=self._authorization)

    @staticmethod
    def enter(raw: Json, codes: Sequence[str], asked: Mapping[str, Any] | None = None) -> None:
        """Have exactly these codes in a cart, as a storefront writes them."""
        known = carts.elements(raw)
        names = {each["code"] for each in known if each["status"] != "NOT_APPLIED"}
        gone = names - set(codes)
        told = [{**each, "status": "DELETED"} if each["code"] in gone else each for each in known]
        told += [
            {"code": code, "status": "NEW", "type": "voucher", **(asked or {}).get(code, {})}
            for code in codes
            if code not in names
        ]
        raw.setdefault("custom", {"type": {"typeId": "type", "id": "type-1"}, "fields": {}})
        raw["custom"]["fields"]["discount_codes"] = [_compact(each) for each in told]

    def cart_answered(self, cart: GoldenCart, answer: InboundResponse) -> CartTotals:
        """The cart with what the extension has answered."""
        raw = self.places["carts"][cart.key]
        self.follow(raw, answer.body)
        units: dict[str, int] = {}
        for line in raw["lineItems"]:
            sku = line["variant"]["sku"]
            units[sku] = units.get(sku, 0) + line["quantity"]
        counted = [each for each in carts.elements(raw) if each["status"] != "NOT_APPLIED"]
        session = raw["custom"]["fields"].get("session")
        return CartTotals(
            total=raw["totalPrice"]["centAmount"],
            lines={each["id"]: each["totalPrice"]["centAmount"] for each in raw["lineItems"]},
            units=units,
            keeps=bool(raw["directDiscounts"] or raw["customLineItems"] or counted or session),
        )

    def follow(self, raw: Json, answer: Any) -> None:
        """Do to a cart what the extension has answered."""
        types = {each["key"]: each["id"] for each in self.places.get("types", {}).values()}
        products = self.places.get("product-projections", {})
        carts.apply(raw, (answer or {}).get("actions", ()), products, types)

    def recalculate(self, cart: Json) -> None:
        """Calculate a cart anew, about which the extensions are asked as about any change."""
        changed = copy.deepcopy(cart)
        carts.calculate(changed, self.places.get("product-projections", {}))
        changed["version"] += 1
        # Whom it asks may ask it back.
        self.lock.release()
        try:
            answers = self.ask_extensions("Update", "cart", changed, cart)
        finally:
            self.lock.acquire()
        for answer in answers:
            self.follow(changed, answer)
        cart.clear()
        cart.update(changed)

    def ask_extensions(
        self, action: str, kind: str, content: Json, before: Json | None = None
    ) -> list[Json]:
        """Call the extensions that are installed; what each has answered.

        Raises:  requests.HTTPError as the shopper would see it.
        """
        found = []
        for each in self.places["extensions"].values():
            if not any(_is_meant(trigger, action, kind) for trigger in each["triggers"]):
                continue
            resource = {"typeId": kind, "id": content["id"], "obj": content}
            call = {"action": action, "resource": resource}
            if before is not None and each["additionalContext"]["includeOldResource"]:
                call["oldResource"] = {**resource, "obj": before}
            header = each["destination"]["authentication"]["headerValue"]
            answer = requests.post(
                each["destination"]["url"],
                json=call,
                headers={"Authorization": header},
                timeout=each["timeoutInMs"] / 1000,
            )
            answer.raise_for_status()
            found.append(answer.json())
        return found


def _is_meant(trigger: Mapping[str, Any], action: str, kind: str) -> bool:
    return trigger["resourceTypeId"] == kind and action in trigger["actions"]


def _compact(element: Json) -> str:
    return json.dumps(element, separators=(",", ":"), ensure_ascii=False)
