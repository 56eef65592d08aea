"""Braze's capabilities, bound to its calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from kupon.hooks.adapter import (
    OK,
    Adapter,
    Checked,
    Delivery,
    Health,
    InboundRequest,
    InboundResponse,
    Item,
    Outcome,
    Shop,
    Verdict,
    checked,
)
from kupon.hooks.commands import Command
from kupon.hooks.errors import AdapterError, AuthFailed, Retry, Unmappable
from kupon.kit.errors import KuponError, invalid_payload
from kupon_braze import mapping, webhooks
from kupon_braze.answers import outcomes_of
from kupon_braze.client import BrazeClient
from kupon_braze.config import MOST_MERGES, BrazeSettings


class BrazeAdapter(Adapter):
    """One Braze workspace: its audiences, its messages, and its profiles."""

    settings = BrazeSettings

    @cached_property
    def client(self) -> BrazeClient:
        """Calls with the connection's key."""
        return BrazeClient(self.config, self.http)

    def check(self) -> Checked:
        """Track nothing: Braze complains of that to those only whose key it knows."""
        return checked(self._look)

    def _look(self) -> Checked | None:
        try:
            self.client.track()
        except AuthFailed as error:
            return Checked(Health.AUTH_FAILED, f"{error}: a key opens its own cluster only")
        return None

    def verify(self, request: InboundRequest) -> None:
        """Raise Refused unless the request is Braze's."""
        webhooks.verify(request)

    def answers(self, request: InboundRequest) -> bool:
        """Whether a message waits for a code; all else are webhooks."""
        return webhooks.asks_for_content(request)

    def respond(self, request: InboundRequest, shop: Shop) -> InboundResponse:
        """Give a user a code, the same in each repetition."""
        try:
            wish = webhooks.wish_of(request)
        except Unmappable as error:
            raise invalid_payload(error.reason) from None
        user = mapping.user_of(wish.get("customer"))
        if user is None:
            raise invalid_payload("Property .customer must be the external id of a user")
        if not mapping.text_of(wish.get("campaign")) and not mapping.text_of(wish.get("voucher")):
            raise invalid_payload("Property .campaign or .voucher must name what to publish")
        customer = self._find_customer(user, shop)
        publication = shop.publish(mapping.publication_of(wish, user, customer))
        return InboundResponse(body=mapping.content_of(publication))

    def _find_customer(self, user: str, shop: Shop) -> dict[str, str]:
        """By what Kupon knows a user, who may have been merged into another."""
        try:
            return {"id": shop.find_customer(user)["id"]}
        except KuponError as error:
            if error.status != 404 or not self.config["creates_customers"]:
                raise
            return {"source_id": user}

    def receive(self, request: InboundRequest) -> Sequence[Delivery]:
        """The call in a request."""
        return webhooks.deliveries_of(request)

    def process(self, deliveries: Sequence[Delivery]) -> Sequence[Command]:
        """What some calls of one user mean."""
        list_key = self.config["audience_list"]
        return [mapping.membership_of(each.payload, list_key) for each in deliveries]

    def push(self, kind: str, items: Sequence[Item]) -> Sequence[Outcome]:
        """Write attributes or events, or merge users, as many at once as Braze takes."""
        plan = self.config["batch_limit"]
        size = min(plan, MOST_MERGES) if kind == "merges" else plan
        outcomes: list[Outcome] = []
        while len(outcomes) < len(items):
            batch = items[len(outcomes) : len(outcomes) + size]
            try:
                outcomes += self._send(kind, batch)
            except AdapterError as error:
                if not outcomes:
                    raise
                # What went before is there; the next try tells what is wrong.
                wait = error.retry_after_s if isinstance(error, Retry) else None
                later = Outcome(Verdict.RETRY, str(error), wait)
                outcomes += [later] * (len(items) - len(outcomes))
        return outcomes

    def _send(self, kind: str, items: Sequence[Item]) -> Sequence[Outcome]:
        return self._merge(items) if kind == "merges" else self._track(mapping.ARRAYS[kind], items)

    def _merge(self, items: Sequence[Item]) -> Sequence[Outcome]:
        pairs = [mapping.pair_of(item) for item in items]
        sent = [each for each in pairs if each is not None]
        complaint = self.client.merge(sent) if sent else ""
        # Braze merges some time later: an unknown user is no complaint.
        told = Outcome(Verdict.REJECTED, complaint) if complaint else OK
        return [_NO_USER if each is None else told for each in pairs]

    def _track(self, array: str, items: Sequence[Item]) -> Sequence[Outcome]:
        objects = [mapping.object_of(item, self.config) for item in items]
        sent = [each for each in objects if each is not None]
        if not sent:
            return [_NO_USER] * len(objects)
        told = outcomes_of(self.client.track(**{array: sent}), array, len(sent))
        return [_NO_USER if each is None else next(told) for each in objects]

    def erase(self, customer: Mapping[str, Any]) -> str:
        """Have a user's profile deleted."""
        if not customer.get("source_id"):
            return "Nothing to erase: the customer has no source id"
        count = self.client.delete_user(customer["source_id"])
        return f"Profiles queued for deletion: {count}"


_NO_USER = Outcome(Verdict.REJECTED, "the customer has no source id")
