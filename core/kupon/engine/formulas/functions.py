"""The functions of formulas, by name.

Source: spec discounts-and-stacking, section 7.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Final, NamedTuple

from kupon.engine.formulas.comparisons import same
from kupon.engine.formulas.dates import day, days_between, months_between, years_between
from kupon.engine.formulas.kinds import (
    Absent,
    FormulaFault,
    Value,
    number,
    power,
    truth,
)
from kupon.engine.formulas.operands import Node, Operands

# Wide enough for any number at any number of places; bounded as all arithmetic is.
_WIDE: Final = Context(prec=60, Emax=17, Emin=-30, traps=[InvalidOperation])
_QUANTA: Final = {Decimal(places): Decimal((0, (1,), -places)) for places in range(-17, 19)}


class Function(NamedTuple):
    """One function: how many arguments it takes, what it does, and what it weighs.

    Shapes: arity is None for one or more; weight counts against the size of a formula, in values.
    """

    arity: int | None
    build: Callable[[Sequence[Node]], Node]
    weight: int = 1


def switch(subject: Node, cases: Sequence[tuple[Node, Node]], default: Node) -> Node:
    """Return what yields the result of the first case that equals the subject."""

    def node(operands: Operands) -> Value:
        value = subject(operands)
        if isinstance(value, tuple):
            raise FormulaFault("SWITCH takes no list")
        for case, result in cases:
            if same(value, case(operands), operands):
                return result(operands)
        return default(operands)

    return node


def _if(arguments: Sequence[Node]) -> Node:
    condition, yes, no = arguments
    return lambda operands: (yes if truth(condition(operands)) else no)(operands)


def _extreme(choose: Callable[[list[Decimal]], Decimal]) -> Callable[[Sequence[Node]], Node]:
    def build(arguments: Sequence[Node]) -> Node:
        return lambda operands: choose([number(part(operands)) for part in arguments])

    return build


def _power(arguments: Sequence[Node]) -> Node:
    base, exponent = arguments
    return lambda operands: power(number(base(operands)), number(exponent(operands)))


def _default_to(arguments: Sequence[Node]) -> Node:
    def node(operands: Operands) -> Value:
        for part in arguments:
            try:
                return part(operands)
            except Absent:
                continue
        raise Absent("no argument of DEFAULT_TO has a value")

    return node


def _rounded(rounding: str) -> Callable[[Sequence[Node]], Node]:
    def build(arguments: Sequence[Node]) -> Node:
        part, places = arguments

        def node(operands: Operands) -> Decimal:
            quantum = _QUANTA.get(number(places(operands)))
            if quantum is None:
                raise FormulaFault("places to round to are whole numbers from -17 to 18")
            return number(part(operands)).quantize(quantum, rounding, _WIDE)

        return node

    return build


def _dated(measure: Callable[[date, Operands], int]) -> Function:
    def build(arguments: Sequence[Node]) -> Node:
        (part,) = arguments
        return lambda operands: Decimal(measure(day(part(operands), operands.timezone), operands))

    return Function(1, build)


FUNCTIONS: Final[Mapping[str, Function]] = {
    "IF": Function(3, _if),
    "MIN": Function(None, _extreme(min)),
    "MAX": Function(None, _extreme(max)),
    # Fractional exponents take fifty times as long as anything else.
    "POW": Function(2, _power, weight=25),
    "DEFAULT_TO": Function(None, _default_to),
    "ROUND": Function(2, _rounded(ROUND_HALF_UP)),
    "FLOOR": Function(2, _rounded(ROUND_FLOOR)),
    "CEIL": Function(2, _rounded(ROUND_CEILING)),
    "DAYS_SINCE": _dated(lambda when, operands: days_between(when, operands.today)),
    "MONTHS_SINCE": _dated(lambda when, operands: months_between(when, operands.today)),
    "YEARS_SINCE": _dated(lambda when, operands: years_between(when, operands.today)),
    "DAYS_UNTIL": _dated(lambda when, operands: days_between(operands.today, when)),
    "MONTHS_UNTIL": _dated(lambda when, operands: months_between(operands.today, when)),
    "DAY_OF_MONTH": _dated(lambda when, _operands: when.day),
    "MONTH": _dated(lambda when, _operands: when.month),
    "YEAR": _dated(lambda when, _operands: when.year),
}
