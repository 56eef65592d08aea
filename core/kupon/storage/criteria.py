"""One condition of a filter as SQL, by the kind of the column that it names.

Every kind says what an operator finds; the negative operators find the rest, rows without a value
included. Several values of one operator mean any of them (of a negative one: none of them).

Source: spec api-conventions, section 8; rules-and-qualification, sections 4 and 15. UNCERTAIN
    there: text is compared case-sensitively.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from sqlalchemy import (
    ARRAY,
    Boolean,
    ColumnElement,
    Numeric,
    Text,
    and_,
    any_,
    extract,
    false,
    literal,
    or_,
    true,
)

from kupon.kit.calendar import Calendar
from kupon.kit.filters import Condition
from kupon.kit.spans import DATE_OPERATORS, Span, spans

Test = ColumnElement[bool]

SAME = frozenset(("$is", "$in"))
PATTERNS = {"$starts_with": ("", "%"), "$ends_with": ("%", ""), "$contains": ("%", "%")}
_NEGATED = {
    "$is_not": "$is",
    "$not_in": "$in",
    "$not_contain": "$contains",
    "$is_unknown": "$has_value",
}


class Field(Protocol):
    """What a listing needs of a field that callers may filter by."""

    def test(self, condition: Condition, calendar: Calendar) -> Test:
        """The SQL of one condition.

        Raises:  BadFilter for an operator or a value that the field doesn't know.
        """


@dataclass(frozen=True, slots=True)
class ColumnField:
    """A column, or any expression on the rows of a listing."""

    column: Any

    def test(self, condition: Condition, calendar: Calendar) -> Test:
        """The SQL of one condition.

        Raises:  BadFilter for an operator or a value that the kind of column doesn't know.
        """
        positive = _NEGATED.get(condition.operator)
        if positive is None:
            return self.finds(condition.operator, condition, calendar)
        return self.finds(positive, condition, calendar).is_not(true())

    def finds(self, operator: str, condition: Condition, calendar: Calendar) -> Test:
        """The rows that a positive operator finds, by the values of the condition.

        Raises:  BadFilter for an operator or a value that the kind of column doesn't know.
        """
        if operator != "$has_value":
            raise condition.unsupported()
        test: Test = self.column.is_not(None)
        return test


class TextField(ColumnField):
    """A text column."""

    def finds(self, operator: str, condition: Condition, calendar: Calendar) -> Test:
        """Equality, membership and patterns."""
        if operator in SAME:
            return among(self.column, condition.texts())
        if operator in PATTERNS:
            return like(self.column, operator, condition)
        return super().finds(operator, condition, calendar)


class NumberField(ColumnField):
    """A numeric column."""

    def finds(self, operator: str, condition: Condition, calendar: Calendar) -> Test:
        """Equality, membership and size."""
        if operator in SAME:
            return is_any(self.column, condition.numbers())
        if operator in _SIZES:
            return compare(self.column, operator, condition.numbers())
        return super().finds(operator, condition, calendar)


class FlagField(ColumnField):
    """A column of true and false."""

    def finds(self, operator: str, condition: Condition, calendar: Calendar) -> Test:
        """Equality."""
        if operator in SAME:
            flags = literal(condition.flags(), ARRAY(Boolean))
            return any_of([self.column == any_(flags)])
        return super().finds(operator, condition, calendar)


class MomentField(ColumnField):
    """A column of timestamps."""

    def finds(self, operator: str, condition: Condition, calendar: Calendar) -> Test:
        """Equality, order and distance from today."""
        if operator in DATE_OPERATORS:
            return any_of(during(self.column, s) for s in spans(operator, condition, calendar))
        return super().finds(operator, condition, calendar)


class DayField(ColumnField):
    """A column of plain dates, such as a birth date."""

    def finds(self, operator: str, condition: Condition, calendar: Calendar) -> Test:
        """Equality, order, distance from today, and next month's anniversaries."""
        if operator in DATE_OPERATORS:
            return any_of(on_days(self.column, s) for s in spans(operator, condition, calendar))
        if operator == "$next_month":
            return extract("month", self.column) == calendar.today.month % 12 + 1
        return super().finds(operator, condition, calendar)


@dataclass(frozen=True, slots=True)
class StateField:
    """Named states that follow from several columns and the present moment.

    Shapes: operator to the rows in that state; the values of a condition are ignored.
    """

    states: Mapping[str, Callable[[Calendar], Test]]

    def test(self, condition: Condition, calendar: Calendar) -> Test:
        """The SQL of one state.

        Raises:  BadFilter for a state that isn't listed.
        """
        state = self.states.get(condition.operator)
        if state is None:
            raise condition.unsupported()
        return state(calendar)


def among(column: Any, values: list[str]) -> Test:
    """Whether a text is one of many; the statement stays the same however many there are."""
    test: Test = column == any_(literal(values, ARRAY(Text)))
    return test


def is_any(column: Any, values: list[Decimal]) -> Test:
    """Whether a number is one of many."""
    test: Test = column == any_(literal(values, ARRAY(Numeric)))
    return test


def like(column: Any, operator: str, condition: Condition) -> Test:
    """Whether a text begins with, ends with or contains one of the values, taken literally."""
    before, after = PATTERNS[operator]
    patterns = [f"{before}{_literally(text)}{after}" for text in condition.texts()]
    test: Test = column.op("LIKE", is_comparison=True)(any_(literal(patterns, ARRAY(Text))))
    return test


def _literally(text: str) -> str:
    return text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")


_SIZES: dict[str, Callable[[Any, list[Decimal]], Test]] = {
    "$more_than": lambda column, values: column > min(values),
    "$more_than_equal": lambda column, values: column >= min(values),
    "$less_than": lambda column, values: column < max(values),
    "$less_than_equal": lambda column, values: column <= max(values),
}


def compare(column: Any, operator: str, values: list[Decimal]) -> Test:
    """Whether a number is larger or smaller than one of the values."""
    return _SIZES[operator](column, values) if values else false()


def during(column: Any, span: Span) -> Test:
    """Whether a timestamp lies in a span."""
    return _between(column, span.start, span.end)


def on_days(column: Any, span: Span) -> Test:
    """Whether a plain date begins in a span."""
    return _between(column, span.first_day, span.end_day)


def _between(column: Any, start: Any, end: Any) -> Test:
    tests: list[Test] = []
    if start is not None:
        tests.append(column >= start)
    if end is not None:
        tests.append(column < end)
    return and_(true(), *tests)


def any_of(tests: Iterable[Test]) -> Test:
    """One of the tests holds; none does when there are none."""
    return or_(false(), *tests)
