"""What a code takes off: one file per kind, and the table that names them.

A kind is read by a function registered under its `type`; what that function returns satisfies
`Discount`. Plugins add kinds with `STANDARD_KINDS.extended(...)` and hand the longer table to
`parse_discount`.

Source: spec discounts-and-stacking, section 4.1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from kupon.engine.definitions import DefinitionError, Fields, one_of
from kupon.engine.discounts import amount, fixed, percent, unit
from kupon.engine.order import Order
from kupon.engine.registry import Registry
from kupon.engine.situation import Outcome, Situation

__all__ = ["STANDARD_KINDS", "DefinitionError", "Discount", "Kind", "parse_discount"]


class Discount(Protocol):
    """A discount, ready to be applied any number of times."""

    @property
    def type(self) -> str:
        """The wire's name of the kind."""

    @property
    def effect(self) -> str | None:
        """The wire's name of what it is taken off; None leaves it to the product lists."""

    @property
    def members(self) -> Sequence[str]:
        """The wire's members of the kind, beside type and effect."""

    def apply(self, order: Order, situation: Situation = ..., /) -> Outcome:
        """Return the order with this discount taken off; the order given stays as it is."""


class Kind(Protocol):
    """Reads the definitions of one type; path is where the definition stands in its payload."""

    def __call__(self, definition: Mapping[str, Any], path: str, /) -> Discount:
        """Return the discount, or raise DefinitionError."""


STANDARD_KINDS: Registry[Kind] = Registry(
    "discount type",
    {
        "AMOUNT": amount.parse,
        "PERCENT": percent.parse,
        "FIXED": fixed.parse,
        "UNIT": unit.parse,
    },
)


def parse_discount(
    definition: object, path: str = ".discount", kinds: Registry[Kind] = STANDARD_KINDS
) -> Discount:
    """Read a discount from its wire form.

    Shapes: null members count as absent.
    Raises: DefinitionError with the place and text for `details`.
    """
    fields = Fields(definition, path)
    name = fields.required("type")
    kind = kinds.find(name) if isinstance(name, str) else None
    if kind is None:
        raise fields.error("type", one_of(tuple(kinds)))
    return kind(fields.members, path)
