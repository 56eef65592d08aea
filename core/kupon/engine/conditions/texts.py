"""Parts of text: `$starts_with`, `$ends_with`, `$contains`, `$not_contain`.

Source: spec rules-and-qualification, sections 4 and 15.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kupon.engine.conditions.moments import Moment
from kupon.engine.conditions.operators import Test, any_element, negated, never
from kupon.engine.conditions.subjects import read_text
from kupon.engine.conditions.values import Values

_UNTEXTUAL = ("number", "boolean")


def starts_with(values: Values) -> Test:
    """`$starts_with`: the subject begins with one of the values."""
    parts = values.texts()
    return _textual(values, lambda text: text.startswith(parts))


def ends_with(values: Values) -> Test:
    """`$ends_with`: the subject ends with one of the values."""
    parts = values.texts()
    return _textual(values, lambda text: text.endswith(parts))


def contains(values: Values) -> Test:
    """`$contains`: one of the values is a part of the subject."""
    parts = values.texts()
    return _textual(values, lambda text: any(part in text for part in parts))


def not_contain(values: Values) -> Test:
    """`$not_contain`: none of the values is a part of the subject, or the subject is absent."""
    return negated(contains(values))


def _textual(values: Values, fits: Callable[[str], bool]) -> Test:
    if values.kind in _UNTEXTUAL:
        return never

    def leaf(value: Any, moment: Moment) -> bool:
        text = read_text(value)
        return text is not None and fits(text)

    return any_element(leaf)
