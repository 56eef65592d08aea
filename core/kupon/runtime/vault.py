"""Keeping secrets of others: encrypted with the operator's keys, of which the first one encrypts.

Keys are rotated by putting a new one in front, re-encrypting (`kupon secrets rotate`) and dropping
the old one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class NoKeys(Exception):
    """Secrets can't be kept: no key is set (KUPON_SECRET_KEYS)."""


class UnknownKey(Exception):
    """What was encrypted can't be read with the keys that are set."""


class Vault:
    """Encrypts and decrypts with a list of keys; without keys it can do neither."""

    def __init__(self, keys: Sequence[str] = ()) -> None:
        """Take the keys, the one that encrypts first.

        Raises:  ValueError for what is no key.
        """
        self._fernet = MultiFernet([Fernet(key) for key in keys]) if keys else None

    @staticmethod
    def new_key() -> str:
        """A fresh key."""
        return Fernet.generate_key().decode()

    def seal(self, secrets: Mapping[str, Any]) -> str:
        """Encrypt some named secrets.

        Raises:  NoKeys.
        """
        return self._keys().encrypt(orjson.dumps(dict(secrets))).decode()

    def open(self, sealed: str | None) -> dict[str, Any]:
        """Decrypt what `seal` returned; nothing in, nothing out.

        Raises:  NoKeys, UnknownKey.
        """
        if sealed is None:
            return {}
        try:
            opened: dict[str, Any] = orjson.loads(self._keys().decrypt(sealed.encode()))
        except InvalidToken:
            raise UnknownKey("a secret can't be read with the keys in KUPON_SECRET_KEYS") from None
        return opened

    def rotate(self, sealed: str) -> str:
        """Encrypt anew with the first key.

        Raises:  NoKeys, UnknownKey.
        """
        try:
            return self._keys().rotate(sealed.encode()).decode()
        except InvalidToken:
            raise UnknownKey("a secret can't be read with the keys in KUPON_SECRET_KEYS") from None

    def _keys(self) -> MultiFernet:
        if self._fernet is None:
            raise NoKeys("KUPON_SECRET_KEYS is not set")
        return self._fernet
