"""What Kupon installs in a project: custom types, the API extension, messages, a subscription.

Everything has a key of its own; what the shop has made stays, and so do types and the tax category,
for carts and orders may hold values of them.

Source: spec adapters-commerce, sections 2.3, 2.4 and 2.5.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kupon.hooks.adapter import Connection
from kupon.hooks.errors import Misconfigured, as_documented
from kupon_commercetools import webhooks
from kupon_commercetools.client import CommercetoolsClient, Json
from kupon_commercetools.mapping import codes
from kupon_commercetools.mapping.carried import LINE_TYPE_KEY, TAX_KEY
from kupon_commercetools.mapping.lines import GRANTS
from kupon_commercetools.mapping.orders import SESSION
from kupon_commercetools.mapping.outbound import DIRECT, LIMIT, SHIPPING, TYPE_KEY
from kupon_commercetools.writing import REDEMPTIONS, USED

Fields = Mapping[str, tuple[str, Mapping[str, Any]]]

_TEXTS: Final = {"name": "Set", "elementType": {"name": "String"}}
# The type serves carts as well as orders.
FIELDS: Final[Fields] = {
    codes.FIELD: ("Kupon: codes and promotions", _TEXTS),
    USED: ("Kupon: codes that were redeemed", _TEXTS),
    REDEMPTIONS: ("Kupon: redemptions", _TEXTS),
    SESSION: ("Kupon: session", {"name": "String"}),
    SHIPPING: ("Kupon: free shipping", _TEXTS),
    LIMIT: ("Kupon: how many codes a cart may have", {"name": "Number"}),
}
LINE_FIELDS: Final[Fields] = {
    GRANTS: ("Kupon: codes that give units of the line", _TEXTS),
    # Of Voucherify's connector; Kupon neither reads nor writes it.
    "coupon_fixed_price": ("Kupon: fixed price", {"name": "Number"}),
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
        self._hold_line_type()
        self._hold_tax_category()
        self._hold_extension()
        self._hold_subscription()
        days = self._hold_messages()
        languages = self.client.get_project().get("languages") or [None]
        return {"type_id": type_id, "message_days": days, "language": languages[0]}

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
        own = self._settings["reuse_type_key"]
        key = own or TYPE_KEY
        known = self.client.find("types", key=key)
        if known is None and own:
            raise Misconfigured(f"there is no type {own}")
        if known is None:
            known = self.client.create("types", _type_draft(key, "Kupon", "order", FIELDS))
        else:
            self.client.hold(f"types/key={key}", lambda type: _missing_fields(type, FIELDS))
        with as_documented():
            return str(known["id"])

    def _hold_line_type(self) -> None:
        if self.client.find("types", key=LINE_TYPE_KEY) is None:
            draft = _type_draft(LINE_TYPE_KEY, "Kupon: lines", "line-item", LINE_FIELDS)
            self.client.create("types", draft)
            return
        place = f"types/key={LINE_TYPE_KEY}"
        self.client.hold(place, lambda type: _missing_fields(type, LINE_FIELDS))

    def _hold_tax_category(self) -> None:
        """Let the custom line of discounts be taxed with nothing in each country of the project."""
        if self._settings["discounts_as"] == DIRECT:
            return
        countries = self.client.get_project().get("countries") or ()
        rates = [_rate(country) for country in countries]
        if self.client.find("tax-categories", key=TAX_KEY) is None:
            draft = {"key": TAX_KEY, "name": "Kupon: discounts", "rates": rates}
            self.client.create("tax-categories", draft)
            return
        self.client.hold(
            f"tax-categories/key={TAX_KEY}",
            lambda category: [
                {"action": "addTaxRate", "taxRate": rate}
                for rate in rates
                if rate["country"] not in {each.get("country") for each in category["rates"]}
            ],
        )

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
            # A cart that has lost Kupon's fields tells only so that it had them.
            "additionalContext": {"includeOldResource": True},
        }
        if self.client.find("extensions", key=self._key) is None:
            self.client.create("extensions", draft)
            return
        # The secret is not shown, so that nobody can tell whether it is still the same.
        actions = [
            {"action": "changeDestination", "destination": draft["destination"]},
            {"action": "changeTriggers", "triggers": draft["triggers"]},
            {"action": "setTimeoutInMs", "timeoutInMs": draft["timeoutInMs"]},
            {
                "action": "setAdditionalContext",
                "additionalContext": draft["additionalContext"],
            },
        ]
        self.client.hold(f"extensions/key={self._key}", lambda _: actions)

    def _hold_subscription(self) -> None:
        known = self.client.find("subscriptions", key=self._key)
        if not self._settings["subscription"]:
            if known is not None:
                self.client.delete(f"subscriptions/key={self._key}", known["version"])
            return
        destination = json.loads(self._settings["subscription"])
        messages = [
            {"resourceTypeId": kind, "types": list(types)}
            for kind, types in webhooks.subscribed(self._settings).items()
        ]
        changes = [{"resourceTypeId": kind} for kind in webhooks.CHANGED]
        if known is None:
            draft = {
                "key": self._key,
                "destination": destination,
                "messages": messages,
                "changes": changes,
                "format": {"type": "Platform"},
            }
            self.client.create("subscriptions", draft)
            return
        actions = [
            {"action": "changeDestination", "destination": destination},
            {"action": "setMessages", "messages": messages},
            {"action": "setChanges", "changes": changes},
        ]
        self.client.hold(f"subscriptions/key={self._key}", lambda _: actions)

    def _hold_messages(self) -> int:
        """Have the project keep its messages, which tell of deletions; for how many days."""
        project = self.client.get_project()
        known = project.get("messages") or {}
        if known.get("enabled"):
            return int(known.get("deleteDaysAfterCreation") or _KEPT_DAYS)
        wanted = {"enabled": True, "deleteDaysAfterCreation": _KEPT_DAYS}
        action = {"action": "changeMessagesConfiguration", "messagesConfiguration": wanted}
        self.client.hold("", lambda _: [action])
        return _KEPT_DAYS


def _type_draft(key: str, name: str, resource: str, fields: Fields) -> Json:
    return {
        "key": key,
        "name": {"en": name},
        "resourceTypeIds": [resource],
        "fieldDefinitions": list(_definitions(fields)),
    }


def _missing_fields(type: Json, fields: Fields) -> Sequence[Json]:
    """What adds to a type the fields that it lacks."""
    has = {each["name"] for each in type["fieldDefinitions"]}
    return [
        {"action": "addFieldDefinition", "fieldDefinition": each}
        for each in _definitions(fields)
        if each["name"] not in has
    ]


def _definitions(fields: Fields) -> Sequence[Json]:
    return [
        {
            "name": name,
            "label": {"en": label},
            "required": False,
            "type": dict(kind),
            "inputHint": "SingleLine",
        }
        for name, (label, kind) in fields.items()
    ]


def _rate(country: str) -> Json:
    return {"name": f"Kupon {country}", "amount": 0, "includedInPrice": True, "country": country}
