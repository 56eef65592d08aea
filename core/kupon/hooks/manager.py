"""Finding plugins, in the same order everywhere, and calling their hooks.

pluggy calls first what was registered last. So plugins are registered bundled before foreign, and
from z to a: foreign ones are called first, from a to z, and then the bundled ones, from a to z,
whatever was installed when.

Source: house B8.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution, EntryPoint, distributions
from types import ModuleType
from typing import Any, TypeVar

import click
import pluggy

from kupon.hooks import contributions, specs
from kupon.hooks.contained import is_refusal
from kupon.hooks.contributions import Contributions, Reader
from kupon.hooks.markers import NAME
from kupon.hooks.types import EventEnvelope, RedemptionFacts, Refusal

_log = logging.getLogger("kupon.plugins")
_OURS = "kupon"
# It stands in addresses and variables.
_PLUGIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_DECIDE = "decide_redemption"
T = TypeVar("T")


class BadPlugin(Exception):
    """A plugin that can't be loaded; the message names it."""


class PluginFailed(Exception):
    """A plugin that broke what it was asked to decide; the message names it."""


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
        except (Exception, SystemExit) as error:
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
        read = contributions
        routes = self._read("register_routes", read.read_routes)
        settings = self._read("register_settings", read.read_settings)
        return Contributions(
            adapters=self._table("adapter", "register_adapters", read.read_adapters),
            discount_kinds=self._owned(
                "discount kind", "register_discount_kinds", read.read_functions
            ),
            rule_operators=self._owned(
                "rule operator", "register_rule_operators", read.read_operators
            ),
            code_generators=self._owned(
                "code generator", "register_code_generators", read.read_functions
            ),
            channels=self._owned("channel", "register_channels", read.read_channels),
            sinks=self._table("event sink", "register_event_sinks", read.read_sinks),
            routes=[owned for _, owned in routes],
            settings=dict(owned for _, owned in settings),
        )

    def commands(self, taken: Iterable[str] = ()) -> Mapping[str, click.Command]:
        """The commands of all plugins by name; taken are names that they can't have.

        Raises:  BadPlugin for what breaks, comes twice or has such a name.
        """
        table = self._owned("command", "register_commands", contributions.read_commands)
        for name in table.keys() & set(taken):
            raise BadPlugin(f"command {name} of plugin {table[name][0]} is Kupon's own")
        return {name: command for name, (_, command) in table.items()}

    def _table(self, what: str, hook: str, read: Reader[T]) -> dict[str, T]:
        return {name: each for name, (_, each) in self._owned(what, hook, read).items()}

    def _owned(self, what: str, hook: str, read: Reader[T]) -> dict[str, tuple[str, T]]:
        return _unique(what, self._read(hook, read))

    def _read(self, hook: str, read: Reader[T]) -> list[tuple[str, tuple[str, T]]]:
        """What the plugins returned to a hook: the name of each, whose it is, and itself.

        Raises:  BadPlugin.
        """
        return [
            (name, (plugin.name, each))
            for plugin in self
            if hook in plugin.hooks
            for name, each in self._call(plugin, hook, read)
        ]

    def _call(self, plugin: Plugin, hook: str, read: Reader[T]) -> list[tuple[str, T]]:
        try:
            found = self._only(plugin, hook)()
            return list(read(found[0] if found else None))
        except (Exception, SystemExit) as error:
            raise BadPlugin(f"{hook} of plugin {plugin.name} failed: {error}") from error

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
        """The first refusal of the active plugins; facts are made of each one's entry.

        Raises:  PluginFailed where one raises, or returns what is no refusal.
        """
        for plugin in self:
            if plugin.name in active and _DECIDE in plugin.hooks:
                refusal = self._decide(plugin, facts(active[plugin.name]))
                if refusal is not None:
                    return refusal
        return None

    def _decide(self, plugin: Plugin, redemption: RedemptionFacts) -> Refusal | None:
        try:
            refusal: Refusal | None = self._only(plugin, _DECIDE)(redemption=redemption)
        except Exception as error:
            raise PluginFailed(f"{_DECIDE} of plugin {plugin.name} failed") from error
        if refusal is None or is_refusal(refusal):
            return refusal
        raise PluginFailed(f"{_DECIDE} of plugin {plugin.name} returned {refusal!r:.200}")

    def listeners(self) -> list[str]:
        """The plugins that hear of events."""
        return [each.name for each in self if "on_events" in each.hooks]

    def tell(self, name: str, events: Sequence[EventEnvelope], settings: Mapping[str, Any]) -> None:
        """Tell one plugin of events; whatever it raises is raised."""
        self._only(self._plugins[name], "on_events")(events=events, settings=settings)


def _find(only: set[str] | None) -> list[tuple[EntryPoint, Distribution]]:
    """Entry points in the order of registration: ours before others, from z to a.

    Raises:  BadPlugin for a name that two distributions have, or that none can have.
    """
    found: dict[str, tuple[EntryPoint, Distribution]] = {}
    for distribution in distributions():
        for point in distribution.entry_points.select(group=NAME):
            if only is not None and point.name not in only:
                continue
            if not _PLUGIN_NAME.fullmatch(point.name):
                raise BadPlugin(f"plugin {point.name} of {distribution.name} can't be named so")
            # One distribution may be found twice on the path; the first one is imported.
            _, known = found.setdefault(point.name, (point, distribution))
            if known.name != distribution.name:
                both = ", ".join(sorted((known.name, distribution.name)))
                raise BadPlugin(f"plugin {point.name} is in two distributions: {both}")
    return sorted(
        found.values(), key=lambda each: (each[1].name == _OURS, each[0].name), reverse=True
    )


def _unique(what: str, entries: Iterable[tuple[str, tuple[str, T]]]) -> dict[str, tuple[str, T]]:
    table: dict[str, tuple[str, T]] = {}
    for name, (who, entry) in entries:
        if name in table:
            both = f"by {table[name][0]} and {who}"
            raise BadPlugin(f"{what} {name} is registered twice: {both}")
        table[name] = who, entry
    return table


def _trace_before(
    hook: str, called: Sequence[pluggy.HookImpl], arguments: Mapping[str, object]
) -> None:
    told = {"hook": hook, "plugin": _names(called), "arguments": sorted(arguments)}
    _log.info("hook called", extra=told)


def _trace_after(
    outcome: pluggy.Result[Any],
    hook: str,
    called: Sequence[pluggy.HookImpl],
    _: Mapping[str, object],
) -> None:
    told = {"hook": hook, "plugin": _names(called), "failed": outcome.exception is not None}
    _log.info("hook returned", extra=told)


def _names(called: Sequence[pluggy.HookImpl]) -> str:
    return ", ".join(each.plugin_name for each in called)
