"""Numbers in paths; Flask's own converter would answer before anybody has looked at the key."""

from __future__ import annotations

from kupon.kit.errors import not_found

# Beyond that PostgreSQL has no number either.
_MOST_DIGITS = 18


def read_number(text: str, kind: str) -> int:
    """The number of an object.

    Raises:  not_found for what is none.
    """
    if not (text.isascii() and text.isdecimal()) or len(text) > _MOST_DIGITS:
        raise not_found(kind, text)
    return int(text)
