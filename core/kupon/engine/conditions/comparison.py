"""Smaller and larger, earlier and later.

A number behind `$more_than` and its like is a size; where the subject is a date it means days ago.

Source: spec rules-and-qualification, sections 4 and 15; kit/spans.py means the same in SQL.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import date
from typing import Any

from kupon.engine.conditions.days import ago
from kupon.engine.conditions.moments import Moment, read_day, read_when
from kupon.engine.conditions.operators import Leaf, Operator, Test, any_element
from kupon.engine.conditions.subjects import Number, read_number
from kupon.engine.conditions.values import Values

_Order = Callable[[Any, Any], bool]

_DATED = ("date", "datetime")


def comparing(order: _Order) -> Operator:
    """Return the operator that holds where the subject stands in an order to one of the values."""
    # Further back is a smaller date, but more days ago.
    back = _IN_DAYS[order]

    def parse(values: Values) -> Test:
        leaves = [_leaf(item, order, back, values) for item in values.items]
        return _one_of(leaves)

    return parse


def dated(order: _Order) -> Operator:
    """Return the operator that compares dates only."""

    def parse(values: Values) -> Test:
        return _one_of([_date_leaf(when, order, values) for when in values.dates()])

    return parse


_IN_DAYS: dict[_Order, _Order] = {
    operator.gt: lambda since, days: since > days,
    operator.ge: lambda since, days: since >= days,
    operator.lt: lambda since, days: 0 <= since < days,
    operator.le: lambda since, days: 0 <= since <= days,
}


def _one_of(leaves: list[Leaf]) -> Test:
    if len(leaves) == 1:
        return any_element(leaves[0])
    return any_element(lambda value, moment: any(leaf(value, moment) for leaf in leaves))


def _leaf(item: object, order: _Order, back: _Order, values: Values) -> Leaf:
    number = read_number(item)
    if number is None:
        return _date_leaf(values.checked_date(item), order, values)
    days = ago(number, back, values)
    return days if values.kind in _DATED else _number_leaf(number, order, days)


def _number_leaf(wanted: Number, order: _Order, days: Leaf) -> Leaf:
    def leaf(value: Any, moment: Moment) -> bool:
        number = read_number(value)
        return days(value, moment) if number is None else order(number, wanted)

    return leaf


def _date_leaf(wanted: date, order: _Order, values: Values) -> Leaf:
    read = read_day if values.kind == "date" else read_when

    def leaf(value: Any, moment: Moment) -> bool:
        when = read(value)
        return when is not None and order(moment.instant(when), moment.instant(wanted))

    return leaf
