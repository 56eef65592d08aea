"""Tracking ids: names of customers that browsers may see instead of the shop's own ids.

Authenticated deterministic encryption (AES-SIV, RFC 5297): the same customer has the same id each
time, it leads back to the source id, and nobody without the project's key can make one up.

Source: spec api-conventions, section 3.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from kupon.runtime import ids

PREFIX = "track_"


def encode_tracking_id(key: bytes, source_id: str) -> str:
    """The tracking id of a customer's source id."""
    sealed = _cipher(key).encrypt(source_id.encode(), None)
    return PREFIX + base64.b64encode(sealed).decode()


def decode_tracking_id(key: bytes, sent: str) -> str:
    """The source id behind a tracking id; what is none of this project's comes back as it is."""
    if not sent.startswith(PREFIX):
        return sent
    try:
        sealed = base64.b64decode(sent.removeprefix(PREFIX), validate=True)
        return _cipher(key).decrypt(sealed, None).decode()
    except (binascii.Error, InvalidTag, ValueError):
        return sent


def untracked(key: bytes, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """A customer's body with the source id itself where a tracking id was sent for it."""
    source_id = body.get("source_id")
    if source_id is None:
        return body
    decoded = decode_tracking_id(key, source_id)
    return body if decoded == source_id else {**body, "source_id": decoded}


def new_tracking_id() -> str:
    """A tracking id for a caller who named nobody."""
    return ids.new_id(PREFIX)


@lru_cache(maxsize=1000)
def _cipher(key: bytes) -> AESSIV:
    return AESSIV(key)
