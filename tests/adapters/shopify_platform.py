"""Shopify played at its HTTP edge: tokens, the Admin API as real GraphQL, and signed webhooks.

The Admin API executes the documents that come over the part of the schema in `shopify.graphql`, so
that it refuses what Shopify would. Source: spec adapters-commerce, section 5; Shopify's pages on
API limits, webhooks and the client credentials grant.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from graphql import GraphQLError, build_schema, graphql_sync
from tests.adapters import shopify_records as records
from tests.adapters.shopify_bulk import BulkOperations
from tests.adapters.shopify_discounts import BASIC, Discounts
from tests.adapters.shopify_metafields import Metafields
from tests.adapters.shopify_subscriptions import Subscriptions

from kupon.hooks.adapter import InboundRequest
from kupon.testing import FakePlatform, Received, Reply, inbound, route
from kupon.testing.roles import PlatformOrder

SCHEMA = build_schema((Path(__file__).parent / "shopify.graphql").read_text())
TOKEN = "shpat_of-the-played-shop"
SCOPES = ("write_products", "read_customers", "read_orders", "write_discounts")
OTHERS = {"ORDERS_PAID https://other.example.com/hook": []}
_COST = 10
_KINDS = {"customers": "customers", "catalog": "products", "orders": "orders"}
_READ = {
    "orders": records.order_of,
    "customers": records.customer_of,
    "products": records.product_of,
}
_AT_LEAST = re.compile(r"id:>=(\d+)")
_CHANGED = re.compile(r"updated_at:>='([^']+)'")


class ShopifyPlatform(FakePlatform):
    """A shop that has installed the connection's app."""

    signed_by = ("x-shopify-hmac-sha256",)
    token_paths = ("/admin/oauth/access_token",)
    takes_all_or_none = False

    def __init__(self, config: dict[str, Any] | None = None) -> None:
        super().__init__(config)
        self.batches: list[list[str]] = []
        self.refused: set[str] = set()
        self.tokens: set[str] = set()
        self.scopes = list(SCOPES)
        self.is_installed = True
        self.shows_discounts = True
        # What is left of the points; each query asks for ten.
        self.points = 2000.0
        self.points_after: float | None = None
        self.spends = False
        self.answers_as = ""
        self.inner_page = 250
        self.records: dict[str, dict[str, Any]] = {kind: {} for kind in _READ}
        self.discounts = Discounts(self.refused)
        self.metafields = Metafields(self.records["orders"], self.refused)
        self.bulk = BulkOperations(self._collect)
        self._is_collecting = False
        self.subscriptions = Subscriptions(OTHERS)

    # Tokens

    @route("POST", "/admin/oauth/access_token")
    def access_token(self, request: Received) -> Reply:
        """A token for the app's client id and secret."""
        sent, settings = request.form, self.settings
        wanted = ("client_credentials", settings["client_id"], settings["client_secret"])
        given = tuple(sent.get(name) for name in ("grant_type", "client_id", "client_secret"))
        if given != wanted or not self.is_installed:
            return Reply({"error": "invalid_client"}, 400)
        token = f"{TOKEN}-{len(self.tokens)}"
        self.tokens.add(token)
        return Reply({"access_token": token, "scope": ",".join(SCOPES), "expires_in": 86399})

    # Admin API

    @route("POST", "/admin/api/<version>/graphql.json")
    def admin(self, request: Received, version: str) -> Reply:
        """Execute a document, if the token is right and there are points for it."""
        known = self.tokens | {self.settings.get("access_token")}
        if not self.is_installed or request.headers.get("x-shopify-access-token") not in known:
            return Reply({"errors": "[API] Invalid API key or access token"}, 401)
        cost: dict[str, Any] = {
            "requestedQueryCost": _COST,
            "actualQueryCost": _COST,
            "throttleStatus": {
                "maximumAvailable": 2000.0,
                "currentlyAvailable": self.points,
                "restoreRate": 100.0,
            },
        }
        headers = {"X-Shopify-API-Version": self.answers_as or version}
        if self.points < _COST:
            error = {"message": "Throttled", "extensions": {"code": "THROTTLED"}}
            return Reply({"errors": [error], "extensions": {"cost": cost}}, 200, headers)
        told = self._execute(request.json)
        self.points -= _COST if self.spends else 0
        if self.points_after is not None:
            cost["throttleStatus"] |= {"currentlyAvailable": self.points_after}
        return Reply({**told, "extensions": {"cost": cost}}, 200, headers)

    def _execute(self, sent: dict[str, Any]) -> dict[str, Any]:
        self.discounts.changed, self.metafields.changed = [], []
        result = self._run(sent["query"], sent.get("variables"))
        if changed := self.discounts.changed or self.metafields.changed:
            self.batches.append(changed)
        told: dict[str, Any] = {}
        if result.errors:
            told["errors"] = [error.formatted for error in result.errors]
        if result.data is not None:
            told["data"] = result.data
        return told

    def _run(self, query: str, variables: dict[str, Any] | None = None) -> Any:
        return graphql_sync(
            SCHEMA,
            query,
            root_value=self._roots(),
            variable_values=variables,
            field_resolver=self._resolve,
        )

    def _collect(self, query: str) -> dict[str, Any]:
        """What a query finds that the shop runs by itself, without pages."""
        self._is_collecting = True
        try:
            result = self._run(query)
        finally:
            self._is_collecting = False
        assert not result.errors, result.errors
        found: dict[str, Any] = result.data
        return found

    @route("GET", "/bulk/<number>")
    def file(self, request: Received, number: str) -> Reply:
        """A file that the shop has made."""
        return self.bulk.read(request, number)

    def _roots(self) -> dict[str, Any]:
        roots: dict[str, Any] = {
            "shop": {"myshopifyDomain": self.settings["shop"], "currencyCode": "EUR"},
            "currentAppInstallation": {
                "accessScopes": [{"handle": each} for each in self.scopes]
            },
            **self.subscriptions.roots(),
            **self.discounts.roots(),
            **self.metafields.roots(),
            **self.bulk.roots(self.url),
        }  # fmt: skip
        if not self.shows_discounts:
            roots["codeDiscountNodeByCode"] = _deny
        for kind in _READ:
            roots[kind[:-1]] = self._reader(kind)
            roots[kind] = self._lister(kind)
            roots[f"{kind}Count"] = self._counter(kind)
        return roots

    def _resolve(self, source: Any, info: Any, **arguments: Any) -> Any:
        """Members of records; lists where the schema has connections become pages."""
        value = source.get(info.field_name)
        if callable(value):
            value = value(info, **arguments)
        if str(info.return_type).rstrip("!").endswith("Connection"):
            return self._page(value, arguments)
        return value

    def _page(self, value: Any, arguments: dict[str, Any]) -> dict[str, Any]:
        if isinstance(value, dict) and value.get("isPage"):
            return value
        nodes = value["nodes"] if isinstance(value, dict) else value
        start = int(arguments.get("after") or 0)
        stop = start + min(arguments.get("first") or 0, self.inner_page)
        if self._is_collecting:
            stop = len(nodes)
        more = stop < len(nodes)
        return {
            "nodes": nodes[start:stop],
            "edges": [{"node": node} for node in nodes[start:stop]],
            "pageInfo": {"hasNextPage": more, "endCursor": str(stop) if more else None},
        }

    def _reader(self, kind: str) -> Any:
        return lambda _, id: self.records[kind].get(id.rpartition("/")[2])

    def _lister(self, kind: str) -> Any:
        def listed(_: Any, first: int = 0, query: str | None = None, sortKey: str = "") -> Any:
            if self._is_collecting:
                return self._matching(kind, query)
            assert sortKey == "ID"
            found = self._matching(kind, query)
            most = min(first, self.page_size)
            page = {"hasNextPage": len(found) > most, "endCursor": None}
            return {"nodes": found[:most], "pageInfo": page, "isPage": True}

        return listed

    def _counter(self, kind: str) -> Any:
        def count(_: Any, query: str | None = None, limit: int | None = 10_000) -> Any:
            return {"count": len(self._matching(kind, query)), "precision": "EXACT"}

        return count

    def _matching(self, kind: str, query: str | None) -> list[dict[str, Any]]:
        """Records by id; the terms of the search syntax that are understood here."""
        text = query or ""
        least, changed = _AT_LEAST.search(text), _CHANGED.search(text)
        since = changed[1] if changed else ""
        if kind == "customers":
            # "Matching a whole day."
            since = since[:10]
        ordered = sorted(self.records[kind].values(), key=_number)
        return [
            each
            for each in ordered
            if (least is None or _number(each) >= int(least[1])) and each["updatedAt"] >= since
        ]

    # Records

    def put(self, resource: str, count: int, *, changed_at: datetime) -> list[str]:
        """Further records with numbers of their own."""
        kind = _KINDS[resource]
        make = getattr(records, f"make_{kind[:-1]}")
        first = 7001 + len(self.records[kind])
        ids = [str(number) for number in range(first, first + count)]
        for id in ids:
            self.records[kind][id] = make(id, records.instant(changed_at))
        return ids

    def add(self, resource: str, content: bytes) -> None:
        """A record as the Admin API has it."""
        node = json.loads(content)
        self.records[_KINDS[resource]][str(node["legacyResourceId"])] = node

    def remove(self, resource: str, source_id: str, *, at: datetime) -> bool:
        """Lists say nothing of what is gone."""
        self.records[_KINDS[resource]].pop(source_id, None)
        return False

    # Discounts

    def held(self, kind: str) -> dict[str, Any]:
        """The discounts by code, or what orders were told."""
        return self.metafields.values if kind == "orders" else self.discounts.held()

    def add_foreign(self, code: str, kind: str = BASIC) -> None:
        """A discount that somebody has made by hand."""
        self.discounts.store(code, kind, [])

    # Webhooks

    def installed(self) -> dict[str, Any]:
        """The subscriptions, with the members that they bring."""
        return dict(self.subscriptions.fields)

    def event(self, name: str, body: bytes, *, id: str, at: datetime) -> InboundRequest:
        """A webhook; the record that it tells of is there, as far as it tells of one."""
        with suppress(ValueError, TypeError, LookupError, AttributeError, ArithmeticError):
            self._hold(name, json.loads(body))
        return self.signed(name, body, id, at)

    def order_event(self, order: PlatformOrder, *, id: str) -> InboundRequest:
        """The webhook of an order's status; late news are no reason to take a newer one back."""
        node = records.shopify_order(order)
        known = self.records["orders"].get(order.number)
        if known is None or known["updatedAt"] <= node["updatedAt"]:
            self.records["orders"][order.number] = node
        body = json.dumps({"id": order.number, "updated_at": node["updatedAt"]}).encode()
        return self.signed(records.TOPICS[order.status], body, id, order.changed_at)

    def _hold(self, topic: str, body: dict[str, Any]) -> None:
        kind, _, what = topic.partition("/")
        if topic == "refunds/create" or topic == "orders/edited":
            id = body.get("order_id") or body["order_edit"]["order_id"]
            at = "2026-06-16T09:00:00Z"
            self.records["orders"].setdefault(str(id), records.make_order(id, at))
        elif kind in _READ and what not in ("delete", "merge", "redact", "data_request"):
            self.records[kind][str(body["id"])] = _READ[kind](body)

    def signed(self, topic: str, body: bytes, id: str, at: datetime) -> InboundRequest:
        """A webhook of the app's."""
        secret = self.settings["client_secret"].encode()
        signature = base64.b64encode(hmac.new(secret, body, hashlib.sha256).digest()).decode()
        headers = {
            "X-Shopify-Topic": topic,
            "X-Shopify-Hmac-SHA256": signature,
            "X-Shopify-Shop-Domain": self.settings["shop"],
            "X-Shopify-API-Version": "2026-10",
            "X-Shopify-Webhook-Id": f"webhook-{id}",
            "X-Shopify-Event-Id": f"event-{id}",
            "X-Shopify-Triggered-At": at.strftime("%Y-%m-%dT%H:%M:%S.123456789Z"),
        }
        return inbound(body, headers=headers)


def _number(node: dict[str, Any]) -> int:
    return int(node["legacyResourceId"])


def _deny(_: Any, code: str) -> None:
    raise GraphQLError("Access denied", extensions={"code": "ACCESS_DENIED"})
