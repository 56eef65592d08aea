"""Formulas: a number worked out from the order, its lines, metadata and dates.

A text is read once into nested functions, `lexer` -> `parser`, and then evaluated any number of
times. What a name stands for is in `operands`, `functions`, `operators` and `comparisons`, what a
value can be in `kinds`.

Source: spec discounts-and-stacking, section 7.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Final

from kupon.engine.definitions import DefinitionError
from kupon.engine.formulas.kinds import FormulaFault, number
from kupon.engine.formulas.lexer import SyntaxFault
from kupon.engine.formulas.operands import PER_LINE, Node, Operands
from kupon.engine.formulas.parser import Parser

__all__ = ["Formula", "FormulaFault", "Operands", "parse_formula"]

LONGEST: Final = 4000


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula, ready to be evaluated any number of times; two of one text are equal.

    Shapes: operands are the names it reads, as it spells them.
    """

    text: str
    operands: frozenset[str] = field(compare=False)
    _root: Node = field(compare=False, repr=False)

    @property
    def uses_items(self) -> bool:
        """Whether the result depends on the line that is being discounted."""
        return not PER_LINE.isdisjoint(self.operands)

    def evaluate(self, operands: Operands) -> Decimal:
        """Return the result.

        Units:  sums are in major units; below 10**18 either way.
        Raises: FormulaFault where an operand is missing, a value has the wrong type, a number is
            out of bounds or the result is no number: the static value then counts.
        """
        try:
            return number(self._root(operands))
        except ArithmeticError as error:
            raise FormulaFault("the result cannot be worked out") from error


def parse_formula(text: object, path: str, key: str = "invalid_payload") -> Formula:
    """Read a formula found at a path.

    Raises: DefinitionError that says what is wrong, and at which character.
    """
    if not isinstance(text, str):
        raise DefinitionError(path, "must be string", key)
    if len(text) > LONGEST:
        raise DefinitionError(path, f"must not be longer than {LONGEST} characters", key)
    try:
        return _read(text)
    except SyntaxFault as fault:
        raise DefinitionError(path, f"is not a valid formula: {fault}", key) from None


@lru_cache(maxsize=1024)
def _read(text: str) -> Formula:
    parser = Parser(text)
    root = parser.parse()
    return Formula(text, frozenset(parser.operands), root)
