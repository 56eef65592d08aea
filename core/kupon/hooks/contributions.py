"""What plugins add, read from what their `register_` hooks return; what can't be used is refused.

A reader gets what one plugin returned to one hook, and gives its entries with their names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import click
from marshmallow import Schema

from kupon.hooks.adapter import Adapter
from kupon.hooks.types import (
    Channel,
    CodeGenerator,
    DiscountKind,
    EventSink,
    Operator,
    Route,
)

T = TypeVar("T")
# By its name: which plugin has it, and itself.
Owned = Mapping[str, tuple[str, T]]
Entries = Iterator[tuple[str, T]]
Reader = Callable[[Any], Entries[T]]

_METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
_SURFACES: Final = frozenset({"server", "client", "management"})


@dataclass(frozen=True, slots=True)
class Contributions:
    """What all plugins registered, by name."""

    adapters: Mapping[str, type[Adapter]] = field(default_factory=dict)
    discount_kinds: Owned[DiscountKind] = field(default_factory=dict)
    rule_operators: Owned[Operator] = field(default_factory=dict)
    code_generators: Owned[CodeGenerator] = field(default_factory=dict)
    channels: Owned[Channel] = field(default_factory=dict)
    sinks: Mapping[str, EventSink] = field(default_factory=dict)
    routes: Sequence[tuple[str, Route]] = ()
    settings: Mapping[str, type[Schema]] = field(default_factory=dict)


def read_adapters(found: Any) -> Entries[type[Adapter]]:
    """Adapters by their manifests' ids."""
    for each in found or ():
        if not (isinstance(each, type) and issubclass(each, Adapter)):
            raise TypeError(f"{each!r} is no class of adapters")
        yield each.manifest().id, each


def read_sinks(found: Any) -> Entries[EventSink]:
    """Event sinks by their kinds."""
    for each in found or ():
        kind = _member(each, "kind", "send")
        _check_schema(each.settings, "settings")
        yield kind, each


def read_channels(found: Any) -> Entries[Channel]:
    """Channels by their names."""
    for each in found or ():
        yield _member(each, "name", "deliver"), each


def read_functions(found: Any) -> Entries[Callable[..., Any]]:
    """Functions by the names that they are given."""
    for name, each in ({} if found is None else found).items():
        if not (isinstance(name, str) and name and callable(each)):
            raise TypeError(f"{name!r}: {each!r} is no name with a function")
        yield name, each


def read_operators(found: Any) -> Entries[Operator]:
    """Operators by names that begin with `$`."""
    for name, each in read_functions(found):
        if not name.startswith("$"):
            raise ValueError(f"operator {name} must begin with $")
        yield name, each


def read_routes(found: Any) -> Entries[Route]:
    """Routes by what they answer; paths, and whether two are alike, are seen where all are."""
    for each in found or ():
        if not isinstance(each, Route):
            raise TypeError(f"{each!r} is no Route")
        name = f"{each.surface} {each.method} {each.path}"
        if each.surface not in _SURFACES or each.method not in _METHODS:
            raise ValueError(f"{name}: no such surface or method")
        if not (each.path.startswith("/") and callable(each.answer)):
            raise ValueError(f"{name}: a path begins with /, and a function answers")
        for schema, member in ((each.body, "body"), (each.returns, "returns")):
            if schema is not None:
                _check_schema(schema, f"{name}: {member}")
        yield name, each


def read_settings(found: Any) -> Entries[type[Schema]]:
    """The schema of settings, if there are any."""
    if found is not None:
        _check_schema(found, "settings")
        yield "", found


def read_commands(found: Any) -> Entries[click.Command]:
    """Commands by their names."""
    for each in found or ():
        if not (isinstance(each, click.Command) and each.name):
            raise TypeError(f"{each!r} is no command with a name")
        yield each.name, each


def _member(each: Any, name: str, method: str) -> str:
    found = getattr(each, name, None)
    if isinstance(each, type) or not (isinstance(found, str) and found):
        raise TypeError(f"{each!r} is no object with a {name}")
    if not callable(getattr(each, method, None)):
        raise TypeError(f"{found} has no method {method}")
    return found


def _check_schema(schema: Any, what: str) -> None:
    if not (isinstance(schema, type) and issubclass(schema, Schema)):
        raise TypeError(f"{what} must be a class of marshmallow schemas")
