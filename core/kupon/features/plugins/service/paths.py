"""Where the routes of plugins are, and which of them can't be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from kupon.hooks.manager import BadPlugin
from kupon.hooks.tenancy import Tenancy
from kupon.hooks.types import Route

_PREFIXES: Final = {
    "server": "/plugins/",
    "client": "/client/plugins/",
    "management": "/management/v1/projects/<project_id>/plugins/",
}
_ARGUMENT: Final = re.compile(
    r"<(?:(?:string|path|int|float|uuid|any)(?:\([^<>]*\))?:)?(?P<name>[A-Za-z_]\w*)>"
)
_TEXT: Final = re.compile(r"[A-Za-z0-9._~/-]+")
# What views are given besides.
_OURS: Final = frozenset({"ctx", "body"})


@dataclass(frozen=True, slots=True)
class Place:
    """A route of a plugin with its whole path, and what the operation is called."""

    plugin: str
    route: Route
    path: str

    @property
    def operation(self) -> str:
        """A name for OpenAPI."""
        told = f"{self.plugin} {self.route.surface} {self.route.method} {self.route.path}"
        return "_".join(re.findall(r"[a-z0-9]+", told.lower()))


def places(tenants: Tenancy) -> Iterator[Place]:
    """All routes that plugins add.

    Raises:  BadPlugin for a path that can't be matched, or that can't be told from another one.
    """
    taken = set[str]()
    for plugin, route in tenants.contributions.routes:
        place = Place(plugin, route, f"{_PREFIXES[route.surface]}{plugin}{route.path}")
        wrong = _complaint(place.path)
        names = {place.operation, f"{route.method} {_ARGUMENT.sub('<>', place.path)}"}
        if not wrong and names & taken:
            wrong = "can't be told from another one"
        if wrong:
            raise BadPlugin(f"plugin {plugin}: route {place.path}: {wrong}")
        taken |= names
        yield place


def _complaint(path: str) -> str:
    """What is wrong with a path, empty where nothing is."""
    if not _TEXT.fullmatch(_ARGUMENT.sub("-", path)):
        return "is no path as Flask writes it"
    names = [each["name"] for each in _ARGUMENT.finditer(path)]
    wrong = sorted({name for name in names if name in _OURS or names.count(name) > 1})
    return f"can't have arguments named {', '.join(wrong)}" if wrong else ""
