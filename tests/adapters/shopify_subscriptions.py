"""To what a played Shopify shop tells its news."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Node = dict[str, Any]


class Subscriptions:
    """Topics with the addresses to which they are delivered, and the members that are told."""

    def __init__(self, others: Mapping[str, list[str]]) -> None:
        self.fields = dict(others)

    def roots(self) -> dict[str, Any]:
        return {
            "webhookSubscriptions": self._list,
            "webhookSubscriptionCreate": self._create,
            "webhookSubscriptionUpdate": self._update,
            "webhookSubscriptionDelete": self._delete,
        }

    def drop(self, topic: str, uri: str) -> None:
        """Forget a subscription, as Shopify does with one that fails."""
        del self.fields[f"{topic} {uri}"]

    def _list(self, _: Any, first: int, uri: str | None = None) -> list[Node]:
        found = [(name, *name.split(" ")) for name in self.fields]
        return [
            {"id": _id(name), "topic": topic, "uri": at, "includeFields": self.fields[name]}
            for name, topic, at in found
            if uri in (None, at)
        ]

    def _create(self, _: Any, topic: str, webhookSubscription: Node) -> Node:
        name = f"{topic} {webhookSubscription['uri']}"
        if name in self.fields:
            error = {"field": ["uri"], "message": "Address for this topic has already been taken"}
            return {"webhookSubscription": None, "userErrors": [error]}
        self.fields[name] = webhookSubscription["includeFields"]
        return {"webhookSubscription": None, "userErrors": []}

    def _update(self, _: Any, id: str, webhookSubscription: Node) -> Node:
        self.fields[self._name(id)] = webhookSubscription["includeFields"]
        return {"webhookSubscription": None, "userErrors": []}

    def _delete(self, _: Any, id: str) -> Node:
        del self.fields[self._name(id)]
        return {"deletedWebhookSubscriptionId": id, "userErrors": []}

    def _name(self, id: str) -> str:
        return next(name for name in self.fields if _id(name) == id)


def _id(name: str) -> str:
    return f"gid://shopify/WebhookSubscription/{name.encode().hex()}"
