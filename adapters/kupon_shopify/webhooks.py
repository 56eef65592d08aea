"""Webhooks of the shop: whether they are the app's, and what they are about.

A body is never taken for the state of a record, as repetitions bring the old one: it only names
the record, which is then asked for. So little of it is stored.

Source: spec adapters-commerce, sections 1.7 and 5.3.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from kupon.hooks.adapter import Delivery, InboundRequest
from kupon.hooks.errors import Misconfigured, Refused, Unmappable
from kupon.hooks.signatures import check_equal, check_hmac
from kupon_shopify.mapping.inbound import email_of

ORDER, CUSTOMER, PRODUCT, SHOP = "order", "customer", "product", "shop"
MERGE, REDACT, DATA_REQUEST = "customers/merge", "customers/redact", "customers/data_request"
UNINSTALLED, SHOP_REDACT = "app/uninstalled", "shop/redact"

Body = Mapping[str, Any]

# Numbers in all documents, and safe in a global id whatever they become.
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")

_MERGED: Final = ("admin_graphql_api_customer_kept_id", "admin_graphql_api_customer_deleted_id")
# Topics that the app subscribes to, and the members that it wants of their bodies; those of privacy
# are subscribed to in the app's own configuration.
TOPICS: Final[Mapping[str, tuple[str, ...]]] = {
    "orders/create": ("id", "updated_at"),
    "orders/updated": ("id", "updated_at"),
    "orders/paid": ("id", "updated_at"),
    "orders/cancelled": ("id", "updated_at"),
    "orders/fulfilled": ("id", "updated_at"),
    "orders/partially_fulfilled": ("id", "updated_at"),
    "orders/edited": ("order_edit.id", "order_edit.order_id"),
    "orders/delete": ("id",),
    "refunds/create": ("id", "order_id"),
    "customers/create": ("id", "updated_at"),
    "customers/update": ("id", "updated_at"),
    "customers/delete": ("id",),
    MERGE: (*_MERGED, "status"),
    "products/create": ("id", "updated_at"),
    "products/update": ("id", "updated_at"),
    "products/delete": ("id",),
    UNINSTALLED: ("id",),
}


def verify(request: InboundRequest, settings: Mapping[str, Any]) -> None:
    """Raise Refused unless the request is the app's, of this shop."""
    secrets = [settings["client_secret"], settings["previous_client_secret"]]
    known = [secret for secret in secrets if secret]
    if not known:
        raise Misconfigured("setting client_secret is missing")
    check_equal(request.headers.get("x-shopify-shop-domain"), settings["shop"])
    given = request.headers.get("x-shopify-hmac-sha256")
    for secret in known[:-1]:
        try:
            check_hmac(given, secret, request.body, encoding="base64")
        except Refused:
            continue
        return
    check_hmac(given, known[-1], request.body, encoding="base64")


def deliveries_of(request: InboundRequest) -> list[Delivery]:
    """What a request tells of; nothing of topics that nobody asked for.

    Raises:  Unmappable for a body that names no record.
    """
    topic = request.headers.get("x-shopify-topic", "").lower()
    read = _READ.get(topic)
    if read is None:
        return []
    try:
        body = json.loads(request.body)
    except ValueError:
        raise Unmappable("request", "it is not JSON") from None
    if not isinstance(body, dict):
        raise Unmappable("request", "it is no object")
    subject, payload = read(body)
    return [
        Delivery(
            id=f"{topic}:{_event_id(request)}:{subject}",
            event=topic,
            subject=subject,
            payload=payload,
            occurred_at=_moment(request.headers.get("x-shopify-triggered-at"))
            or request.received_at,
        )
    ]


def _event_id(request: InboundRequest) -> str:
    """The event's name: the same in repetitions, and for all subscriptions that it meets."""
    headers = request.headers
    named = headers.get("x-shopify-event-id") or headers.get("x-shopify-webhook-id")
    return named or hashlib.sha256(request.body).hexdigest()


def _record(kind: str, *path: str) -> Callable[[Body], tuple[str, dict[str, Any]]]:
    """Read the id of a record at a place in the body."""

    def read(body: Body) -> tuple[str, dict[str, Any]]:
        value: Any = body
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        id = _id(value)
        return f"{kind}:{id}", {"id": id}

    return read


def _merge(body: Body) -> tuple[str, dict[str, Any]]:
    kept, deleted = (_id(str(body.get(name)).rpartition("/")[2]) for name in _MERGED)
    payload = {"into": kept, "from": deleted, "status": str(body.get("status")).lower()}
    return f"{CUSTOMER}:{kept}", payload


def _data_request(body: Body) -> tuple[str, dict[str, Any]]:
    subject, payload = _record(CUSTOMER, "customer", "id")(body)
    orders, request = body.get("orders_requested"), body.get("data_request")
    return subject, payload | {
        "orders": [str(each) for each in orders] if isinstance(orders, list) else [],
        "request": str(request.get("id")) if isinstance(request, dict) else "",
    }


def _redact(body: Body) -> tuple[str, dict[str, Any]]:
    """The e-mail address too: the orders of guests are known by it."""
    subject, payload = _record(CUSTOMER, "customer", "id")(body)
    email = body["customer"].get("email")
    known = email_of(email) if isinstance(email, str) else None
    return subject, payload if known is None else {**payload, "email": known}


def _shop(body: Body) -> tuple[str, dict[str, Any]]:
    return f"{SHOP}:itself", {}


def _id(value: Any) -> str:
    """A record's id as text.

    Raises:  Unmappable.
    """
    is_number = isinstance(value, int) and not isinstance(value, bool)
    text = str(value) if is_number or isinstance(value, str) else ""
    if text == "0" or not _NAME.fullmatch(text):
        raise Unmappable("request", "it names no record")
    return text


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def _kind_of(topic: str) -> str:
    return {"orders": ORDER, "customers": CUSTOMER, "products": PRODUCT}[topic.partition("/")[0]]


_READ: Final[Mapping[str, Callable[[Body], tuple[str, dict[str, Any]]]]] = {
    **{
        topic: _record(_kind_of(topic), "id")
        for topic, members in TOPICS.items()
        if members[0] == "id" and topic.partition("/")[0] in ("orders", "customers", "products")
    },
    "orders/edited": _record(ORDER, "order_edit", "order_id"),
    "refunds/create": _record(ORDER, "order_id"),
    MERGE: _merge,
    REDACT: _redact,
    DATA_REQUEST: _data_request,
    UNINSTALLED: _shop,
    SHOP_REDACT: _shop,
}
