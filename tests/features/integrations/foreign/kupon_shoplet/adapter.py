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
from kupon.hooks.errors import AuthFailed, Misconfigured, Unavailable, Unmappable
from kupon.hooks.settings import OrderSettings, Secret
from kupon.hooks.signatures import check_hmac
from kupon.kit.errors import KuponError

NOTHING = {"discount": 0}


class ShopletSettings(OrderSettings):
    """A secret, and where the shop answers."""

    secret = Secret(required=True, metadata={"description": "Signs what the shop sends."})
    url = fields.String(load_default="", metadata={"description": "Where the shop answers."})


class ShopletAdapter(Adapter):
    """One shop."""

    settings = ShopletSettings

    def check(self):
        try:
            self.http.call("GET", f"{self.config['url']}/me")
        except AuthFailed as error:
            return Checked(Health.AUTH_FAILED, str(error))
        except Exception as error:  # noqa: BLE001 - a check never raises
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

    def missed(self, request):
        key = json.loads(request.body)["key"]
        return [Delivery(id=f"missed:{key}", event="cart", subject=f"cart:{key}", payload={})]

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
        if topic not in COMMANDS:
            raise Unmappable(told.get("key", ""), f"topic {topic} is unknown")
        stamp = Stamp(at=_moment(told.get("at")), version=told.get("version"))
        return [COMMANDS[topic](told.get("key", ""), told.get("fields", {}), stamp, told)]

    def respond(self, request, shop):
        cart = json.loads(request.body)
        if cart.get("mistake"):
            raise RuntimeError("no price")
        if cart.get("away"):
            raise Unavailable("a platform is away")
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


def _moment(text):
    return datetime.fromisoformat(text) if text else None


def _order(key, fields, stamp, told):
    return UpsertOrder(
        source_id=key,
        fields=fields,
        redeemables=told.get("redeemables", ()),
        checkout_key=told.get("checkout_key"),
        placed_at=_moment(told.get("placed_at")),
        stamp=stamp,
    )


def _audience(key, _, __, told):
    return SetAudienceMembership(
        source_id=key,
        audience_id=told["audience"],
        is_member=told["is_member"],
        list_key="audiences",
    )


# By topic, of what the event names, says, when it was, and all of it.
COMMANDS = {
    "order": _order,
    "audience": _audience,
    "customer": lambda key, fields, stamp, _: UpsertCustomer(
        source_id=key, fields=fields, stamp=stamp
    ),
    "product": lambda key, fields, stamp, told: UpsertProduct(
        source_id=key, fields=fields, skus=told.get("skus", ()), stamp=stamp
    ),
    "gone": lambda key, _, stamp, told: DeleteRecord(kind=told["kind"], source_id=key, stamp=stamp),
    "cart.deleted": lambda key, *_: ReleaseCheckout(checkout_key=key),
    "event": lambda key, fields, _, told: TrackEvent(
        source_id=key, event=told["event"], metadata=fields
    ),
    "publish": lambda key, _, __, told: PublishVoucher(customer_source_id=key, **told["what"]),
    "consumed": lambda key, _, __, told: CodesConsumed(
        code=told["code"], customer_source_id=key or None
    ),
    "merge": lambda key, _, __, told: MergeCustomers(
        from_source_id=key, into_source_id=told["into"]
    ),
    "erase": lambda key, *_: EraseCustomer(source_id=key),
}
