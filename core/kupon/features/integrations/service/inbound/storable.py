"""What platforms say as the database can hold it: texts, names, whole payloads."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

import orjson

from kupon.kit.nesting import DEEPEST

# What an index can hold besides the other columns.
LONGEST_KEY: Final = 512

_NULL: Final = b"\\u0000"
_LARGEST: Final = 2**63


def plain(text: str) -> str:
    """A text without null characters and halves of characters."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def key_of(text: str) -> str:
    """A name as an index can hold it."""
    name = plain(text)
    if len(name.encode()) <= LONGEST_KEY:
        return name
    return f"sha256:{hashlib.sha256(name.encode()).hexdigest()}"


def dump(payload: Mapping[str, Any]) -> str:
    """A payload as JSON.

    Raises:  RecursionError for one that is nested too deeply to be shown.
    """
    try:
        text = orjson.dumps(dict(payload))
    except TypeError:
        # Numbers of any length, halves of characters, and too many levels.
        text = b""
    # Counting bytes costs nothing beside the walk, which ordinary payloads are spared.
    if not text or _NULL in text or text.count(b"{") + text.count(b"[") > DEEPEST:
        text = orjson.dumps(whole(payload), default=str)
    return text.decode()


def whole(value: Any, level: int = 0) -> Any:
    """A value with nothing in it that could not be stored.

    Raises:  RecursionError for one that is nested too deeply.
    """
    if level > DEEPEST:
        raise RecursionError
    match value:
        case str():
            return plain(value)
        case Mapping():
            return {plain(str(name)): whole(each, level + 1) for name, each in value.items()}
        case list() | tuple():
            return [whole(each, level + 1) for each in value]
        case int() if not -_LARGEST <= value < _LARGEST:
            return json.dumps(value)
        case _:
            return value
