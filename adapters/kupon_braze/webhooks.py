"""Requests of Braze: whose they are, and what is in them.

Braze signs nothing: its Canvases and messages send the connection's integration key.

Source: spec adapters-marketing, sections 1.1, 1.2 and 3.5.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from kupon.hooks.adapter import Delivery, InboundRequest
from kupon.hooks.errors import Refused, Unmappable
from kupon_braze.mapping import text_of, user_of

WEBHOOK: Final = "customer-webhook"
CONTENT: Final = "content"
_FORM: Final = "application/x-www-form-urlencoded"


def verify(request: InboundRequest) -> None:
    """Raise Refused unless the integration key came with the request."""
    if not request.has_key:
        raise Refused("the integration key is missing or wrong")


def asks_for_content(request: InboundRequest) -> bool:
    """Whether a message waits for what is answered."""
    return request.path.strip("/") == CONTENT


def deliveries_of(request: InboundRequest) -> list[Delivery]:
    """The one call that a Canvas makes for a user.

    Raises:  Unmappable for what is no JSON object, or came to another path.
    """
    if request.path.strip("/") not in ("", WEBHOOK):
        raise Unmappable("request", f"the path must be {WEBHOOK} or {CONTENT}")
    call = _object_of(request.body)
    id = _delivery_id(call, request)
    user = user_of(call.get("user_id"))
    return [
        Delivery(
            id=id,
            event=text_of(call.get("action")),
            subject=f"customer:{user}" if user else f"webhook:{id}",
            payload=call,
        )
    ]


def wish_of(request: InboundRequest) -> Mapping[str, Any]:
    """What a message asks for: Braze sends pairs as JSON, as a form, or in the query.

    Raises:  Unmappable for a body that is neither.
    """
    if not request.body.strip():
        return dict(request.query)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() == _FORM:
        return {**request.query, **dict(parse_qsl(request.body.decode("utf-8", "replace")))}
    return {**request.query, **_object_of(request.body)}


def _object_of(body: bytes) -> dict[str, Any]:
    try:
        sent = json.loads(body)
    except ValueError:
        raise Unmappable("request", "it is not JSON") from None
    if not isinstance(sent, dict):
        raise Unmappable("request", "it must be an object")
    return sent


def _delivery_id(call: Mapping[str, Any], request: InboundRequest) -> str:
    """A name for a call: its content where that names the dispatch, else its content now.

    Braze has no name for a call. Without a dispatch the same words may come again and mean it: a
    user may join, leave and join again at once; and a repetition changes nothing in a list.
    """
    content = hashlib.sha256(json.dumps(call, sort_keys=True).encode()).hexdigest()
    if text_of(call.get("dispatch_id")):
        return content
    return f"{content}:{request.received_at.isoformat()}"
