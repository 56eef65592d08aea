"""Days counted from today, and days of the week and the year.

Source: spec rules-and-qualification, sections 4 and 15. UNCERTAIN there: "less than N days ago"
    leaves out the future and counts today; "less than N days ahead" counts today too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kupon.engine.conditions.moments import Moment, read_day, read_when
from kupon.engine.conditions.operators import Leaf, Operator, Test, any_element, negated
from kupon.engine.conditions.subjects import Number
from kupon.engine.conditions.values import Values

_Fits = Callable[[int, Number], bool]

_DAYS_OF_WEEK = range(7)


def days_away(fits: _Fits) -> Operator:
    """Return the operator that holds where days since the subject and one of the values fit."""

    def parse(values: Values) -> Test:
        leaves = [ago(days, fits, values) for days in values.days()]
        return any_element(lambda value, moment: any(leaf(value, moment) for leaf in leaves))

    return parse


def ago(days: Number, fits: _Fits, values: Values) -> Leaf:
    """Return the test of one number of days; dates to come are less than zero days ago."""
    read = read_day if values.kind == "date" else read_when

    def leaf(value: Any, moment: Moment) -> bool:
        when = read(value)
        return when is not None and fits(moment.days_since(when), days)

    return leaf


def day_of_week(values: Values) -> Test:
    """`$dow`: the subject lies on one of the days; 0 is Sunday."""
    days = frozenset(values.days())
    if not days.issubset(_DAYS_OF_WEEK):
        raise values.error("must be a day from 0 (Sunday) to 6")
    return _on_day(values, lambda when, moment: moment.day(when).isoweekday() % 7 in days)


def next_month(values: Values) -> Test:
    """`$next_month`: the subject's month, of whatever year, is the one after this month."""
    test = _on_day(
        values, lambda when, moment: moment.day(when).month == moment.today.month % 12 + 1
    )
    return test if values.flag() else negated(test)


def _on_day(values: Values, fits: Callable[[Any, Moment], bool]) -> Test:
    read = read_day if values.kind == "date" else read_when

    def leaf(value: Any, moment: Moment) -> bool:
        when = read(value)
        return when is not None and fits(when, moment)

    return any_element(leaf)
