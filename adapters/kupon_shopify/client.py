"""The shop's records and subscriptions: one method for each thing that is asked of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kupon.hooks.errors import Misconfigured, as_documented
from kupon.hooks.http import HttpClient
from kupon_shopify import queries
from kupon_shopify.api import AdminApi, Json
from kupon_shopify.codes import Codes

_LISTS: Final = {
    "customers": (queries.CUSTOMERS, None),
    "catalog": (queries.PRODUCTS, ("variants", queries.MORE_VARIANTS)),
    "orders": (queries.ORDERS, ("lineItems", queries.MORE_LINES)),
}


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of records; total is how many there are, where that is exact."""

    nodes: Sequence[Json]
    has_more: bool
    total: int | None
    currency: str


@dataclass(frozen=True, slots=True)
class Subscription:
    """A topic's subscription, and the members of its bodies that it brings."""

    id: str
    fields: Sequence[str]


@dataclass(frozen=True, slots=True)
class BulkState:
    """How far a bulk operation is; url is where its records are, None for none or no longer.

    Units:  size in bytes.
    """

    status: str
    url: str | None
    size: int
    currency: str
    count: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether it has come to its end and found nothing."""
        return self.status == "COMPLETED" and self.count == 0


class ShopifyClient:
    """Calls of one shop; those about codes are in `codes`."""

    def __init__(self, settings: Mapping[str, Any], http: HttpClient) -> None:
        """Call with a connection's settings."""
        self.api = AdminApi(settings, http)
        self.codes = Codes(self.api)

    def get_account(self) -> tuple[str, set[str]]:
        """The shop's domain, and what the app may do there."""
        told = self.api.ask(queries.ACCOUNT, {})
        with as_documented():
            scopes = told["currentAppInstallation"]["accessScopes"]
            return str(told["shop"]["myshopifyDomain"]), {str(each["handle"]) for each in scopes}

    def get_customer(self, id: str) -> Json | None:
        """A customer; None where there is none."""
        return self._get(queries.CUSTOMER, "Customer", id)

    def get_order(self, id: str) -> Json | None:
        """An order with all of its lines."""
        order = self._get(queries.ORDER, "Order", id)
        return None if order is None else self._complete(order, "lineItems", queries.MORE_LINES)

    def get_product(self, id: str) -> tuple[Json | None, str]:
        """A product with all of its variants, and the shop's currency."""
        told = self.api.ask(queries.PRODUCT, {"id": gid("Product", id)})
        with as_documented():
            product, currency = told["product"], str(told["shop"]["currencyCode"])
        if product is None:
            return None, currency
        return self._complete(product, "variants", queries.MORE_VARIANTS), currency

    def list_records(self, resource: str, filter: str, first: int, *, counts: bool) -> Listed:
        """Records by their id, with all of their parts."""
        document, part = _LISTS[resource]
        variables = {"filter": filter or None, "first": first, "isFirst": counts}
        told = self.api.ask(document, variables)
        with as_documented():
            page, count = told["page"], told.get("count") or {}
            listed = Listed(
                nodes=list(page["nodes"]),
                has_more=bool(page["pageInfo"]["hasNextPage"]),
                total=int(count["count"]) if count.get("precision") == "EXACT" else None,
                currency=str((told.get("shop") or {}).get("currencyCode", "")),
            )
        if part is None:
            return listed
        nodes = [self._complete(node, *part) for node in listed.nodes]
        return Listed(nodes, listed.has_more, listed.total, listed.currency)

    def run_bulk(self, resource: str) -> str | None:
        """Have Shopify collect all records of a resource; None where it has too much to do."""
        told = self.api.ask(queries.RUN_BULK, {"query": queries.BULK[resource]})
        with as_documented():
            ran = told["bulkOperationRunQuery"]
            return None if ran["userErrors"] else str(ran["bulkOperation"]["id"])

    def look_at_bulk(self, id: str) -> BulkState:
        """How far Shopify is with collecting; what it no longer knows has expired."""
        told = self.api.ask(queries.BULK_STATE, {"id": id})
        with as_documented():
            found, currency = told["bulkOperation"], str(told["shop"]["currencyCode"])
            if found is None:
                return BulkState("EXPIRED", None, 0, currency)
            return BulkState(
                status=found["status"],
                url=found["url"],
                size=int(found["fileSize"] or 0),
                currency=currency,
                count=int(found["objectCount"]),
            )

    def list_subscriptions(self, uri: str) -> dict[str, Subscription]:
        """The subscriptions that deliver to an address, by topic."""
        told = self.api.ask(queries.SUBSCRIPTIONS, {"uri": uri})
        with as_documented():
            nodes = told["webhookSubscriptions"]["nodes"]
            return {
                str(each["topic"]): Subscription(str(each["id"]), list(each["includeFields"]))
                for each in nodes
                if each["uri"] == uri
            }

    def subscribe(self, topic: str, uri: str, fields: Sequence[str]) -> None:
        """Have a topic delivered to an address, with these members of its body only."""
        subscription = {"uri": uri, "format": "JSON", "includeFields": list(fields)}
        told = self.api.ask(queries.SUBSCRIBE, {"topic": topic, "subscription": subscription})
        with as_documented():
            _check(topic, told["webhookSubscriptionCreate"]["userErrors"])

    def resubscribe(self, topic: str, id: str, fields: Sequence[str]) -> None:
        """Have a topic delivered with other members."""
        subscription = {"format": "JSON", "includeFields": list(fields)}
        told = self.api.ask(queries.RESUBSCRIBE, {"id": id, "subscription": subscription})
        with as_documented():
            _check(topic, told["webhookSubscriptionUpdate"]["userErrors"])

    def unsubscribe(self, id: str) -> None:
        """Have a topic delivered no longer."""
        self.api.ask(queries.UNSUBSCRIBE, {"id": id})

    def _get(self, document: str, kind: str, id: str) -> Json | None:
        told = self.api.ask(document, {"id": gid(kind, id)})
        with as_documented():
            found: Json | None = told[kind.lower()]
        return found

    def _complete(self, record: Json, part: str, document: str) -> Json:
        """A record with all of a part that comes in pages."""
        with as_documented():
            nodes, page = list(record[part]["nodes"]), record[part]["pageInfo"]
            while page["hasNextPage"]:
                told = self.api.ask(document, {"id": record["id"], "after": page["endCursor"]})
                rest = told["record"]["rest"]
                nodes += rest["nodes"]
                page = rest["pageInfo"]
        return {**record, part: {"nodes": nodes}}


def gid(kind: str, id: str) -> str:
    """An object's global id."""
    return f"gid://shopify/{kind}/{id}"


def _check(topic: str, errors: Sequence[Json]) -> None:
    """Raise Misconfigured for what the shop has against a subscription."""
    reasons = [str(each["message"]) for each in errors]
    # The same address for the same topic was made by somebody faster.
    if reasons and not any("already been taken" in reason for reason in reasons):
        raise Misconfigured(f"{topic}: {'; '.join(reasons)}")
