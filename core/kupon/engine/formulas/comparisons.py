"""Operators between two values that yield yes or no.

A list on the left stands for its members: an operator holds where it does for one of them, its
opposite where it does for none.

Source: spec discounts-and-stacking, section 7 (grammar); rules-and-qualification, section 4.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple

from kupon.engine.formulas import dates
from kupon.engine.formulas.kinds import FormulaFault, Scalar, Value, as_number, text
from kupon.engine.formulas.operands import Node, Operands

Test = Callable[[Scalar, Value, Operands], bool]
Order = Callable[[Any, Any], bool]


def same(left: Scalar, right: Value, operands: Operands) -> bool:
    """Tell whether two values are equal: as dates, as numbers where both are, else as text."""
    if isinstance(left, Decimal) and isinstance(right, Decimal):
        return left == right
    if isinstance(left, date) or isinstance(right, date):
        one, other = dates.comparable(left, right, operands.timezone)
        return one == other
    if text(left) == text(right):
        return True
    a, b = as_number(left), as_number(right)
    return a is not None and b is not None and a == b


def _ordered(compare: Order) -> Test:
    def test(left: Scalar, right: Value, operands: Operands) -> bool:
        if isinstance(left, Decimal) and isinstance(right, Decimal):
            return compare(left, right)
        if isinstance(left, date) or isinstance(right, date):
            return compare(*dates.comparable(left, right, operands.timezone))
        a, b = as_number(left), as_number(right)
        if a is not None and b is not None:
            return compare(a, b)
        if isinstance(left, str) and isinstance(right, str):
            return compare(left, right)
        raise FormulaFault("values of different kinds have no order")

    return test


def _worded(compare: Callable[[str, str], bool]) -> Test:
    return lambda left, right, _operands: compare(text(left), text(right))


def _dated(compare: Order) -> Test:
    def test(left: Scalar, right: Value, operands: Operands) -> bool:
        return compare(*dates.comparable(left, right, operands.timezone))

    return test


def _same_day(left: Scalar, right: Value, operands: Operands) -> bool:
    timezone = operands.timezone
    return dates.day(left, timezone) == dates.day(right, timezone)


class _Members(NamedTuple):
    """The members of a list, as texts and as the numbers that some of them are."""

    texts: frozenset[str]
    numbers: frozenset[Decimal]


def _members(value: Value) -> _Members:
    parts = value if isinstance(value, tuple) else text(value).split(",")
    texts = [text(part).strip() for part in parts]
    numbers = (as_number(part) for part in texts)
    return _Members(frozenset(texts), frozenset(part for part in numbers if part is not None))


def _among(left: Scalar, members: _Members) -> bool:
    return text(left) in members.texts or as_number(left) in members.numbers


TESTS: Final[Mapping[str, Test]] = {
    "=": same,
    "is": same,
    ">": _ordered(operator.gt),
    "<": _ordered(operator.lt),
    ">=": _ordered(operator.ge),
    "<=": _ordered(operator.le),
    "contains": _worded(operator.contains),
    "startsWith": _worded(str.startswith),
    "endsWith": _worded(str.endswith),
    "IN_ARRAY": lambda left, right, _operands: _among(left, _members(right)),
    "DATE_IS": _same_day,
    "IS_AFTER": _dated(operator.gt),
    "IS_BEFORE": _dated(operator.lt),
}
OPPOSITES: Final[Mapping[str, str]] = {
    "!=": "=",
    "isNot": "is",
    "NOT_IN_ARRAY": "IN_ARRAY",
    "DATE_IS_NOT": "DATE_IS",
}
COMPARISONS: Final = frozenset((*TESTS, *OPPOSITES))


def comparison(symbol: str, left: Node, right: Node, literal: Value | None) -> Node:
    """Return what compares two values.

    Shapes: symbol is one of COMPARISONS; literal is the right value where the text names it.
    """
    positive = OPPOSITES.get(symbol, symbol)
    test = TESTS[positive]
    # Read once; whatever is no list of texts becomes a fault when the formula is evaluated.
    if positive == "IN_ARRAY" and isinstance(literal, str | Decimal):
        members = _members(literal)
        test = lambda value, _right, _operands: _among(value, members)  # noqa: E731
    node = _lifted(test, left, right)
    return node if positive == symbol else lambda operands: not node(operands)


def _lifted(test: Test, left: Node, right: Node) -> Callable[[Operands], bool]:
    def node(operands: Operands) -> bool:
        a, b = left(operands), right(operands)
        if isinstance(a, tuple):
            return any(test(member, b, operands) for member in a)
        return test(a, b, operands)

    return node
