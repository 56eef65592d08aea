"""The Corner Shop, played at its HTTP edge."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from kupon.hooks.adapter import InboundRequest, InboundResponse
from kupon.hooks.signatures import sign
from kupon.kit.currencies import decimal_text, minor_units
from kupon.testing import FakePlatform, Received, Reply, inbound, route
from kupon.testing.carts import CartTotals, GoldenCart
from kupon.testing.roles import PlatformOrder

_STATUSES = {"PLACED": "open", "PAID": "paid", "FULFILLED": "sent", "CANCELED": "void"}


class CornerPlatform(FakePlatform):
    """A shop with carts, orders and hooks."""

    signed_by = ("x-corner",)

    def __init__(self, config: dict[str, Any] | None = None) -> None:
        super().__init__(config)
        self.hooks: dict[str, dict[str, Any]] = {"h0": {"id": "h0", "name": "stranger"}}
        # What earlier answers have done to carts.
        self.effects: dict[str, dict[str, Any]] = {}

    @route("GET", "/hooks")
    def list_hooks(self, request: Received) -> Reply:
        """All hooks of the account."""
        if request.headers.get("authorization") != f"Bearer {self.settings['key']}":
            return Reply({}, 401)
        return Reply({"hooks": list(self.hooks.values())})

    @route("POST", "/hooks")
    def add_hook(self, request: Received) -> Reply:
        """One more."""
        id = f"h{len(self.log)}"
        self.hooks[id] = {"id": id, **request.json}
        return Reply(self.hooks[id], 201)

    @route("DELETE", "/hooks/<id>")
    def drop_hook(self, request: Received, id: str) -> Reply:
        """One less."""
        return Reply(None, 204 if self.hooks.pop(id, None) else 404)

    def installed(self) -> dict[str, Any]:
        """Hooks by their names."""
        return {each["name"]: each.get("url") for each in self.hooks.values()}

    def _signed(self, path: str, body: Any) -> InboundRequest:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"X-Corner": sign(self.settings["secret"], content)}
        return inbound(content, path=path, headers=headers)

    def event(self, name: str, body: bytes, *, id: str, at: datetime) -> InboundRequest:
        """News of an order."""
        order = json.loads(body)
        return self._signed("events", {"event": name, "delivery": id, "order": order})

    def order_event(self, order: PlatformOrder, *, id: str) -> InboundRequest:
        """News of an order in its present state."""
        lines = [
            {
                "sku": line.sku,
                "quantity": line.quantity,
                "price": decimal_text(line.price, order.currency),
            }
            for line in order.lines
        ]
        body = {
            "number": order.number,
            "status": _STATUSES[order.status],
            "currency": order.currency,
            "user": order.customer,
            "codes": list(order.codes),
            "session": order.checkout_key,
            "lines": lines,
            "placed_at": order.placed_at.isoformat(),
            "changed_at": order.changed_at.isoformat(),
        }
        return self._signed("events", {"event": "order/changed", "delivery": id, "order": body})

    def cart_request(self, cart: GoldenCart) -> InboundRequest:
        """A cart as it is now."""
        lines = [
            {
                "sku": line.sku,
                "quantity": line.quantity,
                "price": decimal_text(line.price, cart.currency),
            }
            for line in cart.lines
        ]
        codes = [{"id": code, **cart.asked.get(code, {})} for code in cart.codes]
        body = {"currency": cart.currency, "user": cart.customer, "codes": codes, "lines": lines}
        return self._signed("cart", body)

    def cart_answered(self, cart: GoldenCart, answer: InboundResponse) -> CartTotals:
        """An empty answer changes nothing."""
        nothing: dict[str, Any] = {"lines": {}, "off": "0", "gifts": []}
        if answer.body:
            self.effects[cart.key] = answer.body
        effects: Mapping[str, Any] = self.effects.get(cart.key, nothing)
        costs = {line.id: line.price * line.quantity for line in cart.lines}
        units = {line.sku: line.quantity for line in cart.lines}
        for line in cart.lines:
            if line.sku in effects["lines"]:
                costs[line.id] = minor_units(effects["lines"][line.sku], cart.currency)
        for gift in effects["gifts"]:
            units[gift["sku"]] = units.get(gift["sku"], 0) + gift["quantity"]
        off = minor_units(effects["off"], cart.currency)
        keeps = effects != nothing
        return CartTotals(total=sum(costs.values()) - off, lines=costs, units=units, keeps=keeps)

    def content_request(self, source_id: str, campaign: str) -> InboundRequest:
        """Content about a campaign for somebody."""
        return self._signed("content", {"user": source_id, "campaign": campaign})

    def content_codes(self, answer: InboundResponse) -> list[str]:
        """The codes in it."""
        return list(answer.body["codes"])
