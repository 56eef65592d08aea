"""Numbers of a definition that may be given by a formula.

Source: spec discounts-and-stacking, section 7 (units, fallback).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Any

from kupon.engine.definitions import LARGEST_WHOLE, Fields
from kupon.engine.formulas import Formula, FormulaFault, Operands, parse_formula

_LARGEST_PERCENT = Decimal(100)


@dataclass(frozen=True, slots=True)
class Value:
    """A number, or a formula with a number to fall back on.

    Shapes: static is None where neither the definition nor a fallback names a number.
    Units:  static is as the wire has it (minor units, percent, units); so is what `of` returns.
    """

    static: Any
    formula: Formula | None = None
    scale: Callable[[Decimal], Any] | None = None

    def of(self, operands: Callable[[], Operands]) -> Any:
        """Return the number; the static one where the formula can't be evaluated.

        Shapes: operands are only asked for where there is a formula.
        """
        if self.formula is None or self.scale is None:
            return self.static
        try:
            result = self.formula.evaluate(operands())
        except FormulaFault:
            return self.static
        return self.scale(max(result, Decimal(0)))

    @property
    def is_given(self) -> bool:
        """Whether the definition has a number or a formula here."""
        return self.static is not None or self.formula is not None

    @property
    def is_per_item(self) -> bool:
        """Whether the formula asks for the line that is being discounted."""
        return self.formula is not None and self.formula.uses_items


NO_VALUE = Value(None)


def money(fields: Fields, name: str, *, is_required: bool = False) -> Value:
    """Read `name` and `name_formula`: minor units; a formula's result is in major units.

    Raises: DefinitionError.
    """
    return _value(fields, name, fields.whole, _minor, is_required=is_required)


def percentage(fields: Fields, name: str) -> Value:
    """Read `name` and `name_formula`, one of which must be there: 0 to 100.

    Raises: DefinitionError.
    """

    def read(member: str) -> Decimal | None:
        return None if fields.get(member) is None else fields.percentage(member)

    return _value(fields, name, read, _percent, is_required=True)


def units(fields: Fields, name: str, *, is_required: bool = False) -> Value:
    """Read `name` and `name_formula`: whole units; a formula's result is cut to them.

    Raises: DefinitionError.
    """
    return _value(fields, name, fields.whole, _whole, is_required=is_required)


def _value(
    fields: Fields,
    name: str,
    read: Callable[[str], Any],
    scale: Callable[[Decimal], Any],
    *,
    is_required: bool,
) -> Value:
    text = fields.text(f"{name}_formula")
    if text is None:
        if is_required:
            fields.required(name)
        static = read(name)
        return NO_VALUE if static is None else Value(static)
    formula = parse_formula(text, fields.place(f"{name}_formula"), fields.key)
    return Value(read(name), formula, scale)


def _minor(major: Decimal) -> int:
    return _bounded(int((major * 100).quantize(Decimal(1), ROUND_HALF_UP)))


def _percent(number: Decimal) -> Decimal:
    return min(number, _LARGEST_PERCENT)


def _whole(number: Decimal) -> int:
    return _bounded(int(number.quantize(Decimal(1), ROUND_DOWN)))


def _bounded(number: int) -> int:
    return min(number, LARGEST_WHOLE)
