"""Encrypting anew what is secret, after a new key was put in front of the old one."""

from __future__ import annotations

from kupon.runtime.vault import Vault
from kupon.storage.queries import sealed
from kupon.storage.uow import UnitOfWork


def rotate(uow: UnitOfWork, vault: Vault) -> int:
    """Encrypt all secrets of all projects with the first key; how many there are.

    Raises:  NoKeys; UnknownKey for one that none of the keys reads: nothing is changed then.
    """
    return sealed.reseal_all(uow, vault.rotate)
