"""Arithmetic signs and the words between conditions.

Source: spec discounts-and-stacking, section 7 (grammar).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Final

from kupon.engine.formulas.kinds import ARITHMETIC, number, truth
from kupon.engine.formulas.operands import Node, Operands

Operation = Callable[[Decimal, Decimal], Decimal]

ADDITIVE: Final[Mapping[str, Operation]] = {"+": ARITHMETIC.add, "-": ARITHMETIC.subtract}
MULTIPLICATIVE: Final[Mapping[str, Operation]] = {
    "*": ARITHMETIC.multiply,
    "\u00d7": ARITHMETIC.multiply,
    "/": ARITHMETIC.divide,
    "\u00f7": ARITHMETIC.divide,
    "%": ARITHMETIC.remainder,
}


def chain(first: Node, rest: Sequence[tuple[Operation, Node]]) -> Node:
    """Return what applies operations of one precedence from left to right."""
    if not rest:
        return first
    if len(rest) == 1:
        ((apply, second),) = rest
        return lambda operands: apply(number(first(operands)), number(second(operands)))

    def node(operands: Operands) -> Decimal:
        result = number(first(operands))
        for apply, part in rest:
            result = apply(result, number(part(operands)))
        return result

    return node


def negative(part: Node) -> Node:
    """Return what turns the sign of a number."""
    return lambda operands: ARITHMETIC.minus(number(part(operands)))


def any_of(parts: Sequence[Node]) -> Node:
    """Return what holds where one condition does; later ones are then not evaluated."""
    return lambda operands: any(truth(part(operands)) for part in parts)


def all_of(parts: Sequence[Node]) -> Node:
    """Return what holds where every condition does; after a failed one none is evaluated."""
    return lambda operands: all(truth(part(operands)) for part in parts)
