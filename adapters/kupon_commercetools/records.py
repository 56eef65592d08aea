"""The platform's objects as commands: by what was read of them, and by what messages tell.

A message says which object has changed; what it is now is asked for.

Source: spec adapters-commerce, sections 1.7, 2.2 and 2.3.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kupon.hooks.adapter import Connection
from kupon.hooks.commands import Command, DeleteRecord, EraseCustomer, Stamp
from kupon.hooks.errors import Skip, Unavailable, Unmappable, as_documented
from kupon_commercetools.client import CommercetoolsClient
from kupon_commercetools.mapping.inbound import (
    NAMES,
    customer_command,
    product_command,
    unnamed_accounts,
)
from kupon_commercetools.mapping.orders import order_command
from kupon_commercetools.mapping.texts import Json, moment


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind of record: where it is, and how many come at once.

    Shapes:  kind is that of DeleteRecord.
    """

    place: str
    limit: int
    kind: str


RESOURCES: Final[Mapping[str, Resource]] = {
    "customers": Resource("customers", 500, "customer"),
    "catalog": Resource("product-projections", 100, "product"),
    "orders": Resource("orders", 100, "order"),
}
_BY_TYPE: Final = {each.kind: name for name, each in RESOURCES.items()}
_GONE: Final = ("CustomerDeleted", "ProductDeleted", "ProductUnpublished", "OrderDeleted")
_MOST: Final = 500

Found = tuple[list[Command], list[tuple[str, str]]]


def parameters(place: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """What is asked along with records of a kind."""
    if place == "orders":
        return {"expand": ["paymentInfo.payments[*]", "state"]}
    if place != "product-projections":
        return {}
    selected = {
        "priceCurrency": settings["price_currency"],
        "priceCountry": settings["price_country"],
        "priceCustomerGroup": settings["price_customer_group"],
        "priceChannel": settings["price_channel"],
    }
    return {"staged": "false"} | {name: value for name, value in selected.items() if value}


@dataclass(frozen=True, slots=True)
class Records:
    """What one connection makes of the objects of its project."""

    connection: Connection
    client: CommercetoolsClient

    def commands(self, resource: str, found: Sequence[Json]) -> Found:
        """What some records mean, and those that mean nothing, with the reasons."""
        commands: list[Command] = []
        skipped: list[tuple[str, str]] = []
        accounts = self._accounts(found) if resource == "orders" else {}
        for each in found:
            try:
                with as_documented():
                    commands.append(self._command(resource, each, accounts))
            except Skip as error:
                skipped.append((str(each["id"]), error.reason))
            except Unavailable:
                skipped.append((str(each["id"]), "it is not as documented"))
        return commands, skipped

    def of_skus(self, skus: Sequence[str]) -> Found:
        """The products that have some SKUs."""
        if not skus:
            return [], []
        params = parameters("product-projections", self._settings)
        return self.commands("catalog", self.client.find_products(skus, **params))

    def of_messages(self, messages: Iterable[Json]) -> Found:
        """What some messages mean; of several about one object the last one counts.

        Shapes:  unless one before it has the object's data erased, which no other tells.
        """
        latest: dict[tuple[str, str], Json] = {}
        for each in messages:
            name = str(each["resource"]["typeId"]), str(each["resource"]["id"])
            if not latest.get(name, {}).get("dataErasure"):
                latest[name] = each
        commands: list[Command] = []
        skipped: list[tuple[str, str]] = []
        payments = [id for kind, id in latest if kind == "payment"]
        found = [self._of_payments(payments)]
        found += [self._of_message(each) for (kind, _), each in latest.items() if kind != "payment"]
        for part, left in found:
            commands += part
            skipped += left
        return commands, skipped

    @property
    def _settings(self) -> Mapping[str, Any]:
        return self.connection.settings

    def _of_message(self, message: Json) -> Found:
        kind, id = message["resource"]["typeId"], str(message["resource"]["id"])
        if kind == "standalone-price":
            return self.of_skus(self._sku_of(message))
        resource = _BY_TYPE.get(kind)
        if resource is None:
            return [], []
        if message["type"] in _GONE:
            return [self._gone(message)], []
        if message["type"] == "ResourceDeleted" and message.get("dataErasure"):
            return [EraseCustomer(source_id=self._name(message))], []
        place = RESOURCES[resource].place
        found = self.client.find(place, id=id, **parameters(place, self._settings))
        return ([self._gone(message)], []) if found is None else self.commands(resource, [found])

    def _of_payments(self, ids: Sequence[str]) -> Found:
        if not ids:
            return [], []
        found = self.client.find_orders(ids, **parameters("orders", self._settings))
        return self.commands("orders", found)

    def _sku_of(self, message: Json) -> list[str]:
        """The SKU of a standalone price; once it is gone only the message tells."""
        sku = message.get("sku")
        if sku is None:
            id = str(message["resource"]["id"])
            sku = (self.client.find("standalone-prices", id=id) or {}).get("sku")
        return [] if sku is None else [str(sku)]

    def _gone(self, message: Json) -> DeleteRecord:
        """What a message of a deletion means."""
        stamp = Stamp(at=moment(message.get("createdAt") or message.get("modifiedAt")))
        kind = str(message["resource"]["typeId"])
        return DeleteRecord(kind=kind, source_id=self._name(message), stamp=stamp)

    def _name(self, message: Json) -> str:
        """What identifies in Kupon what a message is about, as far as the message tells."""
        settings = self._settings
        members = {
            "customer": NAMES[settings["customer_source_id"]],
            "product": settings["product_source_id"].lower(),
        }
        told = message.get("resourceUserProvidedIdentifiers") or {}
        member = members.get(message["resource"]["typeId"], "id")
        return str(told.get(member) or message["resource"]["id"])

    def _command(self, resource: str, raw: Json, accounts: Mapping[str, Json]) -> Command:
        settings = self._settings
        match resource:
            case "customers":
                return customer_command(raw, settings)
            case "catalog":
                return product_command(raw, settings)
            case _:
                return order_command(raw, settings, self.connection.id, accounts)

    def _accounts(self, orders: Sequence[Json]) -> Mapping[str, Json]:
        return self.client.find_customers(unnamed_accounts(orders, self._settings))


def whole(found: Found) -> Sequence[Command]:
    """Commands of records that somebody waits for.

    Raises:  Unmappable where nothing could be made of them.
    """
    commands, skipped = found
    if skipped and not commands:
        raise Unmappable(*skipped[0])
    return commands
