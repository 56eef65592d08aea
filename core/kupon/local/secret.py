"""The key that encrypts the secrets in a data folder's database, made once and kept beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kupon.local.private import write_private
from kupon.runtime.vault import Vault

if TYPE_CHECKING:
    from pathlib import Path


def ensure_secret_key(path: Path) -> str:
    """The key in a file that only its owner can read; a new one where there is none yet."""
    if path.exists():
        return path.read_text().strip()
    key = Vault.new_key()
    write_private(path, key + "\n")
    return key
