"""The key of a data folder."""

from __future__ import annotations

import stat

from kupon.local.secret import ensure_secret_key
from kupon.runtime.vault import Vault


def test_a_key_is_made_once_and_is_its_owners(tmp_path):
    path = tmp_path / "secret.key"
    key = ensure_secret_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert ensure_secret_key(path) == key
    vault = Vault([key])
    assert vault.open(vault.seal({"a": 1})) == {"a": 1}
    assert [each.name for each in tmp_path.iterdir()] == ["secret.key"]
