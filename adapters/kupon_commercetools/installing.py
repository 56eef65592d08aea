"""What Kupon installs in a project: a custom type, the API extension, messages, a subscription.

Everything has a key of its own; what the shop has made stays, and so do the fields of types, for
carts and orders may hold values.

Source: spec adapters-commerce, sections 2.3 and 2.4.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kupon.hooks.adapter import Connection
from kupon.hooks.errors import Misconfigured
from kupon_commercetools import webhooks
from kupon_commercetools.client import CommercetoolsClient, Json, as_documented
from kupon_commercetools.mapping import codes
from kupon_commercetools.mapping.orders import SESSION
from kupon_commercetools.mapping.outbound import LIMIT, SHIPPING, TYPE_KEY

_TEXTS: Final = {"name": "Set", "elementType": {"name": "String"}}
# The type serves carts as well as orders.
FIELDS: Final[Mapping[str, tuple[str, Mapping[str, Any]]]] = {
    codes.FIELD: ("Kupon: codes and promotions", _TEXTS),
    "used_codes": ("Kupon: codes that were redeemed", _TEXTS),
    SESSION: ("Kupon: session", {"name": "String"}),
    SHIPPING: ("Kupon: free shipping", _TEXTS),
    LIMIT: ("Kupon: how many codes a cart may have", {"name": "Number"}),
}
_TRIGGERS: Final = (
    {"resourceTypeId": "cart", "actions": ["Create", "Update"]},
    {"resourceTypeId": "order", "actions": ["Create"]},
)
_KEPT_DAYS: Final = 15


@dataclass(frozen=True, slots=True)
class Installation:
    """What one connection has in its project."""

    connection: Connection
    client: CommercetoolsClient

    def install(self) -> dict[str, Any]:
        """Make what is missing; the state of the connection.

        Raises:  Misconfigured without the secret or an address that the project can reach.
        """
        if not self._settings["shared_secret"]:
            raise Misconfigured("setting shared_secret is missing")
        if not self.connection.base_url.startswith(("https://", "http://")):
            raise Misconfigured("the server's public address is not set")
        type_id = self._hold_type()
        self._hold_extension()
        self._hold_subscription()
        return {"type_id": type_id, "message_days": self._hold_messages()}

    def remove(self) -> None:
        """Take the extension and the subscription away."""
        for place in ("extensions", "subscriptions"):
            known = self.client.find(place, key=self._key)
            if known is not None:
                self.client.delete(f"{place}/key={self._key}", known["version"])

    @property
    def _settings(self) -> Mapping[str, Any]:
        return self.connection.settings

    @property
    def _key(self) -> str:
        return f"kupon-{self.connection.id}"

    def _hold_type(self) -> str:
        key = self._settings["reuse_type_key"]
        known = self.client.find("types", key=key or TYPE_KEY)
        if known is None:
            if key:
                raise Misconfigured(f"there is no type {key}")
            known = self.client.create("types", _type_draft())
        with as_documented():
            has = {each["name"] for each in known["fieldDefinitions"]}
            id, place, version = str(known["id"]), f"types/{known['id']}", known["version"]
        actions = [
            {"action": "addFieldDefinition", "fieldDefinition": each}
            for each in _definitions()
            if each["name"] not in has
        ]
        if actions:
            self.client.update(place, version, actions)
        return id

    def _hold_extension(self) -> None:
        draft = {
            "key": self._key,
            "destination": {
                "type": "HTTP",
                "url": f"{self.connection.base_url}/{webhooks.EXTENSION}",
                "authentication": {
                    "type": "AuthorizationHeader",
                    "headerValue": f"Bearer {self._settings['shared_secret']}",
                },
            },
            "triggers": list(_TRIGGERS),
            "timeoutInMs": self._settings["extension_timeout_ms"],
        }
        known = self.client.find("extensions", key=self._key)
        if known is None:
            self.client.create("extensions", draft)
            return
        # The secret is not shown, so that nobody can tell whether it is still the same.
        actions = [
            {"action": "changeDestination", "destination": draft["destination"]},
            {"action": "changeTriggers", "triggers": draft["triggers"]},
            {"action": "setTimeoutInMs", "timeoutInMs": draft["timeoutInMs"]},
        ]
        self.client.update(f"extensions/key={self._key}", known["version"], actions)

    def _hold_subscription(self) -> None:
        known = self.client.find("subscriptions", key=self._key)
        if not self._settings["subscription"]:
            if known is not None:
                self.client.delete(f"subscriptions/key={self._key}", known["version"])
            return
        destination = json.loads(self._settings["subscription"])
        messages = [
            {"resourceTypeId": kind, "types": list(types)}
            for kind, types in webhooks.SUBSCRIBED.items()
        ]
        if known is None:
            draft = {"key": self._key, "destination": destination, "messages": messages}
            self.client.create("subscriptions", {**draft, "format": {"type": "Platform"}})
            return
        actions = [
            {"action": "changeDestination", "destination": destination},
            {"action": "setMessages", "messages": messages},
        ]
        self.client.update(f"subscriptions/key={self._key}", known["version"], actions)

    def _hold_messages(self) -> int:
        """Have the project keep its messages, which tell of deletions; for how many days."""
        project = self.client.get_project()
        known = project.get("messages") or {}
        if known.get("enabled"):
            return int(known.get("deleteDaysAfterCreation") or _KEPT_DAYS)
        wanted = {"enabled": True, "deleteDaysAfterCreation": _KEPT_DAYS}
        action = {"action": "changeMessagesConfiguration", "messagesConfiguration": wanted}
        with as_documented():
            self.client.update("", project["version"], [action])
        return _KEPT_DAYS


def _type_draft() -> Json:
    return {
        "key": TYPE_KEY,
        "name": {"en": "Kupon"},
        "resourceTypeIds": ["order"],
        "fieldDefinitions": list(_definitions()),
    }


def _definitions() -> Sequence[Json]:
    return [
        {
            "name": name,
            "label": {"en": label},
            "required": False,
            "type": dict(kind),
            "inputHint": "SingleLine",
        }
        for name, (label, kind) in FIELDS.items()
    ]
