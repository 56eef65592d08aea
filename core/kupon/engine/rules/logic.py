"""The language that joins the nodes of a rule: labels, `and`, `or`, brackets.

Source: spec rules-and-qualification, section 3.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

MOST_BRACKETS: Final = 64
# So much of a word is repeated when it is refused.
MOST_TOLD: Final = 40
_WORDS: Final = re.compile(r"[()]|[^\s()]+")
_KEYWORDS: Final = frozenset(("and", "or"))


class LogicError(ValueError):
    """A text that is no expression."""


@dataclass(frozen=True, slots=True)
class Join:
    """Several expressions joined by one word; as in arithmetic, `and` binds tighter than `or`.

    Shapes: word is "and" or "or"; parts stand in the order of the text, at least two.
    """

    word: str
    parts: tuple[Expression, ...]


Expression = str | Join


def parse_logic(text: str) -> Expression | None:
    """Read an expression; a text without any word is None.

    Shapes: labels stay as they are written; brackets that change nothing leave no trace.
    Raises: LogicError.
    """
    words = _WORDS.findall(text)
    if not words:
        return None
    reader = _Reader(words)
    expression = reader.join("or")
    if reader.word is not None:
        raise _unexpected(reader.word)
    return expression


def _unexpected(word: str) -> LogicError:
    return LogicError(f"'{word[:MOST_TOLD]}' is unexpected")


def joined(word: str, parts: list[Expression]) -> Expression:
    """Join parts into one expression, without brackets inside brackets of the same word."""
    if len(parts) == 1:
        return parts[0]
    flat: list[Expression] = []
    for part in parts:
        flat += part.parts if isinstance(part, Join) and part.word == word else (part,)
    return Join(word, tuple(flat))


class _Reader:
    """Recursive descent over the words of one text."""

    def __init__(self, words: list[str]) -> None:
        self._words = words
        self._place = 0
        self._depth = 0

    @property
    def word(self) -> str | None:
        """The word that comes next."""
        return self._words[self._place] if self._place < len(self._words) else None

    def join(self, word: str) -> Expression:
        """Read an `or`, or inside it an `and`, of one part or more."""
        parts = [self._part(word)]
        while (self.word or "").lower() == word:
            self._place += 1
            parts.append(self._part(word))
        return joined(word, parts)

    def _part(self, word: str) -> Expression:
        return self.join("and") if word == "or" else self._atom()

    def _atom(self) -> Expression:
        word = self.word
        if word is None:
            raise LogicError("it ends too early")
        if word == ")" or word.lower() in _KEYWORDS:
            raise _unexpected(word)
        self._place += 1
        return self._bracket() if word == "(" else word

    def _bracket(self) -> Expression:
        self._depth += 1
        if self._depth > MOST_BRACKETS:
            raise LogicError("its brackets are nested too deep")
        expression = self.join("or")
        if self.word != ")":
            raise LogicError("a bracket is not closed")
        self._place += 1
        self._depth -= 1
        return expression
