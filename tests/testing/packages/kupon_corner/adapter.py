"""The shop's capabilities: carts, orders, content, and a hook on its account."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from marshmallow import fields

from kupon.hooks.adapter import (
    Adapter,
    Checked,
    Delivery,
    Health,
    InboundRequest,
    InboundResponse,
    Shop,
)
from kupon.hooks.commands import Command, Stamp, UpsertOrder
from kupon.hooks.errors import AuthFailed, Misconfigured, Skip, Stop, Unavailable, Unmappable
from kupon.hooks.settings import Secret, SettingsSchema
from kupon.hooks.signatures import check_hmac
from kupon.kit.currencies import decimal_text, minor_units
from kupon.kit.errors import KuponError

_STATUSES = {"open": "CREATED", "paid": "PAID", "sent": "FULFILLED", "void": "CANCELED"}


class CornerSettings(SettingsSchema):
    """Where the shop is."""

    url = fields.Url(required=True, require_tld=False, metadata={"description": "Its address."})
    key = Secret(required=True, metadata={"description": "Key of its API."})
    secret = Secret(
        load_default=None, allow_none=True, metadata={"description": "Secret of its requests."}
    )


class CornerAdapter(Adapter):
    """One shop."""

    settings = CornerSettings

    def _call(self, method: str, path: str, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.config['key']}"}
        url = f"{self.config['url']}{path}"
        return self.http.call(method, url, headers=headers, **options)

    def check(self) -> Checked:
        """Look at the hooks."""
        try:
            self._hooks()
        except AuthFailed as error:
            return Checked(Health.AUTH_FAILED, str(error))
        except (Stop, Skip) as error:
            return Checked(Health.MISCONFIGURED, str(error))
        except Exception as error:  # noqa: BLE001 - a check never raises
            return Checked(Health.UNREACHABLE, str(error))
        return Checked(Health.OK)

    def _hooks(self) -> dict[str, str]:
        answer = self._call("GET", "/hooks").json()
        try:
            return {each["name"]: each["id"] for each in answer["hooks"]}
        except (KeyError, TypeError):
            raise Unavailable("the answer is not as documented") from None

    def provision(self) -> dict[str, Any]:
        """Have a hook, one of our name."""
        hooks = self._hooks()
        if "kupon" not in hooks:
            self._call("POST", "/hooks", json={"name": "kupon", "url": self.connection.base_url})
            hooks = self._hooks()
        return {"hook": hooks.get("kupon")}

    def deprovision(self) -> None:
        """Have no hook of ours."""
        id = self._hooks().get("kupon")
        if id is not None:
            self._call("DELETE", f"/hooks/{id}", allow=(404,))

    def verify(self, request: InboundRequest) -> None:
        """By the signature."""
        if not self.config["secret"]:
            raise Misconfigured("setting secret is missing")
        check_hmac(request.headers.get("x-corner"), self.config["secret"], request.body)

    def answers(self, request: InboundRequest) -> bool:
        """Carts and content are asked for, orders are told of."""
        return request.path in ("cart", "content")

    def respond(self, request: InboundRequest, shop: Shop) -> InboundResponse:
        """What a cart costs, or which codes somebody has."""
        body = json.loads(request.body)
        if request.path == "content":
            return InboundResponse(body={"codes": _codes(shop, body["user"], body["campaign"])})
        return InboundResponse(body=_price(shop, body))

    def receive(self, request: InboundRequest) -> Sequence[Delivery]:
        """One order, of any of its events."""
        try:
            told = json.loads(request.body)
            order = told["order"]
            return [
                Delivery(
                    id=str(told["delivery"]),
                    event=str(told["event"]),
                    subject=f"order:{order['number']}",
                    payload=order,
                )
            ]
        except (ValueError, KeyError, TypeError):
            raise Unmappable("request", "it tells of no order") from None

    def process(self, deliveries: Sequence[Delivery]) -> Sequence[Command]:
        """The orders."""
        return [_order(each.payload) for each in deliveries if each.event == "order/changed"]


def _codes(shop: Shop, user: str, campaign: str) -> list[str]:
    try:
        wallet = shop.list_redeemables(user)
    except KuponError:
        return []
    vouchers = [each["redeemable"]["voucher"] for each in wallet["data"]]
    return [each["code"] for each in vouchers if each["campaign"] == campaign]


def _price(shop: Shop, cart: Mapping[str, Any]) -> dict[str, Any]:
    """The costs of lines by their skus, what the whole cart is reduced by, and gifts."""
    currency = cart["currency"]
    if not cart["codes"] or not cart["lines"]:
        return {"lines": {}, "off": "0", "gifts": []}
    lines = cart["lines"]
    items = [
        {"source_id": line["sku"], "related_object": "sku", "quantity": line["quantity"]}
        | {"price": minor_units(line["price"], currency)}
        for line in lines
    ]
    answer = shop.validate(
        {
            "redeemables": [{"object": "voucher", **each} for each in cart["codes"]],
            "order": {"items": items},
            "customer": {"source_id": cart["user"]},
        }
    )
    if not answer["valid"]:
        return {"lines": {}, "off": "0", "gifts": []}
    order = answer["order"]
    wanted = {line["sku"]: line["quantity"] for line in lines}
    costs, gifts = {}, []
    for item in order["items"]:
        sku = item["sku"]["source_id"]
        if sku in wanted:
            costs[sku] = item["subtotal_amount"]
        else:
            gifts.append({"sku": sku, "quantity": item["quantity"]})
    off = sum(costs.values()) - order["total_amount"]
    return {
        "lines": {sku: decimal_text(cost, currency) for sku, cost in costs.items()},
        "off": decimal_text(off, currency),
        "gifts": gifts,
    }


def _order(order: Mapping[str, Any]) -> UpsertOrder:
    items = [
        {
            "source_id": line["sku"],
            "related_object": "sku",
            "quantity": line["quantity"],
            "price": minor_units(line["price"], order["currency"]),
        }
        for line in order["lines"]
    ]
    return UpsertOrder(
        source_id=order["number"],
        fields={
            "status": _STATUSES[order["status"]],
            "items": items,
            "customer": {"source_id": order["user"]},
        },
        redeemables=[{"object": "voucher", "id": code} for code in order["codes"]],
        checkout_key=order["session"],
        placed_at=datetime.fromisoformat(order["placed_at"]),
        stamp=Stamp(at=datetime.fromisoformat(order["changed_at"])),
    )
