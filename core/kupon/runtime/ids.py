"""New identifiers: the reference's prefixes before a time-ordered suffix.

Source: spec api-conventions, section 9: 18 hex digits are 42 bits of milliseconds since
2016-05-04 and 30 bits that tell apart what one millisecond brings forth.
"""

from __future__ import annotations

import secrets
import threading
import time

_EPOCH_MS = 1_462_320_000_000
_TAIL_BITS = 30

_lock = threading.Lock()
_last = 0


def _next(count: int = 1) -> int:
    """The first of `count` numbers in a row, above all earlier ones of this process.

    Each millisecond begins at random, to be apart from those of other processes.
    """
    global _last
    since_epoch_ms = time.time_ns() // 1_000_000 - _EPOCH_MS
    with _lock:
        first = _last + 1
        # Within one millisecond the order of creation must hold too: listings sort by id.
        if since_epoch_ms > _last >> _TAIL_BITS:
            first = (since_epoch_ms << _TAIL_BITS) | secrets.randbits(_TAIL_BITS)
        _last = first + count - 1
        return first


def new_id(prefix: str) -> str:
    """A new identifier such as `cust_0ae3b3436346b778be`; sorts by time of creation."""
    return f"{prefix}{_next():018x}"


def new_ids(prefix: str, count: int) -> list[str]:
    """Many identifiers at once, ascending by one."""
    first = _next(count)
    return [f"{prefix}{number:018x}" for number in range(first, first + count)]


def new_request_id() -> str:
    """The id of one HTTP request, `v-` and 18 hex digits."""
    return new_id("v-")


def new_cipher_key() -> bytes:
    """256 random bits for a key that never leaves the server."""
    return secrets.token_bytes(32)


def new_token() -> str:
    """A secret of 192 random bits in URL-safe text."""
    return secrets.token_urlsafe(24)


def random_bytes(count: int) -> bytes:
    """Bytes from the system's secure generator."""
    return secrets.token_bytes(count)
