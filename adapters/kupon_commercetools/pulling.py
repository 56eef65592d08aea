"""Reading a project page by page: its records by when they changed, then what messages tell.

Pages go on after the last record's moment and id, which no change to others can disturb; offsets
would end at 10,000. Messages tell of what has ended and of payments, neither of which changes a
record, as long as the project keeps them.

Source: spec adapters-commerce, sections 1.6, 2.2 and 2.3.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from kupon.hooks.adapter import Connection, Page
from kupon.hooks.errors import as_documented
from kupon_commercetools import webhooks
from kupon_commercetools.client import CommercetoolsClient
from kupon_commercetools.mapping.texts import Json
from kupon_commercetools.records import RESOURCES, Records, parameters

RECORDS, PRICES, MESSAGES = "records", "prices", "messages"
_AFTER: Final = "{field} > :t or ({field} = :t and id > :id)"
_SINCE: Final = "{field} >= :t"
# Prices name SKUs, and messages payments, which become part of one query.
_MOST_PRICES: Final = 20
_MOST_MESSAGES: Final = 100
_TOLD: Final[Mapping[str, Sequence[str]]] = {
    "customers": ("CustomerDeleted",),
    "catalog": ("ProductDeleted", "ProductUnpublished"),
    "orders": ("OrderDeleted", *webhooks.PAYMENT_MESSAGES),
}


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
            MESSAGES: self._messages,
        }
        found, is_over = read[place["phase"]](place, since)
        if not is_over or since is None:
            return found
        following = self._following(place["phase"])
        after = None if following is None else json.dumps({"phase": following})
        return Page(commands=found.commands, cursor=after, skipped=found.skipped)

    @property
    def _made(self) -> Records:
        return Records(self.connection, self.client)

    @property
    def _has_prices(self) -> bool:
        return self.resource == "catalog" and bool(self.connection.settings["standalone_prices"])

    def _following(self, phase: str) -> str | None:
        if phase == RECORDS and self._has_prices:
            return PRICES
        return None if phase == MESSAGES else MESSAGES

    def _records(self, place: Json, since: datetime | None) -> tuple[Page, bool]:
        what = RESOURCES[self.resource]
        params = parameters(what.place, self.connection.settings)
        records, after = self._read(what.place, what.limit, place, since, params=params)
        commands, skipped = self._made.commands(self.resource, records)
        return Page(commands=commands, cursor=after, skipped=skipped), after is None

    def _prices(self, place: Json, since: datetime | None) -> tuple[Page, bool]:
        """Products whose standalone prices have changed, which leaves the products as they were."""
        prices, after = self._read("standalone-prices", _MOST_PRICES, place, since)
        with as_documented():
            skus = sorted({str(each["sku"]) for each in prices})
        commands, skipped = self._made.of_skus(skus)
        return Page(commands=commands, cursor=after, skipped=skipped), after is None

    def _messages(self, place: Json, since: datetime | None) -> tuple[Page, bool]:
        wanted = list(_TOLD[self.resource])
        wanted += ["StandalonePriceDeleted"] if self._has_prices else []
        types = " or ".join(f'type = "{each}"' for each in wanted)
        messages, after = self._read(
            "messages", _MOST_MESSAGES, place, since, field="createdAt", condition=f"({types}) and "
        )
        with as_documented():
            commands, skipped = self._made.of_messages(messages)
        return Page(commands=commands, cursor=after, skipped=skipped), after is None

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
