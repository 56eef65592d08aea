"""What the shop has, page by page: by id, or where there is much, from a file that it makes.

Source: spec adapters-commerce, section 5.1: cursors of the platform end at 25,000.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from kupon.hooks.adapter import Page
from kupon.hooks.commands import Command
from kupon.hooks.errors import Retry, Unmappable, as_documented
from kupon_shopify import queries
from kupon_shopify.api import Denied, FileGone
from kupon_shopify.bulk import Place, read_records
from kupon_shopify.client import ShopifyClient
from kupon_shopify.mapping import inbound, orders

CUSTOMERS, CATALOG, ORDERS = "customers", "catalog", "orders"
_PAGE: Final = {CUSTOMERS: 100, CATALOG: 20, ORDERS: 10}
_FILTERS: Final = {CATALOG: queries.ALL_PRODUCTS}
# How many codes are looked for at once.
_CODES: Final = 50
_COLLECTING: Final = frozenset(("CANCELING", "CREATED", "RUNNING"))
_COLLECTING_S: Final = 10.0
# By id from the first on.
_FROM_THE_FIRST: Final = "0"

Json = Mapping[str, Any]


class Pull:
    """One page of a resource."""

    def __init__(
        self, client: ShopifyClient, settings: Mapping[str, Any], installed_at: datetime
    ) -> None:
        """Read by a connection's settings; older orders than it are no reason to look for codes."""
        self._client = client
        self._settings = settings
        self._installed_at = installed_at

    def page(self, resource: str, cursor: str | None, since: datetime | None) -> Page:
        """The page that a cursor names."""
        place = Place.parse(cursor)
        if place is not None:
            return self._from_file(resource, place)
        filter = " AND ".join(_terms(resource, cursor, since))
        listed = self._client.list_records(resource, filter, _PAGE[resource], counts=cursor is None)
        is_much = (listed.total or 0) >= self._settings["bulk_from"]
        if cursor is None and since is None and listed.has_more and is_much:
            operation = self._collect(resource)
            if operation is not None:
                return Page(commands=(), cursor=str(Place(operation)), total=listed.total)
        # Of customers the shop compares whole days.
        news = [
            node
            for node in listed.nodes
            if since is None or datetime.fromisoformat(node["updatedAt"]) >= since
        ]
        commands, skipped = self._read(resource, news, listed.currency)
        with as_documented():
            last = listed.nodes[-1]["legacyResourceId"] if listed.has_more else None
            following = None if last is None else str(int(last) + 1)
        return Page(commands=commands, cursor=following, total=listed.total, skipped=skipped)

    def _collect(self, resource: str) -> str | None:
        """Have the shop collect all records; None where it can't now, or not by this token."""
        try:
            return self._client.run_bulk(resource)
        except Denied:
            return None

    def _from_file(self, resource: str, place: Place) -> Page:
        """Records that Shopify has collected; where it could not, or not for so long, all by id.

        Raises:  Retry while it collects.
        """
        state = self._client.look_at_bulk(place.operation)
        if state.status in _COLLECTING:
            raise Retry("Shopify is collecting the records", _COLLECTING_S)
        if state.is_empty:
            return Page(commands=(), cursor=None)
        if state.status != "COMPLETED" or state.url is None:
            return Page(commands=(), cursor=_FROM_THE_FIRST)
        try:
            with as_documented():
                nodes, end = read_records(
                    partial(self._client.api.read_file, state.url), place.offset, state.size
                )
        except FileGone:
            return Page(commands=(), cursor=_FROM_THE_FIRST)
        commands, skipped = self._read(resource, nodes, state.currency)
        following = str(Place(place.operation, end)) if end < state.size else None
        return Page(commands=commands, cursor=following, skipped=skipped)

    def _read(
        self, resource: str, nodes: Sequence[Json], currency: str
    ) -> tuple[list[Command], list[tuple[str, str]]]:
        """What records mean, and those that mean nothing."""
        commands: list[Command] = []
        skipped: list[tuple[str, str]] = []
        letters = self.letters_of(nodes) if resource == ORDERS else {}
        with as_documented():
            for node in nodes:
                try:
                    commands.append(self._command(resource, node, currency, letters))
                except Unmappable as error:
                    skipped.append((error.record_id, error.reason))
        return commands, skipped

    def _command(
        self, resource: str, node: Json, currency: str, letters: Mapping[str, str | None]
    ) -> Command:
        if resource == CUSTOMERS:
            return inbound.customer_of(node, self._settings)
        if resource == CATALOG:
            return inbound.product_of(node, currency, self._settings)
        return orders.order_of(node, self._settings, letters)

    def letters_of(self, nodes: Sequence[Json]) -> dict[str, str | None]:
        """How the codes of orders are written in Kupon, None for those that are the shop's own.

        Shapes:  what the shop does not know, or does not tell, is missing.
        """
        with as_documented():
            codes = list(
                dict.fromkeys(
                    code
                    for node in nodes
                    if datetime.fromisoformat(_placed_at(node)) >= self._installed_at
                    for code in node["discountCodes"]
                )
            )
        letters: dict[str, str | None] = {}
        try:
            for start in range(0, len(codes), _CODES):
                some = codes[start : start + _CODES]
                for code, known in zip(some, self._client.codes.find(some)[0], strict=True):
                    if known is not None and not known.is_own:
                        letters[code] = None
                    elif known is not None and known.code is not None:
                        letters[code] = known.code
        except Denied:
            # Orders may be read by an app that may not read discounts.
            return {}
        return letters


def _placed_at(node: Json) -> str:
    return str(node["processedAt"] or node["createdAt"])


def _terms(resource: str, cursor: str | None, since: datetime | None) -> Iterator[str]:
    """The conditions of a page's records, in the shop's search syntax."""
    if resource in _FILTERS:
        yield _FILTERS[resource]
    if since is not None:
        yield f"updated_at:>='{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}'"
    if cursor is not None:
        yield f"id:>={cursor}"
