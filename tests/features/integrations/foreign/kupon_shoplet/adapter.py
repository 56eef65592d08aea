"""Shoplet tells everything in one form: {id, topic, key, version, at, fields, ...}."""

import json
from datetime import datetime

from marshmallow import fields

from kupon.hooks.adapter import Adapter, Checked, Delivery, Health, InboundResponse
from kupon.hooks.commands import (
    CodesConsumed,
    DeleteRecord,
    EraseCustomer,
    MergeCustomers,
    PublishVoucher,
    ReleaseCheckout,
    SetAudienceMembership,
    Stamp,
    TrackEvent,
    UpsertCustomer,
    UpsertOrder,
    UpsertProduct,
)
from kupon.hooks.errors import AuthFailed, Misconfigured, Unmappable
from kupon.hooks.settings import Secret, SettingsSchema
from kupon.hooks.signatures import check_hmac
from kupon.kit.errors import KuponError

NOTHING = {"discount": 0}


class ShopletSettings(SettingsSchema):
    """A secret, and where the shop answers."""

    secret = Secret(required=True, metadata={"description": "Signs what the shop sends."})
    url = fields.String(load_default="", metadata={"description": "The shop, asked for its orders."})
    redeem_on = fields.String(load_default="ORDER_PAID")


class ShopletAdapter(Adapter):
    """One shop."""

    settings = ShopletSettings

    def check(self):
        try:
            self.http.call("GET", f"{self.config['url']}/me")
        except AuthFailed as error:
            return Checked(Health.AUTH_FAILED, str(error))
        except Exception as error:
            return Checked(Health.UNREACHABLE, str(error))
        return Checked(Health.OK)

    def verify(self, request):
        if self.config["secret"] == "unset":
            raise Misconfigured("setting secret is missing")
        given = request.headers.get("x-shoplet-signature")
        check_hmac(given, self.config["secret"], request.body)

    def answers(self, request):
        return request.path.startswith("price")

    def receive(self, request):
        try:
            sent = json.loads(request.body)
        except ValueError:
            raise Unmappable("request", "it is not JSON") from None
        return [
            Delivery(
                id=each["id"],
                event=each["topic"],
                subject=each.get("subject") or f"{each['topic']}:{each.get('key')}",
                payload=each,
            )
            for each in (sent if isinstance(sent, list) else [sent])
        ]

    def acknowledge(self, request, deliveries):
        return InboundResponse(body={"taken": len(deliveries), **NOTHING})

    def process(self, deliveries):
        commands = []
        for each in deliveries:
            told = each.payload
            if told.get("fetch"):
                path = f"{self.config['url']}/orders/{told['key']}"
                told = {**told, **self.http.call("GET", path).json()}
            if told.get("mistake"):
                raise RuntimeError("secret-canary in a mistake")
            commands += self._commands(each.event, told)
        return commands

    def _commands(self, topic, told):
        at = datetime.fromisoformat(told["at"]) if told.get("at") else None
        stamp = Stamp(at=at, version=told.get("version"))
        key, members = told.get("key", ""), told.get("fields", {})
        match topic:
            case "customer":
                return [UpsertCustomer(source_id=key, fields=members, stamp=stamp)]
            case "product":
                skus = told.get("skus", ())
                return [UpsertProduct(source_id=key, fields=members, skus=skus, stamp=stamp)]
            case "order":
                placed = told.get("placed_at")
                return [
                    UpsertOrder(
                        source_id=key,
                        fields=members,
                        redeemables=told.get("redeemables", ()),
                        checkout_key=told.get("checkout_key"),
                        placed_at=datetime.fromisoformat(placed) if placed else None,
                        stamp=stamp,
                    )
                ]
            case "cart.deleted":
                return [ReleaseCheckout(checkout_key=key)]
            case "gone":
                return [DeleteRecord(kind=told["kind"], source_id=key, stamp=stamp)]
            case "event":
                return [TrackEvent(source_id=key, event=told["event"], metadata=members)]
            case "publish":
                return [PublishVoucher(customer_source_id=key, **told["what"])]
            case "consumed":
                return [CodesConsumed(code=told["code"], customer_source_id=key or None)]
            case "audience":
                return [
                    SetAudienceMembership(
                        source_id=key,
                        audience_id=told["audience"],
                        is_member=told["is_member"],
                        list_key="audiences",
                    )
                ]
            case "merge":
                return [MergeCustomers(from_source_id=key, into_source_id=told["into"])]
            case "erase":
                return [EraseCustomer(source_id=key)]
            case _:
                raise Unmappable(key, f"topic {topic} is unknown")

    def respond(self, request, shop):
        cart = json.loads(request.body)
        if cart.get("mistake"):
            raise RuntimeError("no price")
        try:
            found = shop.validate(cart)
        except KuponError as error:
            return InboundResponse(body={**NOTHING, "why": error.key})
        return InboundResponse(
            body={"discount": found.get("order", {}).get("total_discount_amount", 0)}
        )

    def provision(self):
        made = self.http.call("PUT", f"{self.config['url']}/hooks/kupon").json()
        return {"hook": made["id"]}

    def deprovision(self):
        self.http.call("DELETE", f"{self.config['url']}/hooks/kupon", allow=(404,))
