"""Frozen dataclasses and cached properties for hot paths; to the type checker they are Python's.

A frozen dataclass sets each member through `object.__setattr__`, which costs three times as much
as an assignment, and Python's cached property takes a lock. Here nobody stands guard at run time:
the type checker keeps our own code from writing. What plugins are given has the real guard.
Equality and hashes are those of a frozen dataclass.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
    from functools import cached_property as cached_property
else:

    def dataclass(*, frozen: bool, eq: bool = True, **options: Any) -> Any:
        """Make a class as `dataclasses.dataclass` does, less the guard."""
        if not frozen:
            raise TypeError("what may change is an ordinary dataclass")
        return dataclasses.dataclass(eq=eq, unsafe_hash=eq, **options)

    class cached_property:
        """A property that is worked out when it is first read; twice if two threads read it."""

        def __init__(self, make: Any) -> None:
            self._make = make
            self.__doc__ = make.__doc__

        def __set_name__(self, owner: type, name: str) -> None:
            self._name = name

        def __get__(self, instance: Any, owner: type | None = None) -> Any:
            if instance is None:
                return self
            value = instance.__dict__[self._name] = self._make(instance)
            return value
