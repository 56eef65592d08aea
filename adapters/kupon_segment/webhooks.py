"""Requests of Segment: whose they are, and what is in them.

The catalogue destination comes with the integration key. The Webhooks (Actions) destination signs
a single event, and of a batch the first one only, so that a batch needs a header besides.

Source: spec adapters-marketing, sections 1.1 and 2.1.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from kupon.hooks.adapter import Delivery, InboundRequest
from kupon.hooks.errors import Misconfigured, Refused, Unmappable
from kupon.hooks.signatures import check_equal, check_hmac
from kupon_segment.people import named_of, source_id_of

# Paths of the catalogue destination, by the type of call that they take.
PATHS: Final = {
    "customer-processing": "identify",
    "event-processing": "track",
    "group-processing": "group",
}
WEBHOOK: Final = "webhook"
TEST: Final = "test-authentication"
_MOST: Final = 4_000
_EVENTS: Final = ("track", "page", "screen")


def verify(request: InboundRequest, settings: Mapping[str, Any]) -> None:
    """Raise Refused unless the request is from the connected workspace."""
    if request.has_key:
        return
    if not settings["shared_secret"]:
        raise Misconfigured("setting shared_secret is missing")
    is_batch = request.body.lstrip()[:1] == b"["
    if is_batch:
        # Nothing but the first element is signed.
        check_equal(request.headers.get("x-kupon-key"), settings["static_header"] or "")
    signed = _first_element(request.body) if is_batch else request.body
    given = request.headers.get("x-signature")
    check_hmac(given, settings["shared_secret"], signed, algorithm="sha1")


def _first_element(body: bytes) -> bytes:
    """The bytes of an array's first element, as they were sent."""
    try:
        text = body.decode()
        start = text.index("[") + 1
        start += len(text[start:]) - len(text[start:].lstrip())
        _, end = json.JSONDecoder().raw_decode(text, start)
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise Refused("the batch can't be read") from None
    return text[start:end].encode()


def deliveries_of(request: InboundRequest, settings: Mapping[str, Any]) -> list[Delivery]:
    """The calls in a request.

    Raises:  Unmappable for what is no JSON, or too much.
    """
    try:
        sent = json.loads(request.body)
    except ValueError:
        raise Unmappable("request", "it is not JSON") from None
    calls = sent if isinstance(sent, list) else [sent]
    if len(calls) > _MOST:
        raise Unmappable("request", f"it has more than {_MOST} events")
    if not all(isinstance(call, dict) for call in calls):
        raise Unmappable("request", "an event must be an object")
    kind = PATHS.get(request.path.strip("/"))
    return [
        _delivery(call if "type" in call else {**call, "type": kind}, request, settings)
        for call in calls
    ]


def _delivery(
    call: dict[str, Any], request: InboundRequest, settings: Mapping[str, Any]
) -> Delivery:
    id = str(call.get("messageId") or _content_id(call, request, settings["repeats_within_s"]))
    user = source_id_of(named_of(call, settings["identifier"]), settings["identifier"])
    return Delivery(
        id=id,
        event=str(call.get("type")),
        subject=f"customer:{user}" if user else f"call:{id}",
        payload=call,
        occurred_at=_moment(call.get("timestamp")),
    )


def _content_id(call: Mapping[str, Any], request: InboundRequest, within_s: int) -> str:
    """A name for a call that has none: its content in the time in which it came.

    The destination repeats a call for hours, but two equal events may both be meant; so only
    what comes twice at once counts as one, or what the connection takes for a repetition. What a
    customer is may become the same again at once, and to hear it twice changes nothing.

    Units:  within_s in seconds, of which each time begins at a multiple.
    """
    content = hashlib.sha256(json.dumps(call, sort_keys=True).encode()).hexdigest()
    if call.get("type") not in _EVENTS:
        return f"{content}:{request.received_at.isoformat()}"
    return f"{content}:{int(request.received_at.timestamp()) // within_s}"


def _moment(text: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo is not None else None
