"""Conditions on JSONB: metadata, whose values are of any type, and columns that hold lists.

A list is met by any of its elements. A number is compared as a number, text that reads like a
date as a date, everything else as text; absent, null and the empty list are no value.

Source: spec rules-and-qualification, sections 4 and 17 (values that no schema types are text).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    DateTime,
    Integer,
    Numeric,
    Text,
    case,
    cast,
    exists,
    false,
    func,
    literal_column,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB

from kupon.kit.calendar import Calendar
from kupon.kit.filters import Condition, as_number
from kupon.kit.spans import COMPARISONS, DATE_OPERATORS, Span, as_days, spans
from kupon.storage.criteria import (
    PATTERNS,
    SAME,
    ColumnField,
    Test,
    among,
    any_of,
    compare,
    during,
    is_any,
    like,
    on_days,
)

_COUNTS = {"$count": "$is", "$count_more": "$more_than", "$count_less": "$less_than"}

# Only text that PostgreSQL casts for certain may be cast: one failure fails the statement.
_NUMBER = r"^-?[0-9]{1,30}(\.[0-9]{1,30})?$"
_COMMON_DAY = (
    "((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])"
    "|(0[469]|11)-(0[1-9]|[12][0-9]|30)"
    "|02-(0[1-9]|1[0-9]|2[0-8]))"
)
_LEAP_YEAR = "([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)"
_DAY = f"(?!0000)([0-9]{{4}}-{_COMMON_DAY}|{_LEAP_YEAR}-02-29)"
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?"
_OFFSET = "(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])?"
_PLAIN_DAY = f"^{_DAY}$"
_MOMENT = f"^{_DAY}[T ]{_CLOCK}{_OFFSET}$"


class JsonField(ColumnField):
    """A JSONB value."""

    def finds(self, operator: str, condition: Condition, calendar: Calendar) -> Test:
        """Every operator of text, numbers and dates, and those that count a list's elements."""
        if operator in _COUNTS:
            return _compare_count(self.column, _COUNTS[operator], condition)
        if operator == "$has_value":
            return _has_element(self.column, lambda element: true())
        if operator in SAME:
            return _has_element(self.column, lambda element: _equals(element, condition))
        if operator in PATTERNS:
            return _has_element(self.column, lambda e: like(_plain(e), operator, condition))
        if operator in DATE_OPERATORS:
            return self._finds_size(operator, condition, calendar)
        raise condition.unsupported()

    def _finds_size(self, operator: str, condition: Condition, calendar: Calendar) -> Test:
        numbers: list[Decimal] = []
        if operator in COMPARISONS:
            found = [as_number(value) for value in condition.values]
            numbers = [number for number in found if number is not None]
            dates = (v for v in condition.values if as_number(v) is None or as_days(v) is not None)
            condition = replace(condition, values=tuple(dates))
        covered = spans(operator, condition, calendar)

        def fits(element: Any) -> Test:
            size = compare(_number(element), operator, numbers) if numbers else false()
            return or_(size, *(_is_in(_plain(element), span) for span in covered))

        return _has_element(self.column, fits)


def _has_element(column: Any, fits: Callable[[Any], Test]) -> Test:
    """Whether the value, or an element of it when it is a list, is no null and fits."""
    listed = case(
        (func.jsonb_typeof(column) == "array", column), else_=func.jsonb_build_array(column)
    )
    element = func.jsonb_array_elements(listed, type_=JSONB).column_valued("element")
    return exists(
        select(literal_column("1")).where(func.jsonb_typeof(element) != "null", fits(element))
    )


def _plain(element: Any) -> ColumnElement[str]:
    text: ColumnElement[str] = element.op("#>>", return_type=Text())(literal_column("'{}'"))
    return text


def _equals(element: Any, condition: Condition) -> Test:
    """Same text, or the same number in other digits (5 and 5.0)."""
    numbers = [number for v in condition.values if (number := as_number(v)) is not None]
    is_number = func.jsonb_typeof(element) == "number"
    digits = case((is_number, cast(_plain(element), Numeric)))
    return any_of([among(_plain(element), condition.texts()), is_any(digits, numbers)])


def _number(element: Any) -> ColumnElement[Decimal]:
    text = _plain(element)
    is_number = or_(func.jsonb_typeof(element) == "number", text.regexp_match(_NUMBER))
    return case((is_number, cast(text, Numeric)))


def _is_in(text: ColumnElement[str], span: Span) -> Test:
    test: Test = case(
        (text.regexp_match(_PLAIN_DAY), on_days(cast(text, Date), span)),
        (text.regexp_match(_MOMENT), during(cast(text, DateTime(timezone=True)), span)),
        else_=false(),
    )
    return test


def _compare_count(column: Any, operator: str, condition: Condition) -> Test:
    kind = func.jsonb_typeof(column)
    count = case(
        (kind == "array", func.jsonb_array_length(column, type_=Integer)),
        (kind != "null", 1),
        else_=0,
    )
    numbers = condition.numbers()
    return is_any(count, numbers) if operator in SAME else compare(count, operator, numbers)
