"""Reading a request's JSON body, within what the database and the answer can hold."""

from __future__ import annotations

from typing import Any

import orjson
from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from kupon.kit.errors import KuponError, invalid_payload
from kupon.kit.nesting import DEEPEST, is_too_deep
from kupon.web.errors import MalformedJson

JSON = "application/json"

_NULL = b"\\u0000"


def read_bytes() -> bytes:
    """The current request's body.

    Raises:  RequestEntityTooLarge, also for one that was sent without its length: Werkzeug ends
        that at the limit and says nothing.
    """
    raw = request.get_data()
    limit = request.max_content_length
    if request.content_length is None and limit is not None and len(raw) >= limit:
        raise RequestEntityTooLarge
    return raw


def read_json(is_optional: bool) -> Any:
    """The current request's body; {} for none where that is allowed.

    Raises:  MalformedJson, and KuponError for no body, another media type, a null character
        (PostgreSQL's texts hold none) and for more than DEEPEST levels.
    """
    raw = read_bytes()
    if not raw:
        if is_optional:
            return {}
        raise invalid_payload("Payload must be object")
    if request.mimetype != JSON:
        raise KuponError("unsupported_media_type", f"Content-Type must be {JSON}")
    try:
        data = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise MalformedJson from None
    # Counting bytes costs nothing beside the walk, which ordinary bodies are spared.
    if _NULL in raw or raw.count(b"{") + raw.count(b"[") > DEEPEST:
        _check_content(data)
    return {} if data is None and is_optional else data


def _check_content(data: Any) -> None:
    if is_too_deep(data):
        raise invalid_payload(f"Payload must not be nested deeper than {DEEPEST} levels")
    waiting = [data]
    while waiting:
        node = waiting.pop()
        if isinstance(node, str):
            if "\0" in node:
                raise invalid_payload("Payload must not contain a null character")
        elif isinstance(node, dict):
            waiting += [*node, *node.values()]
        elif isinstance(node, list):
            waiting += node
