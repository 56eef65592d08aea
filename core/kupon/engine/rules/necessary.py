"""What must be the case before a rule can hold: the facts to look promotions up by.

They are necessary, not sufficient: where they are met the rule is still to be judged; where they
are not it is False, and need not be looked at.

Source: house notes on performance (promotions behind an index over their cheap conditions).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil, floor
from typing import Any, Final, Protocol, TypeVar

from kupon.engine.conditions.operators import LISTS
from kupon.engine.conditions.subjects import read_number, read_text
from kupon.engine.references import References
from kupon.engine.rules.omissions import NOTHING, Omitted

Fact = TypeVar("Fact")

_EQUAL: Final = frozenset(("$is", "$in"))
_MORE: Final = frozenset(("$more_than", "$greater_than"))
_AT_LEAST: Final = frozenset(("$more_than_or_equal", "$greater_than_or_equal", "$more_than_equal"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Necessary:
    """Facts without each of which a rule is False; None says nothing.

    Shapes: needs_customer: somebody must be named; segments, loyalty_tiers: the customer is in one
        of them; items: a line sells one of them; customer_metadata: the property's `texts_of`
        has one of the texts.
    Units:  min_amount is compared with what remains of the order, in minor units.
    """

    needs_customer: bool = False
    segments: frozenset[str] | None = None
    loyalty_tiers: frozenset[str] | None = None
    items: References | None = None
    min_amount: int | None = None
    customer_metadata: tuple[str, frozenset[str]] | None = None

    def both(self, other: Necessary) -> Necessary:
        """What two parts need that both have to hold: of two sets the shorter one."""
        return Necessary(
            needs_customer=self.needs_customer or other.needs_customer,
            segments=_narrower(self.segments, other.segments, len),
            loyalty_tiers=_narrower(self.loyalty_tiers, other.loyalty_tiers, len),
            items=_narrower(self.items, other.items, _breadth),
            min_amount=_narrower(self.min_amount, other.min_amount, int.__neg__),
            customer_metadata=_narrower(
                self.customer_metadata, other.customer_metadata, lambda pair: len(pair[1])
            ),
        )

    def either(self, other: Necessary) -> Necessary:
        """What two parts need of which one has to hold."""
        return Necessary(
            needs_customer=self.needs_customer and other.needs_customer,
            segments=_wider(self.segments, other.segments, frozenset.union),
            loyalty_tiers=_wider(self.loyalty_tiers, other.loyalty_tiers, frozenset.union),
            items=_wider(self.items, other.items, References.joined),
            min_amount=_wider(self.min_amount, other.min_amount, min),
            customer_metadata=_wider(
                self.customer_metadata, other.customer_metadata, _either_metadata
            ),
        )


SAYS_NOTHING: Final = Necessary()


class Judged(Protocol):
    """A rule, as far as this module knows it."""

    def necessary(self, omitted: Omitted) -> Necessary:
        """Return the facts without which the rule is False."""


def necessary(rule: Judged, omitted: Omitted = NOTHING) -> Necessary:
    """Return the facts without which a rule is False under every subject.

    Shapes: omitted is what `judge` will be told to leave out, for a rule that is left out asks
        for nothing.
    """
    return rule.necessary(omitted)


def texts_of(value: object) -> frozenset[str]:
    """Return the texts by which a metadata value is found in an index of `customer_metadata`."""
    elements = value if isinstance(value, LISTS) else (value,)
    return frozenset(text for text in map(read_text, elements) if text is not None)


def lower_bound(conditions: Mapping[str, Any]) -> int | None:
    """Return the least whole number that can satisfy conditions on a number, or None."""
    bounds = [_bound(operator.strip(), values) for operator, values in conditions.items()]
    return max((bound for bound in bounds if bound is not None), default=None)


def plain_texts(conditions: Mapping[str, Any]) -> frozenset[str] | None:
    """Return the texts one of which conditions ask for, or None where they ask for more.

    Shapes: None where a text spells a number, which a number in other digits equals.
    """
    found: frozenset[str] | None = None
    for operator, values in conditions.items():
        texts = [text for text in _listed(values) if isinstance(text, str)]
        is_plain = len(texts) == len(_listed(values)) and not any(map(read_number, texts))
        if operator.strip() in _EQUAL and is_plain:
            found = _narrower(found, frozenset(texts), len)
    return found


def _bound(operator: str, values: object) -> int | None:
    numbers = [read_number(value) for value in _listed(values)]
    known = [number for number in numbers if number is not None]
    if not known or len(known) < len(numbers):
        return None
    if operator in _MORE:
        return floor(min(known)) + 1
    return ceil(min(known)) if operator in _AT_LEAST or operator in _EQUAL else None


def _listed(values: object) -> list[Any]:
    return list(values) if isinstance(values, LISTS) else [values]


def _narrower(one: Fact | None, other: Fact | None, size: Callable[[Fact], int]) -> Fact | None:
    if one is None or other is None:
        return other if one is None else one
    return other if size(other) < size(one) else one


def _wider(
    one: Fact | None, other: Fact | None, join: Callable[[Fact, Fact], Fact | None]
) -> Fact | None:
    return None if one is None or other is None else join(one, other)


def _either_metadata(
    one: tuple[str, frozenset[str]], other: tuple[str, frozenset[str]]
) -> tuple[str, frozenset[str]] | None:
    return (one[0], one[1] | other[1]) if one[0] == other[0] else None


def _breadth(items: References) -> int:
    # Whoever is in a collection has to be asked of every line, so names are the better key.
    return len(items.products) + len(items.skus) + 1000 * len(items.collections)
