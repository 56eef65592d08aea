"""Finding plugins, in the same order everywhere, and calling their hooks.

pluggy calls first what was registered last. So plugins are registered bundled before foreign, and
from z to a: foreign ones are called first, from a to z, and then the bundled ones, from a to z,
whatever was installed when.

Source: house B8.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import Distribution, EntryPoint, distributions
from types import ModuleType
from typing import Any, TypeVar

import click
import pluggy
from marshmallow import Schema

from kupon.hooks import specs
from kupon.hooks.adapter import Adapter
from kupon.hooks.markers import NAME
from kupon.hooks.types import (
    Channel,
    CodeGenerator,
    DiscountKind,
    EventEnvelope,
    EventSink,
    Operator,
    RedemptionFacts,
    Refusal,
    Route,
)

_log = logging.getLogger("kupon.plugins")
_OURS = "kupon"
T = TypeVar("T")


class BadPlugin(Exception):
    """A plugin that can't be loaded; the message names it."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """One loaded plugin.

    Shapes: name is its entry point's; hooks are those that it implements.
    """

    name: str
    module: ModuleType
    distribution: str
    version: str
    hooks: tuple[str, ...]

    @property
    def is_bundled(self) -> bool:
        """Whether it came with Kupon."""
        return self.distribution == _OURS

    @property
    def summary(self) -> str:
        """What its author says it does: the first line of its module's text."""
        return (self.module.__doc__ or "").strip().partition("\n")[0]


@dataclass(frozen=True, slots=True)
class Contributions:
    """What all plugins registered, by name; of routes and commands also by whom."""

    adapters: Mapping[str, type[Adapter]] = field(default_factory=dict)
    discount_kinds: Mapping[str, DiscountKind] = field(default_factory=dict)
    rule_operators: Mapping[str, Operator] = field(default_factory=dict)
    code_generators: Mapping[str, CodeGenerator] = field(default_factory=dict)
    channels: Mapping[str, tuple[str, Channel]] = field(default_factory=dict)
    sinks: Mapping[str, EventSink] = field(default_factory=dict)
    routes: Sequence[tuple[str, Route]] = ()
    settings: Mapping[str, type[Schema]] = field(default_factory=dict)


class Plugins:
    """All plugins of a process."""

    def __init__(self, allowed: Iterable[str] | None = None, *, is_tracing: bool = False) -> None:
        """Load what is installed; `allowed` are entry points' names, None for all of them.

        Raises:  BadPlugin.
        """
        self._manager = pluggy.PluginManager(NAME)
        self._manager.add_hookspecs(specs)
        self._plugins: dict[str, Plugin] = {}
        only = None if allowed is None else set(allowed)
        for point, distribution in _find(only):
            self._load(point, distribution)
        if only is not None and only - self._plugins.keys():
            missing = ", ".join(sorted(only - self._plugins.keys()))
            raise BadPlugin(f"plugins are not installed: {missing}")
        try:
            self._manager.check_pending()
        except pluggy.PluginValidationError as error:
            raise BadPlugin(str(error)) from None
        if is_tracing:
            self._manager.add_hookcall_monitoring(_trace_before, _trace_after)

    def _load(self, point: EntryPoint, distribution: Distribution) -> None:
        try:
            module = point.load()
            self._manager.register(module, point.name)
        except Exception as error:
            raise BadPlugin(f"plugin {point.name} can't be loaded: {error}") from error
        callers = self._manager.get_hookcallers(module) or []
        self._plugins[point.name] = Plugin(
            name=point.name,
            module=module,
            distribution=distribution.name,
            version=distribution.version,
            hooks=tuple(sorted(caller.name for caller in callers)),
        )

    def __iter__(self) -> Iterator[Plugin]:
        """Iterate in the order in which hooks are called."""
        return iter(reversed(self._plugins.values()))

    def find(self, name: str) -> Plugin | None:
        """A plugin by its name."""
        return self._plugins.get(name)

    def collect(self) -> Contributions:
        """Ask all plugins what they add.

        Raises:  BadPlugin for what breaks or comes twice.
        """
        adapters = [(each.manifest().id, each) for _, each in self._ask("register_adapters")]
        sinks = [(each.kind, each) for _, each in self._ask("register_event_sinks")]
        channels = [(each.name, (who, each)) for who, each in self._ask("register_channels")]
        routes = list(self._ask("register_routes"))
        _unique("route", ((f"{r.surface} {r.method} /{who}{r.path}", r) for who, r in routes))
        return Contributions(
            adapters=_unique("adapter", adapters),
            discount_kinds=_unique("discount kind", self._entries("register_discount_kinds")),
            rule_operators=_unique("rule operator", self._entries("register_rule_operators")),
            code_generators=_unique("code generator", self._entries("register_code_generators")),
            channels=_unique("channel", channels),
            sinks=_unique("event sink", sinks),
            routes=routes,
            settings=dict(self._schemas()),
        )

    def commands(self, taken: Iterable[str] = ()) -> Mapping[str, click.Command]:
        """The commands of all plugins by name; taken are names that they can't have.

        Raises:  BadPlugin for what breaks, comes twice or has such a name.
        """
        added = [(command.name or "", command) for _, command in self._ask("register_commands")]
        table = _unique("command", added)
        for name in table.keys() & set(taken):
            raise BadPlugin(f"command {name} is Kupon's own")
        return table

    def _ask(self, hook: str) -> Iterator[tuple[str, Any]]:
        """What each plugin returned, one by one, with its name."""
        for plugin in self:
            if hook in plugin.hooks:
                for each in self._call(plugin, hook) or ():
                    yield plugin.name, each

    def _entries(self, hook: str) -> Iterator[tuple[str, Any]]:
        for plugin in self:
            if hook in plugin.hooks:
                yield from (self._call(plugin, hook) or {}).items()

    def _schemas(self) -> Iterator[tuple[str, type[Schema]]]:
        for plugin in self:
            if "register_settings" in plugin.hooks:
                schema = self._call(plugin, "register_settings")
                if schema is not None:
                    yield plugin.name, schema

    def _call(self, plugin: Plugin, hook: str) -> Any:
        try:
            found = self._only(plugin, hook)()
        except Exception as error:
            raise BadPlugin(f"{hook} of plugin {plugin.name} failed: {error}") from error
        return found[0] if found else None

    def _only(self, plugin: Plugin, hook: str) -> pluggy.HookCaller:
        """What calls a hook of one plugin and of no other; the trace shows it."""
        others = [each.module for each in self if each is not plugin]
        return self._manager.subset_hook_caller(hook, others)

    def deciders(self, hook: str, active: Container[str]) -> bool:
        """Whether any active plugin decides there; active are plugins' names."""
        return any(hook in each.hooks and each.name in active for each in self._plugins.values())

    def decide_redemption(
        self, facts: Callable[[T], RedemptionFacts], active: Mapping[str, T]
    ) -> Refusal | None:
        """The first refusal of the active plugins; facts are made of each one's entry."""
        for plugin in self:
            if plugin.name in active and "decide_redemption" in plugin.hooks:
                ask = self._only(plugin, "decide_redemption")
                refusal: Refusal | None = ask(redemption=facts(active[plugin.name]))
                if refusal is not None:
                    return refusal
        return None

    def listeners(self) -> list[str]:
        """The plugins that hear of events."""
        return [each.name for each in self if "on_events" in each.hooks]

    def tell(self, name: str, events: Sequence[EventEnvelope], settings: Mapping[str, Any]) -> None:
        """Tell one plugin of events; whatever it raises is raised."""
        self._only(self._plugins[name], "on_events")(events=events, settings=settings)


def _find(only: set[str] | None) -> list[tuple[EntryPoint, Distribution]]:
    """Entry points in the order of registration: ours before others, from z to a.

    Raises:  BadPlugin for a name that two distributions have.
    """
    found: dict[str, tuple[EntryPoint, Distribution]] = {}
    for distribution in distributions():
        for point in distribution.entry_points.select(group=NAME):
            if only is not None and point.name not in only:
                continue
            # One distribution may be found twice on the path; the first one is imported.
            _, known = found.setdefault(point.name, (point, distribution))
            if known.name != distribution.name:
                both = ", ".join(sorted((known.name, distribution.name)))
                raise BadPlugin(f"plugin {point.name} is in two distributions: {both}")
    return sorted(
        found.values(), key=lambda each: (each[1].name == _OURS, each[0].name), reverse=True
    )


def _unique(what: str, entries: Iterable[tuple[str, T]]) -> dict[str, T]:
    table: dict[str, T] = {}
    for name, entry in entries:
        if name in table:
            raise BadPlugin(f"{what} {name} is registered twice")
        table[name] = entry
    return table


def _trace_before(hook: str, _: object, arguments: Mapping[str, object]) -> None:
    _log.info("hook called", extra={"hook": hook, "arguments": sorted(arguments)})


def _trace_after(
    outcome: pluggy.Result[Any], hook: str, _: object, __: Mapping[str, object]
) -> None:
    _log.info("hook returned", extra={"hook": hook, "failed": outcome.exception is not None})
