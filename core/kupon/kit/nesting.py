"""How deep JSON may be nested.

orjson reads 1,024 levels and writes 254, and what is stored is answered some levels deeper.
"""

from __future__ import annotations

from typing import Any, Final

DEEPEST: Final = 128


def is_too_deep(value: Any) -> bool:
    """Whether a value has more than DEEPEST levels."""
    waiting = [(value, 1)]
    while waiting:
        node, level = waiting.pop()
        if not isinstance(node, dict | list):
            continue
        if level > DEEPEST:
            return True
        children = node.values() if isinstance(node, dict) else node
        waiting.extend((child, level + 1) for child in children)
    return False
