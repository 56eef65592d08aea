"""What a reader says of broken input, as one sentence of the wire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def first_complaint(messages: Any, root: str = "Payload") -> str:
    """Marshmallow's nested messages as one sentence of the wire: the first that broke.

    Shapes:  `Property .items[1].price must be integer`; a missing property is told of its owner.
    """
    path = ""
    while isinstance(messages, Mapping):
        name, messages = next(iter(messages.items()))
        if name == "_schema":
            continue
        if messages == ["Missing data for required field."]:
            owner = f"Property {path} should" if path else f"{root} must"
            return f"{owner} have required property '{name}'"
        path += f"[{name}]" if isinstance(name, int) else f".{name}"
    text = messages[0] if isinstance(messages, list) else str(messages)
    subject = f"Property {path}" if path else root
    return f"{subject} {_GENERIC.get(text, text)}"


_GENERIC = {
    "Field may not be null.": "must not be null",
    "Not a valid mapping type.": "must be object",
    "Invalid input type.": "must be object",
    "Not a valid list.": "must be array",
}
