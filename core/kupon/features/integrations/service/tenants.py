"""The plugins of a process, and what adapters are given: their settings and an HTTP client."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Self, TypeVar

import redis

from kupon import __version__
from kupon.engine.codes import GENERATORS
from kupon.engine.conditions import STANDARD_OPERATORS
from kupon.engine.discounts import STANDARD_KINDS
from kupon.engine.registry import DuplicateEntry, Registry
from kupon.hooks.adapter import Adapter
from kupon.hooks.adapter import Connection as ConnectionFacts
from kupon.hooks.addresses import AddressGuard
from kupon.hooks.contained import contain_generator, contain_kind, contain_operator
from kupon.hooks.contributions import Contributions
from kupon.hooks.errors import Misconfigured
from kupon.hooks.http import HttpClient
from kupon.hooks.manager import BadPlugin, Plugins
from kupon.hooks.manifest import Manifest
from kupon.hooks.settings import open_settings
from kupon.runtime.settings import BadSetting, Settings, variable
from kupon.runtime.vault import Vault
from kupon.storage.pacing import SharedPace, SharedTokens, open_redis
from kupon.storage.tables.integrations import Connection

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Tenants:
    """Made once per process, at start.

    Shapes: public_url is where platforms reach this server, empty where nobody has said it.
    """

    plugins: Plugins
    contributions: Contributions
    vault: Vault
    guard: AddressGuard
    public_url: str = ""
    redis_url: str = ""
    _opened: list[redis.Redis] = field(default_factory=list, repr=False)

    @classmethod
    def load(cls, settings: Settings) -> Self:
        """Load the plugins that the settings allow, and add what they register to the engine.

        Raises:  BadPlugin, BadSetting.
        """
        plugins = Plugins(settings.plugins, is_tracing=settings.trace_hooks)
        contributions = plugins.collect()
        _extend_engine(contributions)
        return cls(
            plugins,
            contributions,
            _open_vault(settings),
            _open_guard(settings),
            settings.public_url,
            settings.redis_url,
        )

    def http(
        self, connection_id: str, manifest: Manifest | None = None, patience_s: float = 0.0
    ) -> HttpClient:
        """A client for one connection or endpoint.

        Shapes:  with a manifest its rate, pauses and tokens are shared by all processes.
        """
        agent = f"Kupon/{__version__}"
        if manifest is None:
            return HttpClient(guard=self.guard, user_agent=agent)
        client = self._redis()
        return HttpClient(
            guard=self.guard,
            pace=SharedPace(client, connection_id, manifest.requests_per_second, patience_s),
            tokens=SharedTokens(client, connection_id, self.vault),
            user_agent=agent,
        )

    def adapter(self, row: Connection, timezone: str = "UTC", patience_s: float = 0.0) -> Adapter:
        """The adapter of a connection, with its settings opened.

        Shapes:  timezone is the project's; patience_s is how long its calls may wait for the
            connection's rate.
        Raises:  Misconfigured where no plugin has the adapter any more, or the settings can't be
            read.
        """
        adapter = self.contributions.adapters.get(row.adapter)
        if adapter is None:
            raise Misconfigured(f"no plugin has the adapter {row.adapter}")
        facts = ConnectionFacts(
            id=row.id,
            project_id=row.project_id,
            name=row.name,
            settings=open_settings(adapter.settings, self.vault, row.settings, row.secrets),
            state=row.state,
            installed_at=row.created_at,
            timezone=timezone,
            base_url=self.address(row.token),
        )
        return adapter(facts, self.http(row.id, adapter.manifest(), patience_s))

    def address(self, token: str) -> str:
        """Where a platform reaches its connection; a mere path where the server's own is unset."""
        return f"{self.public_url}/integrations/{token}"

    def close(self) -> None:
        """Give the connections to Redis back."""
        while self._opened:
            self._opened.pop().close()

    def _redis(self) -> redis.Redis:
        if not self._opened:
            self._opened.append(open_redis(self.redis_url))
        return self._opened[0]


def _extend_engine(contributions: Contributions) -> None:
    """Hand pure contributions to the engine, which knows nothing of plugins."""
    for name, (plugin, kind) in contributions.discount_kinds.items():
        _add(STANDARD_KINDS, name, plugin, contain_kind(plugin, kind))
    for name, (plugin, operator) in contributions.rule_operators.items():
        _add(STANDARD_OPERATORS, name, plugin, contain_operator(plugin, operator))
    for name, (plugin, generator) in contributions.code_generators.items():
        _add(GENERATORS, name, plugin, contain_generator(plugin, generator))


def _add(table: Registry[T], name: str, plugin: str, entry: T) -> None:
    try:
        table.add(name, entry)
    except DuplicateEntry as error:
        raise BadPlugin(f"plugin {plugin}: {error}") from None


def _open_vault(settings: Settings) -> Vault:
    try:
        return Vault(settings.secret_keys)
    except ValueError:
        raise BadSetting(f"{variable('secret_keys')} holds something that is no key") from None


def _open_guard(settings: Settings) -> AddressGuard:
    with _blaming("allowed_networks"):
        guard = AddressGuard.read(settings.allowed_networks)
    with _blaming("allowed_ports"):
        return guard.with_ports(settings.allowed_ports)


@contextmanager
def _blaming(name: str) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise BadSetting(f"{variable(name)}: {error}") from None
