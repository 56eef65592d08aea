"""The key that encrypts the secrets in a data folder's database, made once and kept beside it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from kupon.runtime.vault import Vault

if TYPE_CHECKING:
    from pathlib import Path


def ensure_secret_key(path: Path) -> str:
    """The key in a file that only its owner can read; a new one where there is none yet."""
    if path.exists():
        return path.read_text().strip()
    key = Vault.new_key()
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(key + "\n")
    draft.replace(path)
    return key
