"""Reading a project page by page: its records by when they changed, then what is gone.

Pages go on after the last record's moment and id, which no change to others can disturb; offsets
would end at 10,000. Deletions are in the messages, as long as the project keeps them.

Source: spec adapters-commerce, sections 1.6 and 2.2.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from kupon.hooks.adapter import Connection, Page
from kupon.hooks.commands import Command, DeleteRecord, Stamp
from kupon.hooks.errors import Skip, Unavailable
from kupon_commercetools.client import CommercetoolsClient, as_documented
from kupon_commercetools.mapping.inbound import customer_command, product_command
from kupon_commercetools.mapping.orders import order_command
from kupon_commercetools.mapping.texts import Json, moment

RECORDS, PRICES, GONE = "records", "prices", "gone"
_AFTER: Final = "{field} > :t or ({field} = :t and id > :id)"
_SINCE: Final = "{field} >= :t"
# Prices name SKUs, which become part of one query.
_MOST_PRICES: Final = 20


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind of record: where it is, how many come at once, and which messages tell of its end.

    Shapes:  kind is that of DeleteRecord.
    """

    place: str
    limit: int
    kind: str
    gone: Sequence[str]


RESOURCES: Final[Mapping[str, Resource]] = {
    "customers": Resource("customers", 500, "customer", ("CustomerDeleted",)),
    "catalog": Resource(
        "product-projections", 100, "product", ("ProductDeleted", "ProductUnpublished")
    ),
    "orders": Resource("orders", 100, "order", ("OrderDeleted",)),
}


def gone(kind: str, message: Json, id: str) -> DeleteRecord:
    """What a message of a deletion means."""
    stamp = Stamp(at=moment(message.get("createdAt")))
    return DeleteRecord(kind=kind, source_id=id, stamp=stamp)


def parameters(place: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """What is asked along with records of a kind."""
    if place == "orders":
        return {"expand": ["paymentInfo.payments[*]", "state"]}
    if place != "product-projections":
        return {}
    selected = {
        "priceCurrency": settings["price_currency"],
        "priceCountry": settings["price_country"],
        "priceChannel": settings["price_channel"],
    }
    return {"staged": "false"} | {name: value for name, value in selected.items() if value}


@dataclass(frozen=True, slots=True)
class Pull:
    """One page of one resource."""

    connection: Connection
    client: CommercetoolsClient
    resource: str

    def page(self, cursor: str | None, since: datetime | None) -> Page:
        """The page at a cursor."""
        place = json.loads(cursor) if cursor is not None else {"phase": RECORDS}
        read: Mapping[str, Callable[[Json, datetime | None], tuple[Page, bool]]] = {
            RECORDS: self._records,
            PRICES: self._prices,
            GONE: self._gone,
        }
        found, is_over = read[place["phase"]](place, since)
        if not is_over or since is None:
            return found
        following = self._following(place["phase"])
        after = None if following is None else json.dumps({"phase": following})
        return Page(commands=found.commands, cursor=after, skipped=found.skipped)

    def commands(self, records: Sequence[Json]) -> tuple[list[Command], list[tuple[str, str]]]:
        """What some records mean, and those that mean nothing, with the reasons."""
        commands: list[Command] = []
        skipped: list[tuple[str, str]] = []
        for each in records:
            try:
                with as_documented():
                    commands.append(self._command(each))
            except Skip as error:
                skipped.append((str(each["id"]), error.reason))
            except Unavailable:
                skipped.append((str(each["id"]), "it is not as documented"))
        return commands, skipped

    def _command(self, raw: Json) -> Command:
        settings = self.connection.settings
        match self.resource:
            case "customers":
                return customer_command(raw, settings)
            case "catalog":
                return product_command(raw, settings)
            case _:
                return order_command(raw, settings, self.connection.id)

    def _following(self, phase: str) -> str | None:
        has_prices = self.resource == "catalog" and self.connection.settings["standalone_prices"]
        if phase == RECORDS and has_prices:
            return PRICES
        return None if phase == GONE else GONE

    def _records(self, place: Json, since: datetime | None) -> tuple[Page, bool]:
        what = RESOURCES[self.resource]
        params = parameters(what.place, self.connection.settings)
        records, after = self._read(what.place, what.limit, place, since, params=params)
        commands, skipped = self.commands(records)
        return Page(commands=commands, cursor=after, skipped=skipped), after is None

    def _prices(self, place: Json, since: datetime | None) -> tuple[Page, bool]:
        """Products whose standalone prices have changed, which leaves the products as they were."""
        prices, after = self._read("standalone-prices", _MOST_PRICES, place, since)
        with as_documented():
            skus = sorted({str(each["sku"]) for each in prices})
        names = [f":s{number}" for number in range(len(skus))]
        listed = f"({', '.join(names)})"
        products: Sequence[Json] = ()
        if skus:
            products, _ = self.client.query(
                "product-projections",
                where=f"masterVariant(sku in {listed}) or variants(sku in {listed})",
                limit=500,
                **parameters("product-projections", self.connection.settings),
                **{f"var.s{number}": sku for number, sku in enumerate(skus)},
            )
        commands, skipped = self.commands(products)
        return Page(commands=commands, cursor=after, skipped=skipped), after is None

    def _gone(self, place: Json, since: datetime | None) -> tuple[Page, bool]:
        what = RESOURCES[self.resource]
        types = " or ".join(f'type = "{each}"' for each in what.gone)
        messages, after = self._read(
            "messages", 500, place, since, field="createdAt", condition=f"({types}) and "
        )
        with as_documented():
            commands = [gone(what.kind, each, str(each["resource"]["id"])) for each in messages]
        return Page(commands=commands, cursor=after), after is None

    def _read(
        self,
        where_from: str,
        limit: int,
        place: Json,
        since: datetime | None,
        *,
        field: str = "lastModifiedAt",
        condition: str = "",
        params: Mapping[str, Any] | None = None,
    ) -> tuple[Sequence[Json], str | None]:
        """Objects after a place, and the cursor of what follows them."""
        asked: dict[str, Any] = {"limit": limit, "sort": [f"{field} asc", "id asc"]}
        if "id" in place:
            asked |= {"var.t": place["t"], "var.id": place["id"]}
            asked["where"] = f"{condition}({_AFTER.format(field=field)})"
        elif since is not None:
            asked["var.t"] = since.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            asked["where"] = f"{condition}{_SINCE.format(field=field)}"
        found, is_full = self.client.query(where_from, **asked, **(params or {}))
        if not is_full or not found:
            return found, None
        with as_documented():
            last = found[-1]
            after = {"phase": place["phase"], "t": last[field], "id": last["id"]}
        return found, json.dumps(after)
