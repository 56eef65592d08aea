"""Reading the values of the operators once, into tests that are run many times."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from kupon.hooks.types import Moment, Test, Values, any_element, negated


def like(values: Values) -> Test:
    """`$like`: the whole text fits one of the patterns, in any case."""
    patterns = [_compile(text) for text in values.texts()]

    def leaf(value: Any, _: Moment) -> bool:
        return isinstance(value, str) and any(each.fullmatch(value) for each in patterns)

    return any_element(leaf)


def not_like(values: Values) -> Test:
    """`$not_like`: no text fits any of the patterns, or there is none."""
    return negated(like(values))


def is_same_text(values: Values) -> Test:
    """`$is_same_text`: equal to one of the values but for case, accents and blanks."""
    wanted = {_plain(text) for text in values.texts()}

    def leaf(value: Any, _: Moment) -> bool:
        return isinstance(value, str) and _plain(value) in wanted

    return any_element(leaf)


def _compile(pattern: str) -> re.Pattern[str]:
    # Stars in a row are one, and each takes as little as it can and gives nothing back, so that no
    # pattern takes long on any text.
    first, *parts = [_literal(part) for part in re.split(r"\*+", pattern)]
    if not parts:
        return re.compile(first, re.IGNORECASE | re.DOTALL)
    *middle, last = parts
    found = "".join(f"(?>.*?{part})" for part in middle)
    return re.compile(f"{first}{found}.*{last}", re.IGNORECASE | re.DOTALL)


def _literal(part: str) -> str:
    return "".join("." if each == "?" else re.escape(each) for each in part)


def _plain(text: str) -> str:
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in parts if not (unicodedata.combining(each) or each.isspace()))
