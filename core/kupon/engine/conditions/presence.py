"""Whether there is a value, and how many: `$has_value`, `$is_unknown`, `$count` and its like.

Source: spec rules-and-qualification, sections 4 (`$count: [0]` holds of what is absent) and 15.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sized
from typing import Any

from kupon.engine.conditions.moments import Moment
from kupon.engine.conditions.operators import LISTS, Operator, Test, negated
from kupon.engine.conditions.subjects import Number
from kupon.engine.conditions.values import Values


def has_value(values: Values) -> Test:
    """`$has_value`: there is a value; null and lists without any are none, empty text is one."""
    return _has_value if values.flag() else negated(_has_value)


def is_unknown(values: Values) -> Test:
    """`$is_unknown`: there is no value."""
    return negated(has_value(values))


def counting(order: Callable[[int, Number], bool]) -> Operator:
    """Return the operator that holds where the subject's length compares to one of the values.

    Shapes: what is no list has the length 1.
    """

    def parse(values: Values) -> Test:
        counts = values.counts()

        def test(subject: Any, moment: Moment) -> bool:
            length = _length(subject)
            return any(order(length, count) for count in counts)

        return test

    return parse


def _length(subject: Sized | None) -> int:
    if isinstance(subject, LISTS):
        return len(subject)
    return 0 if subject is None else 1


def _has_value(subject: Any, moment: Moment) -> bool:
    if isinstance(subject, LISTS):
        return any(element is not None for element in subject)
    return subject is not None


count = counting(operator.eq)
count_more = counting(operator.gt)
count_less = counting(operator.lt)
