"""From the text of a formula to the nested functions that evaluate it.

Source: spec discounts-and-stacking, section 7 (grammar).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Overflow
from typing import Final

from kupon.engine.formulas.comparisons import COMPARISONS, comparison
from kupon.engine.formulas.functions import FUNCTIONS, switch
from kupon.engine.formulas.kinds import ARITHMETIC, Value
from kupon.engine.formulas.lexer import SyntaxFault, Token, tokenize
from kupon.engine.formulas.operands import KEYED_OPERANDS, OPERANDS, Node, keyed_operand
from kupon.engine.formulas.operators import (
    ADDITIVE,
    MULTIPLICATIVE,
    Operation,
    all_of,
    any_of,
    chain,
    negative,
)
from kupon.kit.timestamps import parse_date, parse_moment

# A formula deeper than the first or larger than the second is refused: evaluation is recursive,
# and takes time for each value.
DEEPEST: Final = 32
MOST_VALUES: Final = 500

_DATES: Final[Mapping[str, Callable[[str], date]]] = {"DATE": parse_date, "DATE_TIME": parse_moment}


class Parser:
    """Reads one formula, from the loosest operators to the tightest."""

    def __init__(self, text: str) -> None:
        """Cut the text up; raises SyntaxFault."""
        self.operands: set[str] = set()
        self._tokens = iter(tokenize(text))
        self._token = next(self._tokens)
        self._depth = 0
        self._values = 0
        self._literals: dict[Node, Value] = {}

    def parse(self) -> Node:
        """Return what evaluates the formula.

        Raises: SyntaxFault.
        """
        node = self._expression()
        if self._token.kind != "end":
            raise self._token.unexpected
        return node

    def _next(self) -> Token:
        token = self._token
        self._token = next(self._tokens, token)
        return token

    def _takes(self, text: str) -> bool:
        if self._token.text != text:
            return False
        self._next()
        return True

    def _expect(self, text: str) -> None:
        if not self._takes(text):
            fault = self._token.unexpected
            raise SyntaxFault(f"{fault}, where '{text}' is expected")

    def _expression(self) -> Node:
        if self._depth == DEEPEST:
            raise self._token.fault(f"nested deeper than {DEEPEST}")
        self._depth += 1
        node = self._joined("OR", any_of, self._conjunction)
        self._depth -= 1
        return node

    def _conjunction(self) -> Node:
        return self._joined("AND", all_of, self._comparison)

    def _joined(
        self, word: str, join: Callable[[Sequence[Node]], Node], part: Callable[[], Node]
    ) -> Node:
        parts = [part()]
        while self._takes(word):
            parts.append(part())
        return join(parts) if len(parts) > 1 else parts[0]

    def _comparison(self) -> Node:
        left = self._sum()
        if self._token.text not in COMPARISONS:
            return left
        symbol = self._next().text
        right = self._sum()
        return comparison(symbol, left, right, self._literals.get(right))

    def _sum(self) -> Node:
        return self._chain(ADDITIVE, self._term)

    def _term(self) -> Node:
        return self._chain(MULTIPLICATIVE, self._unary)

    def _chain(self, operations: Mapping[str, Operation], part: Callable[[], Node]) -> Node:
        first = part()
        rest: list[tuple[Operation, Node]] = []
        while self._token.text in operations:
            rest.append((operations[self._next().text], part()))
        return chain(first, rest)

    def _unary(self) -> Node:
        return negative(self._atom()) if self._takes("-") else self._atom()

    def _atom(self) -> Node:
        token = self._next()
        self._weigh(token, 1)
        if token.kind == "number":
            return self._number(token)
        if token.kind == "text":
            return self._literal(token.text[1:-1])
        if token.kind == "name":
            return self._named(token)
        if token.text != "(":
            raise token.unexpected
        node = self._expression()
        self._expect(")")
        return node

    def _weigh(self, token: Token, weight: int) -> None:
        self._values += weight
        if self._values > MOST_VALUES:
            raise token.fault(f"larger than {MOST_VALUES} values")

    def _number(self, token: Token) -> Node:
        try:
            return self._literal(ARITHMETIC.create_decimal(token.text))
        except Overflow:
            raise token.fault("number out of bounds") from None

    def _literal(self, value: Value) -> Node:
        def node(_operands: object) -> Value:
            return value

        self._literals[node] = value
        return node

    def _named(self, token: Token) -> Node:
        name = token.text
        if name in OPERANDS:
            self.operands.add(name)
            return OPERANDS[name]
        if name in KEYED_OPERANDS:
            self.operands.add(name)
            return keyed_operand(name, self._string())
        if name in _DATES:
            return self._date(_DATES[name])
        if name == "SWITCH":
            return self._switch()
        return self._function(token)

    def _string(self) -> str:
        self._expect("(")
        token = self._next()
        if token.kind != "text":
            raise SyntaxFault(f"{token.unexpected}, where a string is expected")
        self._expect(")")
        return token.text[1:-1]

    def _date(self, read: Callable[[str], date]) -> Node:
        token = self._token
        text = self._string()
        try:
            return self._literal(read(text))
        except (ValueError, OverflowError):
            raise token.fault("not an ISO 8601 date") from None

    def _switch(self) -> Node:
        self._expect("(")
        subject = self._expression()
        self._expect(";")
        cases = [self._case()]
        while self._token.text == "SWITCH_CASE":
            cases.append(self._case())
        self._expect(";")
        default = self._expression()
        self._expect(")")
        return switch(subject, cases, default)

    def _case(self) -> tuple[Node, Node]:
        token = self._token
        self._expect("SWITCH_CASE")
        value, result = self._arguments(token, 2)
        return value, result

    def _function(self, token: Token) -> Node:
        if token.text == "SWITCH_CASE":
            raise token.fault("SWITCH_CASE neither after 'SWITCH(value;' nor after another")
        function = FUNCTIONS.get(token.text)
        if function is None:
            raise token.fault(f"unknown name '{token.shown}'")
        self._weigh(token, function.weight)
        return function.build(self._arguments(token, function.arity))

    def _arguments(self, token: Token, count: int | None) -> list[Node]:
        self._expect("(")
        arguments = [self._expression()]
        while self._takes(";"):
            arguments.append(self._expression())
        self._expect(")")
        if count is not None and len(arguments) != count:
            raise token.fault(f"{token.text} with {len(arguments)} arguments instead of {count}")
        return arguments
