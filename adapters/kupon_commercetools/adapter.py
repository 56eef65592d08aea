"""commercetools' capabilities, bound to its calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import Any

from kupon.hooks.adapter import (
    Adapter,
    Checked,
    Delivery,
    Health,
    InboundRequest,
    InboundResponse,
    Page,
    Shop,
    checked,
)
from kupon.hooks.commands import Command
from kupon.hooks.errors import Skip, Unmappable
from kupon_commercetools import webhooks
from kupon_commercetools.client import CommercetoolsClient
from kupon_commercetools.config import CommercetoolsSettings
from kupon_commercetools.extension import price, unchanged
from kupon_commercetools.installing import Installation
from kupon_commercetools.pulling import RESOURCES, Pull, gone, parameters

# By the type of a message's resource.
_RESOURCES = {"order": "orders", "customer": "customers", "product": "catalog"}
_KNOWN = {name for names in webhooks.SUBSCRIBED.values() for name in names}
# Looking up a gift comes on top of the time that Kupon itself may take.
_LOOK_UP_S = 0.4
_OF_PAYMENT = "paymentInfo(payments(id = :id))"


class CommercetoolsAdapter(Adapter):
    """One commercetools project: its carts ask for prices, its orders redeem."""

    settings = CommercetoolsSettings

    @cached_property
    def client(self) -> CommercetoolsClient:
        """Calls with the connection's credentials."""
        return CommercetoolsClient(self.config, self.http)

    def check(self) -> Checked:
        """Ask for the project."""
        return checked(self._look)

    def _look(self) -> Checked | None:
        try:
            project = self.client.get_project()
        except Skip as error:
            return Checked(Health.MISCONFIGURED, str(error))
        if project["key"] != self.config["project_key"]:
            return Checked(Health.MISCONFIGURED, "another project answers")
        return None

    def verify(self, request: InboundRequest) -> None:
        """Raise Refused unless the request knows the shared secret."""
        webhooks.verify(request, self.config)

    def answers(self, request: InboundRequest) -> bool:
        """The API extension waits for an answer; messages do not."""
        return webhooks.is_extension(request)

    def respond(self, request: InboundRequest, shop: Shop) -> InboundResponse:
        """What is to be done to a cart, or whether an order may be placed."""
        try:
            action, kind, content = webhooks.call_of(request)
        except Unmappable:
            return unchanged()
        hurried = replace(self.http, total_s=min(self.http.total_s, _LOOK_UP_S))
        client = CommercetoolsClient(self.config, hurried)
        return price(action, kind, content, connection=self.connection, client=client, shop=shop)

    def acknowledge(
        self, request: InboundRequest, deliveries: Sequence[Delivery]
    ) -> InboundResponse:
        """Messages are taken; a cart stays as it is."""
        return unchanged() if self.answers(request) else InboundResponse(body={})

    def receive(self, request: InboundRequest) -> Sequence[Delivery]:
        """The messages in a request."""
        return webhooks.deliveries_of(request, self.config["project_key"])

    def process(self, deliveries: Sequence[Delivery]) -> Sequence[Command]:
        """What became of the objects that messages are about; each is asked for once."""
        latest = {each.subject: each for each in deliveries if each.event in _KNOWN}
        return [command for each in latest.values() for command in self._news(each)]

    def pull(self, resource: str, cursor: str | None, since: datetime | None) -> Page:
        """A page of customers, of the catalogue, or of orders."""
        return Pull(self.connection, self.client, resource).page(cursor, since)

    def provision(self) -> dict[str, Any]:
        """Install the custom type, the extension, and the subscription."""
        return Installation(self.connection, self.client).install()

    def deprovision(self) -> None:
        """Take the extension and the subscription away."""
        Installation(self.connection, self.client).remove()

    def _news(self, delivery: Delivery) -> Sequence[Command]:
        resource = delivery.payload["resource"]
        kind, id = str(resource["typeId"]), str(resource["id"])
        if kind == "payment":
            return self._orders_of(id)
        name = _RESOURCES.get(kind)
        if name is None:
            return []
        what = RESOURCES[name]
        params = parameters(what.place, self.config)
        found = self.client.find(what.place, id=id, **params)
        if found is None:
            return [gone(what.kind, delivery.payload, id)]
        return self._commands(name, [found])

    def _orders_of(self, payment_id: str) -> Sequence[Command]:
        params = parameters("orders", self.config)
        found, _ = self.client.query(
            "orders", where=_OF_PAYMENT, limit=20, **params, **{"var.id": payment_id}
        )
        return self._commands("orders", found)

    def _commands(self, name: str, found: Sequence[Any]) -> Sequence[Command]:
        commands, skipped = Pull(self.connection, self.client, name).commands(found)
        if skipped and not commands:
            raise Unmappable(*skipped[0])
        return commands
