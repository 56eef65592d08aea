"""Reading a request's JSON body, within what the database and the answer can hold."""

from __future__ import annotations

from typing import Any

import orjson
from flask import request

from kupon.kit.errors import KuponError, invalid_payload
from kupon.web.errors import MalformedJson

JSON = "application/json"

# orjson reads 1,024 levels and writes 254; what is stored must be answered some levels deeper.
DEEPEST = 128

_NULL = b"\\u0000"


def read_json(is_optional: bool) -> Any:
    """The current request's body; {} for none where that is allowed.

    Raises:  MalformedJson, and KuponError for no body, another media type, a null character
        (PostgreSQL's texts hold none) and for more than DEEPEST levels.
    """
    raw = request.get_data()
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
    waiting = [(data, 1)]
    while waiting:
        node, level = waiting.pop()
        if isinstance(node, str):
            if "\0" in node:
                raise invalid_payload("Payload must not contain a null character")
            continue
        if not isinstance(node, dict | list):
            continue
        if level > DEEPEST:
            raise invalid_payload(f"Payload must not be nested deeper than {DEEPEST} levels")
        children = [*node, *node.values()] if isinstance(node, dict) else node
        waiting.extend((child, level + 1) for child in children)
