"""Proving and checking where a request comes from; on raw bytes and in constant time.

Source: spec adapters-marketing, sections 1.11 and 6.3.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from kupon.hooks.errors import Refused
from kupon.runtime import clock

_HASHES: Final = {"sha1": hashlib.sha1, "sha256": hashlib.sha256}


def sign(secret: str, message: bytes, *, algorithm: str = "sha256", encoding: str = "hex") -> str:
    """The signature of a message; encoding is hex or base64."""
    digest = hmac.new(secret.encode(), message, _HASHES[algorithm]).digest()
    return digest.hex() if encoding == "hex" else base64.b64encode(digest).decode()


# How secrets of standard webhooks begin; what follows is base64.
STANDARD_PREFIX: Final = "whsec_"


def standard_headers(secrets: Iterable[str], message_id: str, body: bytes) -> dict[str, str]:
    """The headers of a standard webhook: its id, and when and by whom it was sent.

    Shapes:  a signature for each secret, so that one can be replaced without a gap; of those with
        the standard's prefix the bytes count that the rest means.
    Source:  Standard Webhooks 1.0.0, "Webhook headers" and "Signature scheme".
    """
    sent_at = str(int(clock.now().timestamp()))
    signed = b".".join((message_id.encode(), sent_at.encode(), body))
    digests = [hmac.new(_standard_key(each), signed, hashlib.sha256).digest() for each in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": sent_at,
        "webhook-signature": " ".join(f"v1,{base64.b64encode(each).decode()}" for each in digests),
    }


def _standard_key(secret: str) -> bytes:
    if secret.startswith(STANDARD_PREFIX):
        return base64.b64decode(secret.removeprefix(STANDARD_PREFIX))
    return secret.encode()


def new_standard_secret(random: bytes) -> str:
    """A secret of random bytes as standard webhooks have it."""
    return STANDARD_PREFIX + base64.b64encode(random).decode()


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
