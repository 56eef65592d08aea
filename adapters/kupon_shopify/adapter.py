"""Shopify's capabilities, bound to its calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from kupon.hooks.adapter import (
    Adapter,
    Checked,
    CodeItem,
    Delivery,
    Health,
    InboundRequest,
    Item,
    OrderItem,
    Outcome,
    Page,
    checked,
)
from kupon.hooks.commands import (
    Command,
    DeleteRecord,
    EraseCustomer,
    MergeCustomers,
    Stamp,
    TrackEvent,
)
from kupon.hooks.errors import AuthFailed, Misconfigured, Unmappable, as_documented
from kupon_shopify import webhooks
from kupon_shopify.client import ShopifyClient, Subscription
from kupon_shopify.config import ShopifySettings
from kupon_shopify.mapping import inbound, orders
from kupon_shopify.pulling import Pull
from kupon_shopify.pushing import Push
from kupon_shopify.writing import write

SCOPES: Final = ("read_customers", "read_orders", "read_products", "write_discounts")
_PRIVACY: Final = "shopify.data_request"
_COMPLETED: Final = "completed"


class ShopifyAdapter(Adapter):
    """One shop: its records come in, Kupon's codes go out."""

    settings = ShopifySettings

    @cached_property
    def client(self) -> ShopifyClient:
        """Calls with the connection's credentials."""
        return ShopifyClient(self.config, self.http)

    def check(self) -> Checked:
        """Ask for the shop's name and for what the app may do there."""
        return checked(self._look)

    def _look(self) -> Checked:
        domain, scopes = self.client.get_account()
        if domain != self.config["shop"]:
            return Checked(Health.MISCONFIGURED, f"the credentials are of the shop {domain}")
        return Checked(Health.OK, "; ".join(self._complaints(scopes)))

    def _complaints(self, scopes: set[str]) -> Iterator[str]:
        """What an operator should know though the shop can be reached."""
        granted = scopes | {each.replace("write_", "read_", 1) for each in scopes}
        missing = [each for each in SCOPES if each not in granted]
        if missing:
            yield f"the app lacks the scopes {', '.join(missing)}"
        wanted, version = self.config["api_version"], self.client.api.version
        if version not in ("", wanted):
            yield f"Shopify answers with version {version} in place of {wanted}"
        address = self.connection.state.get("address")
        lost = _missing(self.client.list_subscriptions(address)) if address else []
        if lost:
            yield f"the shop has dropped subscriptions ({', '.join(lost)}): provision again"

    def provision(self) -> Mapping[str, Any]:
        """Subscribe to the topics of the shop's records."""
        address = self.connection.base_url
        if not address.startswith(("https://", "http://")):
            raise Misconfigured("the server's public address is not set")
        self._leave(address)
        known = self.client.list_subscriptions(address)
        for topic, fields in webhooks.TOPICS.items():
            name = _constant(topic)
            if name not in known:
                self.client.subscribe(name, address, fields)
            elif set(known[name].fields) != set(fields):
                self.client.resubscribe(name, known[name].id, fields)
        return {"address": address}

    def _leave(self, address: str) -> None:
        """Take back the subscriptions of the address that the connection had before."""
        before = self.connection.state.get("address")
        if before and before != address:
            for each in self.client.list_subscriptions(before).values():
                self.client.unsubscribe(each.id)

    def deprovision(self) -> None:
        """Take the subscriptions back; those of an app that was removed are gone with it."""
        address = self.connection.state.get("address") or self.connection.base_url
        try:
            for each in self.client.list_subscriptions(address).values():
                self.client.unsubscribe(each.id)
        except AuthFailed:
            return

    def verify(self, request: InboundRequest) -> None:
        """Raise Refused unless the request is the shop's."""
        webhooks.verify(request, self.config)

    def receive(self, request: InboundRequest) -> Sequence[Delivery]:
        """The record that a webhook names."""
        return webhooks.deliveries_of(request)

    def process(self, deliveries: Sequence[Delivery]) -> Sequence[Command]:
        """What some webhooks of one record mean: it is asked for once, after the last of them."""
        plain = [place for place, each in enumerate(deliveries) if self._is_fetched(each)]
        commands: list[Command] = []
        for place, each in enumerate(deliveries):
            if place in plain:
                if place == plain[-1]:
                    commands.append(self._fetch(each))
            else:
                commands += self._heard(each)
        return commands

    @staticmethod
    def _is_fetched(delivery: Delivery) -> bool:
        return delivery.event in webhooks.TOPICS and delivery.event not in _HEARD

    def _fetch(self, delivery: Delivery) -> Command:
        """A record as it is now; one that is not there was deleted.

        Raises:  Unmappable for an order that is not shown: old ones are there all the same, and
            those that were deleted have a topic of their own.
        """
        kind, id = delivery.subject.partition(":")[0], str(delivery.payload["id"])
        command: Command | None = None
        with as_documented():
            if kind == webhooks.ORDER and (order := self.client.get_order(id)):
                command = orders.order_of(order, self.config, self._pull.letters_of([order]))
            elif kind == webhooks.CUSTOMER and (customer := self.client.get_customer(id)):
                command = inbound.customer_of(customer, self.config)
            elif kind == webhooks.PRODUCT:
                product, currency = self.client.get_product(id)
                if product is not None:
                    command = inbound.product_of(product, currency, self.config)
        if command is None and kind == webhooks.ORDER:
            raise Unmappable(id, "the shop does not show the order; old ones need read_all_orders")
        return command or self._gone(kind, id, delivery.occurred_at)

    def _gone(self, kind: str, id: str, at: datetime | None) -> DeleteRecord:
        name = inbound.named(id, self.config)
        return DeleteRecord(kind=kind, source_id=name, stamp=Stamp(at=at))

    def _heard(self, delivery: Delivery) -> Sequence[Command]:
        return _HEARD[delivery.event](self, delivery) if delivery.event in _HEARD else ()

    def _deleted(self, delivery: Delivery) -> Sequence[Command]:
        kind = delivery.subject.partition(":")[0]
        return [self._gone(kind, str(delivery.payload["id"]), delivery.occurred_at)]

    def _merged(self, delivery: Delivery) -> Sequence[Command]:
        told = delivery.payload
        if told["status"] != _COMPLETED:
            return ()
        names = {name: inbound.named(told[name], self.config) for name in ("from", "into")}
        return [MergeCustomers(from_source_id=names["from"], into_source_id=names["into"])]

    def _redacted(self, delivery: Delivery) -> Sequence[Command]:
        """Forget a customer, also as the guest that was known by the e-mail address."""
        told = delivery.payload
        names = [inbound.named(told["id"], self.config)]
        if told.get("email") and self.config["guests"] == "EMAIL":
            names.append(told["email"])
        return [EraseCustomer(source_id=name) for name in names]

    def _asked_for_data(self, delivery: Delivery) -> Sequence[Command]:
        """Somebody wants to see their data: an event, which an operator or a system answers."""
        told = delivery.payload
        event = TrackEvent(
            source_id=inbound.named(told["id"], self.config),
            event=_PRIVACY,
            metadata={"request": told["request"], "orders": told["orders"]},
        )
        return [event]

    def _removed(self, delivery: Delivery) -> Sequence[Command]:
        """The app was removed: the connection stops, unless the app is there again."""
        try:
            self.client.get_account()
        except AuthFailed:
            asked = " and asks to erase its data" if delivery.event == webhooks.SHOP_REDACT else ""
            raise AuthFailed(f"the shop has removed the app{asked}") from None
        return ()

    @cached_property
    def _pull(self) -> Pull:
        return Pull(self.client, self.config, self.connection.installed_at)

    def pull(self, resource: str, cursor: str | None, since: datetime | None) -> Page:
        """A page of records."""
        return self._pull.page(resource, cursor, since)

    def push(self, kind: str, items: Sequence[Item]) -> Sequence[Outcome]:
        """Make the shop's discounts of codes what the codes are now; tell orders of theirs."""
        orders = [item for item in items if isinstance(item, OrderItem)]
        if kind == "orders":
            return [write(self.client.api, self.config, each) for each in orders]
        codes = [item for item in items if isinstance(item, CodeItem)]
        return Push(self.client.codes, self.config, self.connection.installed_at).push(codes)


_HEARD: Final[Mapping[str, Callable[[ShopifyAdapter, Delivery], Sequence[Command]]]] = {
    "customers/delete": ShopifyAdapter._deleted,
    "orders/delete": ShopifyAdapter._deleted,
    "products/delete": ShopifyAdapter._deleted,
    webhooks.MERGE: ShopifyAdapter._merged,
    webhooks.REDACT: ShopifyAdapter._redacted,
    webhooks.DATA_REQUEST: ShopifyAdapter._asked_for_data,
    webhooks.UNINSTALLED: ShopifyAdapter._removed,
    webhooks.SHOP_REDACT: ShopifyAdapter._removed,
}


def _missing(known: Mapping[str, Subscription]) -> list[str]:
    """The topics that nobody delivers."""
    return [topic for topic in webhooks.TOPICS if _constant(topic) not in known]


def _constant(topic: str) -> str:
    """A topic as GraphQL names it."""
    return topic.replace("/", "_").upper()
