"""Named tables that plugins extend when the process starts: a name, and what it stands for.

Source: house rules B3; used by discounts, and by every later table of kinds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

Entry = TypeVar("Entry")


class DuplicateEntry(ValueError):
    """Two plugins, or a plugin and the engine, claim one name."""


class Registry(Generic[Entry]):
    """A table of named kinds; extending it yields another table.

    Shapes: what names the kind in errors ("discount type"); names come in order of registration.
    """

    __slots__ = ("_entries", "_standard", "_what")

    def __init__(self, what: str, entries: Mapping[str, Entry]) -> None:
        """Take the standard entries."""
        self._what = what
        self._entries = dict(entries)
        self._standard = frozenset(entries)

    def add(self, name: str, entry: Entry) -> None:
        """Add what a plugin contributes, when the process starts and never later.

        Shapes: in place of what a plugin added under the name before, as when plugins are loaded
            again in one process.
        Raises: DuplicateEntry when the name is a standard one.
        """
        if name in self._standard:
            raise DuplicateEntry(f"{self._what} {name} is a standard one")
        self._entries[name] = entry

    def extended(self, name: str, entry: Entry) -> Registry[Entry]:
        """Return a table with one more entry.

        Raises: DuplicateEntry when the name is taken.
        """
        if name in self._entries:
            raise DuplicateEntry(f"{self._what} {name} is registered twice")
        return Registry(self._what, {**self._entries, name: entry})

    def find(self, name: str) -> Entry | None:
        """Return what a name stands for, or None."""
        return self._entries.get(name)

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names."""
        return iter(self._entries)
