"""An adapter's fixtures: the platform's payloads, in `fixtures/` of its package.

They are named `<call>.<case>.json`; those of events `receive.<event>.json` or
`receive.<event>.<case>.json`, with `-` for what is no letter or digit ("orders/paid" is
`receive.orders-paid.json`). `fixtures/README.md` says where each one is from.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_NO_WORD = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Fixture:
    """One payload; `name` is the file's without its ending."""

    name: str
    content: bytes

    @property
    def json(self) -> Any:
        """The payload, a fresh copy each time."""
        return json.loads(self.content)

    @property
    def parts(self) -> tuple[str, str, str]:
        """The call, what it is about, and the case."""
        call, _, rest = self.name.partition(".")
        about, _, case = rest.partition(".")
        return call, about, case


def slug(event: str) -> str:
    """An event's name in the name of its fixtures."""
    return _NO_WORD.sub("-", event.lower()).strip("-")


def read_fixture(package: str, name: str) -> Fixture:
    """One fixture of a package."""
    file = resources.files(package).joinpath("fixtures", f"{name}.json")
    return Fixture(name, file.read_bytes())


def list_fixtures(package: str, call: str = "") -> list[Fixture]:
    """All fixtures of a package, or those of one call, by name."""
    found = sorted(_names(package))
    return [read_fixture(package, name) for name in found if name.startswith(call)]


def events_of(package: str, events: Sequence[str]) -> list[tuple[str, Fixture]]:
    """The fixtures of events, each with the platform's name of the event.

    Raises:  AssertionError for one whose event the manifest does not name.
    """
    names = {slug(event): event for event in events}
    found = []
    for fixture in list_fixtures(package, "receive."):
        _, about, _ = fixture.parts
        assert about in names, f"fixture {fixture.name}: the manifest names no such event"
        found.append((names[about], fixture))
    return found


def _names(package: str) -> Iterator[str]:
    folder = resources.files(package).joinpath("fixtures")
    if folder.is_dir():
        for file in folder.iterdir():
            if file.name.endswith(".json"):
                yield file.name.removesuffix(".json")
