"""Requests of commercetools: whose they are, and which messages are in them.

The API extension calls Kupon directly. Messages come through a queue, for a subscription knows no
plain HTTP destination: as they are, or in the envelope of what forwards them (CloudEvents, Google
Pub/Sub, Amazon EventBridge). Both prove themselves by a fixed value of the header Authorization.

Source: spec adapters-commerce, section 2.3.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from kupon.hooks.adapter import Delivery, InboundRequest
from kupon.hooks.errors import Misconfigured, Refused, Unmappable
from kupon.hooks.signatures import check_equal
from kupon_commercetools.mapping.texts import moment

EXTENSION: Final = "extension"
MESSAGES: Final = "messages"
ORDER_MESSAGES: Final = (
    "OrderCreated",
    "OrderImported",
    "OrderCreatedFromRecurringOrder",
    "OrderPaymentStateChanged",
    "OrderStateChanged",
    "OrderShipmentStateChanged",
    "OrderStateTransition",
    "OrderDeleted",
    "OrderEditApplied",
    "ReturnInfoAdded",
    "ReturnInfoSet",
    "OrderReturnShipmentStateChanged",
)
CUSTOMER_MESSAGES: Final = (
    "CustomerCreated",
    "CustomerEmailChanged",
    "CustomerFirstNameSet",
    "CustomerLastNameSet",
    "CustomerAddressAdded",
    "CustomerAddressChanged",
    "CustomerAddressRemoved",
    "CustomerGroupSet",
    "CustomerDeleted",
)
PRODUCT_MESSAGES: Final = ("ProductPublished", "ProductUnpublished", "ProductDeleted")
PAYMENT_MESSAGES: Final = ("PaymentTransactionAdded", "PaymentTransactionStateChanged")
# They leave the product as it was.
PRICE_MESSAGES: Final = (
    "StandalonePriceCreated",
    "StandalonePriceValueChanged",
    "StandalonePriceDiscountSet",
    "StandalonePriceActiveChanged",
    "StandalonePriceStagedChangesApplied",
    "StandalonePriceDeleted",
)
# Notifications of changes are no messages: these alone tell that personal data is to be erased.
CHANGES: Final = ("ResourceCreated", "ResourceUpdated", "ResourceDeleted")
CHANGED: Final = ("customer",)
KNOWN: Final = frozenset(
    (
        *ORDER_MESSAGES,
        *CUSTOMER_MESSAGES,
        *PRODUCT_MESSAGES,
        *PAYMENT_MESSAGES,
        *PRICE_MESSAGES,
        *CHANGES,
    )
)
_KEPT: Final = (
    "type",
    "resource",
    "resourceUserProvidedIdentifiers",
    "sku",
    "createdAt",
    "modifiedAt",
    "dataErasure",
)
_CLOUD_TYPE: Final = re.compile(
    r"com\.commercetools\.(?P<kind>[\w-]+)\.(message|change)\.(?P<name>\w+)"
)


def subscribed(settings: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The messages that a subscription asks for, by the type of the resource."""
    wanted = {
        "order": ORDER_MESSAGES,
        "customer": CUSTOMER_MESSAGES,
        "product": PRODUCT_MESSAGES,
        "payment": PAYMENT_MESSAGES,
    }
    return wanted | ({"standalone-price": PRICE_MESSAGES} if settings["standalone_prices"] else {})


def verify(request: InboundRequest, settings: Mapping[str, Any]) -> None:
    """Raise Refused unless the request knows the shared secret."""
    secret = settings["shared_secret"]
    if not secret:
        raise Misconfigured("setting shared_secret is missing")
    given = request.headers.get("authorization")
    try:
        check_equal(given, f"Bearer {secret}")
    except Refused:
        # Voucherify's connector sends its password behind the word Basic, as it is.
        check_equal(given, f"Basic {secret}")


def is_extension(request: InboundRequest) -> bool:
    """Whether it is a call of the API extension, which waits for an answer."""
    return request.path.strip("/") == EXTENSION


@dataclass(frozen=True, slots=True)
class Call:
    """A call of the extension: what happens (Create, Update), to which type, and the object.

    Shapes:  before is the object as it was, empty where that is not told.
    """

    action: str
    kind: str
    content: Mapping[str, Any]
    before: Mapping[str, Any]


def call_of(request: InboundRequest) -> Call:
    """A call of the extension.

    Raises:  Unmappable.
    """
    try:
        sent = json.loads(request.body)
        resource = sent["resource"]
        kind, content = str(resource["typeId"]), resource["obj"]
        before = (sent.get("oldResource") or {}).get("obj") or {}
        if not isinstance(content, dict) or not isinstance(content.get("id"), str):
            raise TypeError
        return Call(str(sent["action"]), kind, content, before)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise Unmappable("extension", "it is no call of an API extension") from None


def deliveries_of(request: InboundRequest, project_key: str) -> list[Delivery]:
    """The messages in a request.

    Raises:  Unmappable for what is none, or another project's.
    """
    try:
        sent = json.loads(request.body)
    except ValueError:
        raise Unmappable("request", "it is not JSON") from None
    messages = sent if isinstance(sent, list) else [sent]
    return [_delivery(_unwrapped(each), project_key) for each in messages]


def _unwrapped(sent: Any) -> Mapping[str, Any]:
    """A message without what its forwarders have put around it."""
    for _ in range(3):
        if not isinstance(sent, dict):
            raise Unmappable("request", "a message must be an object")
        inner = _inside(sent)
        if inner is None:
            return sent
        sent = inner
    raise Unmappable("request", "its envelopes have no end")


def _inside(sent: Mapping[str, Any]) -> Any:
    """What is in an envelope; None for what is none."""
    if "resource" in sent:
        return None
    pushed = sent.get("message")
    if isinstance(pushed, dict) and isinstance(pushed.get("data"), str):
        try:
            return json.loads(base64.b64decode(pushed["data"], validate=True))
        except ValueError:
            raise Unmappable("request", "the data of the envelope can't be read") from None
    if isinstance(sent.get("detail"), dict):
        return sent["detail"]
    if "specversion" in sent:
        data = sent.get("data")
        return data if isinstance(data, dict) else _told_by(sent)
    return None


def _told_by(event: Mapping[str, Any]) -> dict[str, Any]:
    """The message of a CloudEvent whose data was too large, as far as its attributes tell."""
    named = _CLOUD_TYPE.fullmatch(str(event.get("type")))
    if named is None:
        raise Unmappable("request", "its type is none of commercetools'")
    told = {name: event.get(name) for name in ("id", "subject", "time", "source", "sequence")}
    return {
        "id": told["id"],
        "projectKey": str(told["source"]).strip("/").partition("/")[0],
        "type": named["name"],
        "resource": {"typeId": named["kind"], "id": told["subject"]},
        "sequenceNumber": told["sequence"],
        "createdAt": told["time"],
    }


def _delivery(message: Mapping[str, Any], project_key: str) -> Delivery:
    if message.get("projectKey") != project_key:
        raise Unmappable("message", "it is another project's")
    event = str(message.get("type") or message.get("notificationType") or "")
    resource = message.get("resource")
    if not isinstance(resource, dict) or not resource.get("id"):
        raise Unmappable("message", "it names no resource")
    kind, id = str(resource.get("typeId")), str(resource["id"])
    number = message.get("sequenceNumber") or message.get("version")
    name = str(message.get("id") or f"{kind}:{id}:{event}:{number}")
    # The message may hold whole customers and orders; what counts is asked for anew.
    payload = {name: message[name] for name in _KEPT if name in message}
    return Delivery(
        id=name,
        event=event,
        subject=f"{kind}:{id}",
        payload={**payload, "type": event, "resource": {"typeId": kind, "id": id}},
        occurred_at=moment(message.get("createdAt") or message.get("modifiedAt")),
    )
