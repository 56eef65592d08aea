"""A commercetools project played at its HTTP edge: objects, queries, the extension, messages.

Source: commercetools' HTTP API reference; spec adapters-commerce, section 2.
"""

from __future__ import annotations

import base64
import copy
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import requests
from tests.adapters import commercetools_carts as carts
from tests.adapters.commercetools_carts import Json

from kupon.hooks.adapter import InboundRequest, InboundResponse
from kupon.runtime import clock
from kupon.testing import FakePlatform, Received, Reply, inbound, route
from kupon.testing.carts import CartTotals, GoldenCart
from kupon.testing.roles import PlatformOrder

_TOKEN = "issued-token"
_STATES = {
    "PLACED": {"orderState": "Open", "paymentState": "Pending"},
    "PAID": {"orderState": "Open", "paymentState": "Paid"},
    "FULFILLED": {"orderState": "Open", "paymentState": "Paid", "shipmentState": "Shipped"},
    "CANCELED": {"orderState": "Cancelled", "paymentState": "Paid"},
}
_TOLD = {
    "PLACED": "OrderCreated",
    "PAID": "OrderPaymentStateChanged",
    "FULFILLED": "OrderShipmentStateChanged",
    "CANCELED": "OrderStateChanged",
}
_PLACES = {"customers": "customers", "catalog": "product-projections", "orders": "orders"}
_ENDS = {"customers": "CustomerDeleted", "catalog": "ProductDeleted", "orders": "OrderDeleted"}
_KINDS = {"customers": "customer", "catalog": "product", "orders": "order"}


class CommercetoolsPlatform(FakePlatform):
    """A project with a shop's own extension, an API client, and everything else to come."""

    signed_by = ("authorization",)
    signs_body = False
    token_paths = ("/oauth/token",)

    def __init__(self, config: dict[str, Any] | None = None) -> None:
        super().__init__(config)
        self.places: dict[str, dict[str, Json]] = {
            "extensions": {"shop": {"id": "shop", "key": "shop", "version": 1, "triggers": []}}
        }
        self.project: Json = {"version": 1, "messages": {"enabled": False}}

    # The HTTP API

    @route("POST", "/oauth/token")
    def token(self, request: Received) -> Reply:
        """Access tokens last for two days."""
        pair = f"{self.settings['client_id']}:{self.settings['client_secret']}"
        expected = f"Basic {base64.b64encode(pair.encode()).decode()}"
        if request.headers.get("authorization") != expected:
            return Reply({"statusCode": 401, "message": "invalid_client", "errors": []}, 401)
        assert request.form["grant_type"] == "client_credentials"
        return Reply({"access_token": _TOKEN, "token_type": "Bearer", "expires_in": 172_800})

    @route("GET", "/<project>")
    def get_project(self, request: Received, project: str) -> Reply:
        """The project's configuration."""
        return self._guarded(request) or Reply({"key": project, "name": "Shop", **self.project})

    @route("POST", "/<project>")
    def change_project(self, request: Received, project: str) -> Reply:
        """The project is changed by actions."""
        if refusal := self._guarded(request):
            return refusal
        for action in request.json["actions"]:
            assert action["action"] == "changeMessagesConfiguration"
            self.project["messages"] = action["messagesConfiguration"]
        self.project["version"] += 1
        return Reply({"key": project, **self.project})

    @route("GET", "/<project>/<place>")
    def query(self, request: Received, project: str, place: str) -> Reply:
        """A page of objects in the order that was asked for."""
        if refusal := self._guarded(request):
            return refusal
        field = "createdAt" if place == "messages" else "lastModifiedAt"
        kept = self.places.get(place, {}).values()
        found = [each for each in kept if _fits(each, request.query, field)]
        found.sort(key=lambda each: (each.get(field, ""), each["id"]))
        limit = min(int(request.query.get("limit", 20)), self.page_size)
        shown = found[:limit]
        return Reply({"limit": limit, "offset": 0, "count": len(shown), "results": shown})

    @route("POST", "/<project>/<place>")
    def create(self, request: Received, project: str, place: str) -> Reply:
        """Keys are unlike each other."""
        if refusal := self._guarded(request):
            return refusal
        draft = request.json
        kept = self.places.setdefault(place, {})
        if any(each.get("key") == draft["key"] for each in kept.values()):
            return _error(400, "DuplicateField")
        made = {"id": f"{place}-{len(kept) + 1}", "version": 1, **draft}
        kept[made["id"]] = made
        return Reply(_shown(made), 201)

    @route("GET", "/<project>/<place>/<name>")
    def get(self, request: Received, project: str, place: str, name: str) -> Reply:
        """An object by its id, or by `key=`."""
        if refusal := self._guarded(request):
            return refusal
        found = self._find(place, name)
        return _error(404, "ResourceNotFound") if found is None else Reply(_shown(found))

    @route("POST", "/<project>/<place>/<name>")
    def update(self, request: Received, project: str, place: str, name: str) -> Reply:
        """An object is changed by actions, if it is as the caller thinks."""
        if refusal := self._guarded(request):
            return refusal
        found = self._find(place, name)
        if found is None:
            return _error(404, "ResourceNotFound")
        if request.json["version"] != found["version"]:
            return _error(409, "ConcurrentModification")
        for action in request.json["actions"]:
            _change(found, action)
        found["version"] += 1
        return Reply(_shown(found))

    @route("DELETE", "/<project>/<place>/<name>")
    def delete(self, request: Received, project: str, place: str, name: str) -> Reply:
        """An object is deleted, if it is as the caller thinks."""
        if refusal := self._guarded(request):
            return refusal
        found = self._find(place, name)
        if found is None:
            return _error(404, "ResourceNotFound")
        if int(request.query["version"]) != found["version"]:
            return _error(409, "ConcurrentModification")
        del self.places[place][found["id"]]
        return Reply(_shown(found))

    def _guarded(self, request: Received) -> Reply | None:
        if request.headers.get("authorization") != f"Bearer {_TOKEN}":
            return _error(401, "invalid_token")
        if request.path.split("/")[1] != self.settings["project_key"]:
            return _error(404, "ResourceNotFound")
        return None

    def _find(self, place: str, name: str) -> Json | None:
        kept = self.places.get(place, {})
        if name.startswith("key="):
            return next((each for each in kept.values() if f"key={each.get('key')}" == name), None)
        return kept.get(name)

    # Records

    def keep(self, place: str, record: Json) -> Json:
        """Have an object."""
        self.places.setdefault(place, {})[record["id"]] = record
        return record

    def put(self, resource: str, count: int, *, changed_at: datetime) -> list[str]:
        """Customers, products or orders, with ids that are their source ids."""
        place = _PLACES[resource]
        first = len(self.places.get(place, {})) + 1
        ids = [f"{_KINDS[resource]}-{number}" for number in range(first, first + count)]
        for id in ids:
            self.keep(place, _record(resource, id, changed_at))
        return ids

    def add(self, resource: str, content: bytes) -> None:
        """The record of a fixture."""
        self.keep(_PLACES[resource], json.loads(content))

    def remove(self, resource: str, source_id: str, *, at: datetime) -> bool:
        """Messages tell of it."""
        del self.places[_PLACES[resource]][source_id]
        self.tell(_ENDS[resource], _KINDS[resource], source_id, at=at)
        return True

    def installed(self) -> dict[str, Any]:
        """Types, extensions and subscriptions, by place and key."""
        return {
            f"{place}/{each['key']}": {k: v for k, v in each.items() if k not in ("id", "version")}
            for place in ("types", "extensions", "subscriptions")
            for each in copy.deepcopy(self.places.get(place, {})).values()
        }

    # Messages

    def tell(
        self, type: str, kind: str, id: str, *, at: datetime | None = None, version: int = 1
    ) -> Json:
        """A message about an object, which the project keeps and its queue forwards."""
        number = len(self.places.get("messages", {})) + 1
        moment = _moment(at or clock.now())
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
                "createdAt": moment,
                "lastModifiedAt": moment,
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
        told = {**message, "id": id, "type": name, "projectKey": self.settings["project_key"]}
        return self.forwarded(told)

    def _hold_resource(self, name: str, resource: Mapping[str, str]) -> None:
        kind, id = resource["typeId"], resource["id"]
        if kind == "payment":
            order = self.places.get("orders", {}).get("order-of-payment")
            if order is None:
                order = self.keep("orders", _record("orders", "order-of-payment", clock.now()))
                order["paymentInfo"] = {"payments": [{"typeId": "payment", "id": id}]}
            return
        name_of = {each: resource for resource, each in _KINDS.items()}.get(kind)
        if name_of is None or name.endswith(("Deleted", "Unpublished")):
            return
        if id not in self.places.get(_PLACES[name_of], {}):
            self.keep(_PLACES[name_of], _record(name_of, id, clock.now()))

    def order_event(self, order: PlatformOrder, *, id: str) -> InboundRequest:
        """The message of an order that is in a state now."""
        known = self.places.get("orders", {}).get(order.number)
        if known is None or known["version"] <= order.version:
            # Late news are of an order that has gone on.
            self.keep("orders", _order(order))
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
            self.keep("product-projections", _product(article.product, article.sku, article.price))
        raw = self.places.get("carts", {}).get(cart.key) or new_cart(cart.key, cart.currency)
        gifts = [each for each in raw["lineItems"] if each["lineItemMode"] == carts.GIFT]
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
            keeps=bool(raw["directDiscounts"] or counted or session),
        )

    def follow(self, raw: Json, answer: Any) -> None:
        """Do to a cart what the extension has answered."""
        types = {each["key"]: each["id"] for each in self.places.get("types", {}).values()}
        products = self.places.get("product-projections", {})
        carts.apply(raw, (answer or {}).get("actions", ()), products, types)

    def ask_extensions(self, action: str, kind: str, content: Json) -> list[Json]:
        """Call the extensions that are installed; what each has answered.

        Raises:  requests.HTTPError as the shopper would see it.
        """
        found = []
        for each in self.places["extensions"].values():
            if not any(_is_meant(trigger, action, kind) for trigger in each["triggers"]):
                continue
            resource = {"typeId": kind, "id": content["id"], "obj": content}
            header = each["destination"]["authentication"]["headerValue"]
            answer = requests.post(
                each["destination"]["url"],
                json={"action": action, "resource": resource},
                headers={"Authorization": header},
                timeout=each["timeoutInMs"] / 1000,
            )
            answer.raise_for_status()
            found.append(answer.json())
        return found


def new_cart(id: str, currency: str) -> Json:
    """A cart without anything in it."""
    return {
        "id": id,
        "version": 1,
        "cartState": "Active",
        "taxMode": "Platform",
        "lineItems": [],
        "customLineItems": [],
        "directDiscounts": [],
        "discountCodes": [],
        "refusedGifts": [],
        "totalPrice": carts.money(0, currency),
    }


def order_of(cart: Json, id: str, at: datetime) -> Json:
    """The order that is made of a cart; custom fields come along."""
    kept = ("lineItems", "customLineItems", "totalPrice", "discountOnTotalPrice", "customerId")
    taken = copy.deepcopy({name: cart[name] for name in (*kept, "custom") if name in cart})
    return {
        "id": id,
        "version": 1,
        "orderNumber": f"A-{id}",
        **taken,
        **_STATES["PLACED"],
        "directDiscounts": copy.deepcopy(cart["directDiscounts"]),
        "cart": {"typeId": "cart", "id": cart["id"]},
        "createdAt": _moment(at),
        "lastModifiedAt": _moment(at),
    }


def _is_meant(trigger: Mapping[str, Any], action: str, kind: str) -> bool:
    return trigger["resourceTypeId"] == kind and action in trigger["actions"]


def _change(found: Json, action: Mapping[str, Any]) -> None:
    match action["action"]:
        case "addFieldDefinition":
            found["fieldDefinitions"].append(action["fieldDefinition"])
        case "changeDestination":
            found["destination"] = action["destination"]
        case "changeTriggers":
            found["triggers"] = action["triggers"]
        case "setTimeoutInMs":
            found["timeoutInMs"] = action["timeoutInMs"]
        case "setMessages":
            found["messages"] = action["messages"]
        case other:
            raise AssertionError(f"unknown action {other}")


def _shown(found: Json) -> Json:
    """An object as it is answered: the header of an extension is partly hidden."""
    shown = copy.deepcopy(found)
    authentication = shown.get("destination", {}).get("authentication")
    if authentication:
        authentication["headerValue"] = f"{authentication['headerValue'][:8]}****"
    return shown


def _fits(each: Json, query: Mapping[str, str], field: str) -> bool:
    """Whether an object is in a query: those that the adapter makes, and no others."""
    where = query.get("where", "")
    if "sku" in where:
        wanted = {value for name, value in query.items() if name.startswith("var.")}
        variants = [each["masterVariant"], *each.get("variants", ())]
        return any(variant.get("sku") in wanted for variant in variants)
    if where.startswith("paymentInfo"):
        payments = (each.get("paymentInfo") or {}).get("payments", ())
        return any(payment["id"] == query["var.id"] for payment in payments)
    types = re.findall(r'type = "(\w+)"', where)
    if types and each["type"] not in types:
        return False
    if "id > :id" in where:
        return (each[field], each["id"]) > (query["var.t"], query["var.id"])
    if ">= :t" in where:
        return bool(each[field] >= query["var.t"])
    assert not where, where
    return True


def _error(status: int, code: str) -> Reply:
    errors = [{"code": code, "message": code}]
    return Reply({"statusCode": status, "message": code, "errors": errors}, status)


def _record(resource: str, id: str, at: datetime) -> Json:
    if resource == "catalog":
        return {**_product(id, f"sku-{id}", 1290), "lastModifiedAt": _moment(at)}
    if resource == "orders":
        return _order(PlatformOrder(number=id, placed_at=at, changed_at=at))
    return {
        "id": id,
        "version": 1,
        "email": f"{id}@example.com",
        "firstName": "Zoë",
        "lastName": "Łęcka",
        "addresses": [],
        "createdAt": _moment(at),
        "lastModifiedAt": _moment(at),
    }


def _product(id: str, sku: str, price: int) -> Json:
    value = carts.money(price, "EUR")
    return {
        "id": id,
        "version": 1,
        "name": {"en": id},
        "slug": {"en": id},
        "published": True,
        "categories": [],
        "masterVariant": {
            "id": 1, "sku": sku, "prices": [], "price": {"id": "p", "value": value},
            "images": [], "attributes": [],
        },
        "variants": [],
        "lastModifiedAt": "2026-01-01T00:00:00.000Z",
    }  # fmt: skip


def _order(order: PlatformOrder) -> Json:
    codes = [{"code": each, "status": "APPLIED", "type": "voucher"} for each in order.codes]
    fields: Json = {"discount_codes": [json.dumps(each) for each in codes]}
    if order.checkout_key is not None:
        fields["session"] = order.checkout_key
    lines = [
        carts.line_item(f"line-{number}", f"product-{each.sku}", each.sku, each.quantity,
                        each.price, order.currency)
        for number, each in enumerate(order.lines, 1)
    ]  # fmt: skip
    amount = sum(each.price * each.quantity for each in order.lines)
    return {
        "id": order.number,
        "version": order.version,
        "orderNumber": f"A-{order.number}",
        "customerId": order.customer,
        "customerEmail": f"{order.customer}@example.com",
        **_STATES[order.status],
        "lineItems": lines,
        "customLineItems": [],
        "discountOnTotalPrice": {"discountedAmount": carts.money(order.discount, order.currency)},
        "totalPrice": carts.money(amount - order.discount, order.currency),
        "cart": {"typeId": "cart", "id": f"cart-{order.number}"},
        "custom": {"type": {"typeId": "type", "id": "type-1"}, "fields": fields},
        "createdAt": _moment(order.placed_at),
        "lastModifiedAt": _moment(order.changed_at),
    }


def _compact(element: Json) -> str:
    return json.dumps(element, separators=(",", ":"), ensure_ascii=False)


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
