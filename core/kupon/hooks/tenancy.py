"""What the rooms below features know of the loaded plugins: their shape, not how they are made."""

from __future__ import annotations

from typing import Protocol

from kupon.hooks.addresses import AddressGuard
from kupon.hooks.contributions import Contributions
from kupon.hooks.http import HttpClient
from kupon.hooks.manager import Plugins
from kupon.hooks.manifest import Manifest
from kupon.runtime.vault import Vault


class Tenancy(Protocol):
    """The plugins of a process, and what they are given to work with."""

    @property
    def plugins(self) -> Plugins:
        """All that were loaded."""

    @property
    def contributions(self) -> Contributions:
        """What they registered."""

    @property
    def vault(self) -> Vault:
        """The keeper of what is secret in settings."""

    @property
    def guard(self) -> AddressGuard:
        """Where outgoing requests may go."""

    def http(self, connection_id: str, manifest: Manifest | None = None) -> HttpClient:
        """A client for one connection or endpoint; a manifest names the rate."""

    def close(self) -> None:
        """Give back what clients share."""


_installed: list[Tenancy] = []


def install(tenants: Tenancy) -> None:
    """Make plugins known to what decides deep below requests and jobs, where a process begins."""
    _installed[:] = [tenants]


def installed() -> Tenancy:
    """The plugins of this process."""
    if not _installed:
        raise AssertionError("no plugins were loaded where this process began")
    return _installed[0]
