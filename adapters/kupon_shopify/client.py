"""The shop's Admin API: tokens, the rate that is counted in points, and one method per call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from kupon.hooks.errors import (
    AuthFailed,
    Misconfigured,
    RateLimited,
    Rejected,
    Unavailable,
    Unsupported,
)
from kupon.hooks.http import HttpClient, HttpResponse
from kupon_shopify import queries

_GROUP: Final = "admin"
_TOKEN: Final = "admin"  # noqa: S105 - the name of one
# A wait that was not told.
_PAUSE_S: Final = 2.0
_DAY_S: Final = 86_400
_STATUSES: Final = {
    402: (Unsupported, "the shop is frozen until it has paid its bill"),
    404: (Misconfigured, "there is no such shop, or no such version of the API"),
    423: (Unsupported, "the shop is locked"),
}
# Errors of GraphQL that somebody has to look at; the query is the same for all records.
_HOPELESS: Final = frozenset(("MAX_COST_EXCEEDED", "SHOP_INACTIVE", "undefinedField"))
_PASSING: Final = frozenset((None, "INTERNAL_SERVER_ERROR", "TIMEOUT"))

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of records; total is how many there are, where that is exact."""

    nodes: Sequence[Json]
    has_more: bool
    total: int | None
    currency: str


@dataclass(frozen=True, slots=True)
class Change:
    """A discount to make or change; kind is of queries, arguments are what it takes."""

    kind: str
    arguments: Json


class ShopifyClient:
    """Calls of one shop."""

    def __init__(self, settings: Mapping[str, Any], http: HttpClient) -> None:
        """Read where the shop is."""
        base = (settings["admin_url"] or f"https://{settings['shop']}").rstrip("/")
        self._settings = settings
        self._http = http
        self._url = f"{base}/admin/api/{settings['api_version']}/graphql.json"
        self._token_url = f"{base}/admin/oauth/access_token"
        # The version that has answered; Shopify goes on with another one where one has ended.
        self.version = ""

    def get_account(self) -> tuple[str, set[str]]:
        """The shop's domain, and what the app may do there."""
        told = self._ask(queries.ACCOUNT, {})
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
        told = self._ask(queries.PRODUCT, {"id": gid("Product", id)})
        with as_documented():
            product, currency = told["product"], str(told["shop"]["currencyCode"])
        if product is None:
            return None, currency
        return self._complete(product, "variants", queries.MORE_VARIANTS), currency

    def list_customers(self, filter: str, first: int, *, counts: bool) -> Listed:
        """Customers by their id."""
        return self._list(queries.CUSTOMERS, filter, first, counts)

    def list_products(self, filter: str, first: int, *, counts: bool) -> Listed:
        """Products by their id, with all of their variants."""
        listed = self._list(queries.PRODUCTS, filter, first, counts)
        nodes = [self._complete(node, "variants", queries.MORE_VARIANTS) for node in listed.nodes]
        return Listed(nodes, listed.has_more, listed.total, listed.currency)

    def list_orders(self, filter: str, first: int, *, counts: bool) -> Listed:
        """Orders by their id, with all of their lines."""
        listed = self._list(queries.ORDERS, filter, first, counts)
        nodes = [self._complete(node, "lineItems", queries.MORE_LINES) for node in listed.nodes]
        return Listed(nodes, listed.has_more, listed.total, listed.currency)

    def list_subscriptions(self, uri: str) -> dict[str, str]:
        """The subscriptions that deliver to an address: ids by topic."""
        told = self._ask(queries.SUBSCRIPTIONS, {"uri": uri})
        with as_documented():
            nodes = told["webhookSubscriptions"]["nodes"]
            return {str(each["topic"]): str(each["id"]) for each in nodes if each["uri"] == uri}

    def subscribe(self, topic: str, uri: str, fields: Sequence[str]) -> None:
        """Have a topic delivered to an address, with these members of its body only."""
        subscription = {"uri": uri, "format": "JSON", "includeFields": list(fields)}
        told = self._ask(queries.SUBSCRIBE, {"topic": topic, "subscription": subscription})
        with as_documented():
            errors = told["webhookSubscriptionCreate"]["userErrors"]
            reasons = [str(each["message"]) for each in errors]
        # The same address for the same topic was made by somebody faster.
        if reasons and not any("already been taken" in reason for reason in reasons):
            raise Misconfigured(f"{topic}: {'; '.join(reasons)}")

    def unsubscribe(self, id: str) -> None:
        """Have a topic delivered no longer."""
        self._ask(queries.UNSUBSCRIBE, {"id": id})

    def find_codes(self, codes: Sequence[str]) -> tuple[list[Json | None], str]:
        """The discounts of some codes, in whichever letters they are written; and the currency."""
        variables = {f"code{place}": code for place, code in enumerate(codes)}
        told = self._ask(queries.find_codes(len(codes)), variables)
        with as_documented():
            found = [told[f"code{place}"] for place in range(len(codes))]
            return found, str(told["shop"]["currencyCode"])

    def change_codes(self, changes: Sequence[Change]) -> list[Sequence[Json] | None]:
        """Make or change discounts: what the shop has against each, None for no answer on it."""
        variables = {
            f"{name}{place}": value
            for place, change in enumerate(changes)
            for name, value in change.arguments.items()
        }
        document = queries.change_codes([change.kind for change in changes])
        told = self._ask(document, variables, is_partial=True)
        with as_documented():
            answers = [told.get(f"change{place}") for place in range(len(changes))]
            return [None if each is None else list(each["userErrors"]) for each in answers]

    def _get(self, document: str, kind: str, id: str) -> Json | None:
        told = self._ask(document, {"id": gid(kind, id)})
        with as_documented():
            found: Json | None = told[kind.lower()]
        return found

    def _list(self, document: str, filter: str, first: int, counts: bool) -> Listed:
        variables = {"filter": filter or None, "first": first, "isFirst": counts}
        told = self._ask(document, variables)
        with as_documented():
            page, count = told["page"], told.get("count") or {}
            return Listed(
                nodes=list(page["nodes"]),
                has_more=bool(page["pageInfo"]["hasNextPage"]),
                total=int(count["count"]) if count.get("precision") == "EXACT" else None,
                currency=str((told.get("shop") or {}).get("currencyCode", "")),
            )

    def _complete(self, record: Json, part: str, document: str) -> Json:
        """A record with all of a part that comes in pages."""
        with as_documented():
            nodes, page = list(record[part]["nodes"]), record[part]["pageInfo"]
            while page["hasNextPage"]:
                told = self._ask(document, {"id": record["id"], "after": page["endCursor"]})
                rest = told["record"]["rest"]
                nodes += rest["nodes"]
                page = rest["pageInfo"]
        return {**record, part: {"nodes": nodes}}

    def _ask(self, document: str, variables: Json, *, is_partial: bool = False) -> Json:
        """The data of an answer; of a partial one what there is, in spite of passing errors."""
        answer = self._call({"query": document, "variables": variables})
        told = answer.json()
        if not isinstance(told, dict):
            raise Unavailable("the answer is not as documented")
        data, errors = told.get("data"), told.get("errors")
        wait_s = self._keep_pace(told.get("extensions"))
        with as_documented():
            for error in errors or ():
                _raise(error, wait_s, is_partial=is_partial and isinstance(data, dict))
        if not isinstance(data, dict):
            raise Unavailable("the answer is not as documented")
        return data

    def _keep_pace(self, extensions: Any) -> float:
        """Where the points do not suffice for one more call like this, wait for half of them all.

        A page may take several calls, and one that is broken off begins anew: with points for the
        next call only it would never end.
        """
        try:
            cost, status = extensions["cost"], extensions["cost"]["throttleStatus"]
            asked, left = float(cost["requestedQueryCost"]), float(status["currentlyAvailable"])
            wanted = max(asked, float(status["maximumAvailable"]) / 2)
            wait_s = (wanted - left) / float(status["restoreRate"]) if left < asked else 0.0
        except (KeyError, TypeError, ValueError, ZeroDivisionError):
            return _PAUSE_S
        if wait_s:
            self._http.pace.hold(_GROUP, wait_s)
        return wait_s

    def _call(self, body: Json) -> HttpResponse:
        """One call; a token that has ended is renewed once."""
        token = self._settings["access_token"]
        if token:
            return self._post(body, token)
        kept = self._http.tokens.get(_TOKEN)
        if kept is not None:
            try:
                return self._post(body, kept)
            except AuthFailed:
                self._http.tokens.drop(_TOKEN)
        return self._post(body, self._new_token())

    def _post(self, body: Json, token: str) -> HttpResponse:
        answer = self._http.call(
            "POST",
            self._url,
            group=_GROUP,
            headers={"X-Shopify-Access-Token": token},
            json=body,
            allow=tuple(_STATUSES),
        )
        if answer.status in _STATUSES:
            error, reason = _STATUSES[answer.status]
            raise error(reason)
        self.version = answer.headers.get("x-shopify-api-version", "")
        return answer

    def _new_token(self) -> str:
        client_id = self._settings["client_id"]
        if not client_id:
            raise Misconfigured("one of the settings client_id and access_token is needed")
        answer = self._http.call(
            "POST",
            self._token_url,
            group="token",
            form={
                "grant_type": "client_credentials",
                "client_id": client_id,
                "client_secret": self._settings["client_secret"],
            },
            allow=(400, 404),
        )
        if answer.status == 404:
            raise Misconfigured("there is no such shop")
        if answer.status == 400:
            raise AuthFailed("the app's credentials are refused, or it is not installed")
        with as_documented():
            told = answer.json()
            token, lasts_s = str(told["access_token"]), float(told.get("expires_in", _DAY_S))
        self._http.tokens.put(_TOKEN, token, lasts_s)
        return token


def gid(kind: str, id: str) -> str:
    """An object's global id."""
    return f"gid://shopify/{kind}/{id}"


def _raise(error: Any, wait_s: float, *, is_partial: bool) -> None:
    code = (error.get("extensions") or {}).get("code")
    if code == "THROTTLED":
        raise RateLimited("the shop's points are used up", wait_s or _PAUSE_S)
    if code == "ACCESS_DENIED":
        raise AuthFailed(f"the app lacks a scope: {error.get('message')}")
    if code in _HOPELESS:
        raise Unsupported(f"Shopify can't answer: {code}")
    if is_partial:
        return
    if code in _PASSING:
        raise Unavailable("Shopify failed inside")
    raise Rejected("query", f"Shopify answered {code}")


@contextmanager
def as_documented() -> Iterator[None]:
    """What is answered in another shape than documented is no answer."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError):
        raise Unavailable("the answer is not as documented") from None
