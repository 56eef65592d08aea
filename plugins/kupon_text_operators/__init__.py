"""Operators for rules, segments and collections that compare texts loosely.

`$like` and `$not_like` take patterns, in which `*` stands for any characters and `?` for one;
`$is_same_text` passes over case, accents and blanks: "Mueller " is not "Müller", but "müller" is.
"""

from __future__ import annotations

from collections.abc import Mapping

from kupon.hooks import hookimpl
from kupon.hooks.types import Operator
from kupon_text_operators.operators import is_same_text, like, not_like


@hookimpl
def register_rule_operators() -> Mapping[str, Operator]:
    """The operators by their names in definitions."""
    return {"$like": like, "$not_like": not_like, "$is_same_text": is_same_text}
