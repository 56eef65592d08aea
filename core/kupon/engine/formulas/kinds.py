"""What a formula calculates with: numbers, text, yes and no, dates, and lists of these.

Source: spec discounts-and-stacking, section 7; rules-and-qualification, section 4 (value
semantics).
"""

from __future__ import annotations

import re
from datetime import date
from decimal import (
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
)
from typing import Final

Scalar = Decimal | str | bool | date
Value = Scalar | tuple[Scalar, ...]

# A number of 10**18 and more overflows, so nothing grows without bounds; 28 digits are exact for
# any sum of money times any percentage.
ARITHMETIC: Final = Context(
    prec=28, Emax=17, Emin=-30, traps=[InvalidOperation, DivisionByZero, Overflow]
)
LARGEST: Final = 10**18
LONGEST_TEXT: Final = 10_000
LONGEST_LIST: Final = 500

_NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?")


class FormulaFault(Exception):
    """A formula that cannot be evaluated with what it was given."""


class Absent(FormulaFault):
    """An operand that has no value here; DEFAULT_TO goes on to its next argument."""


def value_of(raw: object) -> Value:
    """Take a value from outside: a member of metadata, a date of a redeemable.

    Raises: Absent for None; FormulaFault for what formulas know nothing of.
    """
    if not isinstance(raw, list | tuple):
        return _scalar_of(raw)
    if len(raw) > LONGEST_LIST:
        raise FormulaFault(f"a list of more than {LONGEST_LIST} members")
    return tuple(_scalar_of(member) for member in raw if member is not None)


def _scalar_of(raw: object) -> Scalar:
    if isinstance(raw, str):
        if len(raw) > LONGEST_TEXT:
            raise FormulaFault(f"a text of more than {LONGEST_TEXT} characters")
        return raw
    if isinstance(raw, bool | date):
        return raw
    if isinstance(raw, int):
        if not -LARGEST < raw < LARGEST:
            raise FormulaFault("a number out of bounds")
        return Decimal(raw)
    if isinstance(raw, float | Decimal):
        return _finite(ARITHMETIC.create_decimal(str(raw)))
    if raw is None:
        raise Absent("an operand has no value")
    raise FormulaFault(f"{type(raw).__name__} is no value for a formula")


def _finite(result: Decimal) -> Decimal:
    if not result.is_finite():
        raise FormulaFault("a number out of bounds")
    return result


def number(value: Value) -> Decimal:
    """Return a number; text that reads as one is one.

    Raises: FormulaFault.
    """
    if isinstance(value, Decimal):
        return value
    result = as_number(value)
    if result is None:
        raise FormulaFault("not a number")
    return result


def as_number(value: Value) -> Decimal | None:
    """Return the number that a value is or reads as, or None."""
    if isinstance(value, Decimal):
        return value
    # UNCERTAIN: whether text counts as a number (metadata without a schema is always text).
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return ARITHMETIC.create_decimal(value)
    return None


def text(value: Value) -> str:
    """Return the text that stands for a value: 5.0 is `5`, yes is `true`.

    Raises: FormulaFault for dates and lists.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value.normalize(ARITHMETIC), "f")
    raise FormulaFault("not a text")


def truth(value: Value) -> bool:
    """Return the outcome of a condition.

    Raises: FormulaFault for what is neither yes nor no.
    """
    if isinstance(value, bool):
        return value
    raise FormulaFault("neither yes nor no")


def power(base: Decimal, exponent: Decimal) -> Decimal:
    """Return one number to the power of another.

    Raises: FormulaFault or an ArithmeticError out of bounds.
    """
    return _finite(ARITHMETIC.power(base, exponent))
