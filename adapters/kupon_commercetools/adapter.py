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
    Connection,
    Delivery,
    Health,
    InboundRequest,
    InboundResponse,
    Item,
    OrderItem,
    Outcome,
    Page,
    Shop,
    checked,
)
from kupon.hooks.commands import Command
from kupon.hooks.errors import AuthFailed, Misconfigured, Skip, Unmappable
from kupon.hooks.http import HttpClient
from kupon_commercetools import repricing, webhooks
from kupon_commercetools.client import CommercetoolsClient, HurriedClient
from kupon_commercetools.config import CommercetoolsSettings
from kupon_commercetools.extension import price, unchanged
from kupon_commercetools.installing import Installation
from kupon_commercetools.pulling import Pull
from kupon_commercetools.records import Records, whole
from kupon_commercetools.writing import write

# What looking things up may add to the time that Kupon itself takes: what the platform waits for
# longer than that, but for the way there and back.
_MOST_LOOK_UP_S = 2.0
_ON_THE_WAY_S = 0.1
_FEW_DAYS = 7
_LANGUAGE = "en"


class CommercetoolsAdapter(Adapter):
    """One commercetools project: its carts ask for prices, its orders redeem."""

    settings = CommercetoolsSettings

    def __init__(self, connection: Connection, http: HttpClient) -> None:
        """Serve one connection, in the language of its settings or its project."""
        told = connection.settings["language"] or connection.state.get("language")
        settings = {**connection.settings, "language": told or _LANGUAGE}
        super().__init__(replace(connection, settings=settings), http)

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
        days = (project.get("messages") or {}).get("deleteDaysAfterCreation")
        if isinstance(days, int) and days < _FEW_DAYS:
            return Checked(Health.OK, f"the project keeps its messages for {days} days only")
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
            call = webhooks.call_of(request)
        except Unmappable:
            return unchanged()
        client = HurriedClient(self.config, replace(self.http, total_s=self._look_up_s))
        return price(call, connection=self.connection, client=client, shop=shop)

    def acknowledge(
        self, request: InboundRequest, deliveries: Sequence[Delivery]
    ) -> InboundResponse:
        """Messages are taken; a cart stays as it is."""
        return unchanged() if self.answers(request) else InboundResponse(body={})

    def receive(self, request: InboundRequest) -> Sequence[Delivery]:
        """The messages in a request."""
        return webhooks.deliveries_of(request, self.config["project_key"])

    def missed(self, request: InboundRequest) -> Sequence[Delivery]:
        """That a cart was not priced."""
        return repricing.missed(request) if self.answers(request) else ()

    def process(self, deliveries: Sequence[Delivery]) -> Sequence[Command]:
        """What became of the objects that messages are about; each is asked for once."""
        for each in deliveries:
            if each.event == repricing.UNPRICED:
                repricing.recalculate(self.client, each.payload)
        messages = [each.payload for each in deliveries if each.event in webhooks.KNOWN]
        return whole(Records(self.connection, self.client).of_messages(messages))

    def pull(self, resource: str, cursor: str | None, since: datetime | None) -> Page:
        """A page of customers, of the catalogue, or of orders."""
        return Pull(self.connection, self.client, resource).page(cursor, since)

    def push(self, kind: str, items: Sequence[Item]) -> Sequence[Outcome]:
        """Write to orders what became of their codes."""
        orders = [item for item in items if isinstance(item, OrderItem)]
        return [write(self.client, self.config, each) for each in orders]

    def provision(self) -> dict[str, Any]:
        """Install the custom type, the extension, and the subscription.

        Raises:  Misconfigured where the credentials are right but don't allow it, as is the case
            once the API client has only the scopes that it needs from day to day.
        """
        try:
            return Installation(self.connection, self.client).install()
        except AuthFailed as error:
            if self.check().health is not Health.OK:
                raise
            raise Misconfigured(f"the API client lacks a scope of provisioning: {error}") from None

    def deprovision(self) -> None:
        """Take the extension and the subscription away."""
        Installation(self.connection, self.client).remove()

    @property
    def _look_up_s(self) -> float:
        waits_s = self.config["extension_timeout_ms"] / 1000
        own_s = (self.manifest().deadline_ms or 0) / 1000
        return min(self.http.total_s, _MOST_LOOK_UP_S, waits_s - own_s - _ON_THE_WAY_S)
