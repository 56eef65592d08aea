"""Checking that a request comes from the platform; all of it on raw bytes and in constant time.

Source: spec adapters-marketing, sections 1.11 and 6.3.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from kupon.hooks.errors import Refused

_HASHES: Final = {"sha1": hashlib.sha1, "sha256": hashlib.sha256}


def sign(secret: str, message: bytes, *, algorithm: str = "sha256", encoding: str = "hex") -> str:
    """The signature of a message; encoding is hex or base64."""
    digest = hmac.new(secret.encode(), message, _HASHES[algorithm]).digest()
    return digest.hex() if encoding == "hex" else base64.b64encode(digest).decode()


def check_hmac(
    given: str | None,
    secret: str,
    message: bytes,
    *,
    algorithm: str = "sha256",
    encoding: str = "hex",
    prefix: str = "",
) -> None:
    """Compare a signature with what it must be.

    Raises:  Refused.
    """
    expected = prefix + sign(secret, message, algorithm=algorithm, encoding=encoding)
    check_equal(given, expected)


def check_equal(given: str | None, expected: str) -> None:
    """Compare two secrets; an empty expectation is met by nothing.

    Raises:  Refused.
    """
    if not expected or given is None:
        raise Refused("the signature is missing")
    if not hmac.compare_digest(given.encode("utf-8", "surrogateescape"), expected.encode()):
        raise Refused("the signature is wrong")


def check_basic(headers: Mapping[str, str], user: str, password: str) -> None:
    """Compare HTTP Basic credentials.

    Raises:  Refused.
    """
    expected = base64.b64encode(f"{user}:{password}".encode()).decode()
    check_equal(headers.get("authorization"), f"Basic {expected}")


def check_age(sent_at: datetime | None, received_at: datetime, most: timedelta) -> None:
    """Refuse what was signed too long ago, or for later.

    Raises:  Refused.
    """
    if sent_at is None or abs(received_at - sent_at) > most:
        raise Refused("the request is too old")
