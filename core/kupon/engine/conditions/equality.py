"""Equality and membership: `$is`, `$in`, what they negate, and the same for whole lists.

Source: spec rules-and-qualification, section 4. UNCERTAIN there: text is compared
    case-sensitively; `$not_differ` and `$not_intersect` are undocumented.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from kupon.engine.conditions.moments import Moment, read_day, read_when
from kupon.engine.conditions.operators import LISTS, Leaf, Test, any_element, negated
from kupon.engine.conditions.subjects import read_flag, read_number, read_text
from kupon.engine.conditions.values import Values


def same(values: Values) -> Test:
    """`$is`, `$in`: the subject equals one of the values."""
    return any_element(_equals(values))


def other(values: Values) -> Test:
    """`$is_not`, `$not_in`: the subject equals none of the values, or is absent."""
    return negated(same(values))


def not_differ(values: Values) -> Test:
    """`$not_differ`: every element of the subject is one of the values; an absent one fails."""
    leaf = _equals(values)

    def test(subject: Any, moment: Moment) -> bool:
        if isinstance(subject, LISTS):
            return all(leaf(element, moment) for element in subject)
        return leaf(subject, moment)

    return test


def _equals(values: Values) -> Leaf:
    return _LEAVES.get(values.kind, _equals_text)(values)


def _equals_text(values: Values) -> Leaf:
    texts = frozenset(values.texts())
    return lambda value, moment: read_text(value) in texts


def _equals_any(values: Values) -> Leaf:
    """What no schema types is text; a number is also the same in other digits (5 and "5.0")."""
    texts = frozenset(values.texts())
    numbers = frozenset(number for number in map(read_number, values.items) if number is not None)

    def leaf(value: Any, moment: Moment) -> bool:
        if isinstance(value, str):
            return value in texts
        return read_text(value) in texts or read_number(value) in numbers

    return leaf


def _equals_by(read: Callable[[Any], Any]) -> Callable[[Values], Leaf]:
    def equals(values: Values) -> Leaf:
        wanted = frozenset(read(item) for item in values.items) - {None}
        return lambda value, moment: read(value) in wanted

    return equals


def _equals_moment(values: Values) -> Leaf:
    """A plain date among the values stands for the whole day."""
    wanted = [when for when in map(read_when, values.items) if when is not None]
    instants = frozenset(when for when in wanted if isinstance(when, datetime))
    days = frozenset(when for when in wanted if not isinstance(when, datetime))

    def leaf(value: Any, moment: Moment) -> bool:
        when = read_when(value)
        if when is None:
            return False
        return moment.day(when) in days or (bool(instants) and moment.instant(when) in instants)

    return leaf


def _equals_day(values: Values) -> Leaf:
    wanted: frozenset[date | None] = frozenset(map(read_day, values.items)) - {None}
    return lambda value, moment: read_day(value) in wanted


_LEAVES: dict[str, Callable[[Values], Leaf]] = {
    "any": _equals_any,
    "number": _equals_by(read_number),
    "boolean": _equals_by(read_flag),
    "date": _equals_day,
    "datetime": _equals_moment,
}
