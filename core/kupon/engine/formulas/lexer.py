"""A formula's text as words, numbers, strings and signs.

Source: spec discounts-and-stacking, section 7 (grammar).
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

# The reference prints multiplication and division typographically, as U+00D7 and U+00F7.
_TOKEN: Final = re.compile(
    r'(?P<blank>\s+)|(?P<number>[0-9]+(?:\.[0-9]+)?|\.[0-9]+)|(?P<text>"[^"]*")'
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<sign>>=|<=|!=|[-+*/%()<>=;\u00d7\u00f7])"
)
_SHOWN = 40


class SyntaxFault(Exception):
    """A text that is no formula; the message says what is wrong, and where."""


class Token(NamedTuple):
    """One word, number, string or sign.

    Shapes: text is as written, a string's with its quotes; place counts characters from 1.
    """

    kind: str
    text: str
    place: int

    def fault(self, what: str) -> SyntaxFault:
        """Build the fault of this token."""
        return SyntaxFault(f"{what} at character {self.place}")

    @property
    def unexpected(self) -> SyntaxFault:
        """The fault of this token where no such token can stand."""
        if self.kind == "end":
            return self.fault("unexpected end")
        return self.fault(f"unexpected '{self.shown}'")

    @property
    def shown(self) -> str:
        """The text, cut where it is long."""
        return self.text if len(self.text) <= _SHOWN else f"{self.text[:_SHOWN]}..."


def tokenize(text: str) -> list[Token]:
    """Return the tokens, the last of which is the end.

    Raises: SyntaxFault at the first character that begins none.
    """
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            begun = "string without end" if text[at] == '"' else f"unexpected '{text[at]}'"
            raise SyntaxFault(f"{begun} at character {at + 1}")
        if match.lastgroup != "blank":
            tokens.append(Token(str(match.lastgroup), match[0], at + 1))
        at = match.end()
    return [*tokens, Token("end", "", len(text) + 1)]
