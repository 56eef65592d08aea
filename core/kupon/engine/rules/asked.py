"""What rules ask of metadata, for thousands of rules at once: each property is read only once.

Source: performance.md, goal qualify_unfilterable_10k_vs_10.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

from kupon.engine.conditions import Test
from kupon.engine.filters import read_path
from kupon.engine.rules.omissions import Omitted
from kupon.engine.rules.subject import Subject


class Property(NamedTuple):
    """A property of metadata, by the name of the rule that is about it."""

    rule: str
    name: str


class Asked(NamedTuple):
    """What must hold of a property for a node to be True."""

    property: Property
    hold: Test


@lru_cache(maxsize=10_000)
def property_of(rule: str, name: str) -> Property:
    """Return the one object that stands for a property."""
    # Thousands of rules ask of the same few, which are found faster when they are not copies.
    return Property(rule, name)


class Properties(dict[Property, Any]):
    """The properties of one subject, each read when it is first asked for.

    Shapes: NOT_ASKED where the rule about a property is left out.
    """

    def __init__(self, subject: Subject, omitted: Omitted) -> None:
        """Read from a subject; omitted is what rules are not asked."""
        super().__init__()
        self._subject = subject
        self._omitted = omitted

    def __missing__(self, wanted: Property) -> Any:
        """Read a property."""
        value = NOT_ASKED
        if wanted.rule not in self._omitted:
            value = read_path(_METADATA[wanted.rule](self._subject), wanted.name)
        self[wanted] = value
        return value


NOT_ASKED: Final = object()


def _of_customer(subject: Subject) -> Any:
    return None if subject.customer is None else subject.customer.profile.get("metadata")


_METADATA: Final[Mapping[str, Callable[[Subject], Any]]] = {
    "customer.metadata": _of_customer,
    "order.metadata": lambda subject: subject.order.metadata,
    "redemption.metadata": lambda subject: subject.metadata,
}
