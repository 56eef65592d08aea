"""Every operator under its wire names, misspellings of the reference included.

Source: spec rules-and-qualification, sections 4 (spelling traps) and 15.
"""

from __future__ import annotations

import operator
from typing import Final

from kupon.engine.conditions import (
    comparison,
    days,
    equality,
    presence,
    texts,
    windows,
)
from kupon.engine.conditions.operators import Operator
from kupon.engine.registry import Registry

_MORE: Final = comparison.comparing(operator.gt)
_MORE_OR_EQUAL: Final = comparison.comparing(operator.ge)
_LESS: Final = comparison.comparing(operator.lt)
_LESS_OR_EQUAL: Final = comparison.comparing(operator.le)
_IS_DAYS_AGO: Final = days.days_away(lambda since, wanted: since == wanted)

STANDARD_OPERATORS: Final[Registry[Operator]] = Registry(
    "operator",
    {
        "$is": equality.same,
        "$is_not": equality.other,
        "$in": equality.same,
        "$not_in": equality.other,
        "$not_differ": equality.not_differ,
        "$not_intersect": equality.other,
        "$more_than": _MORE,
        "$greater_than": _MORE,
        "$more_than_or_equal": _MORE_OR_EQUAL,
        "$more_than_equal": _MORE_OR_EQUAL,
        "$greater_than_or_equal": _MORE_OR_EQUAL,
        "$less_than": _LESS,
        "$less_than_or_equal": _LESS_OR_EQUAL,
        "$less_than_equal": _LESS_OR_EQUAL,
        "$starts_with": texts.starts_with,
        "$ends_with": texts.ends_with,
        "$contains": texts.contains,
        "$not_contain": texts.not_contain,
        "$count": presence.count,
        "$count_more": presence.count_more,
        "$count_less": presence.count_less,
        "$has_value": presence.has_value,
        "$is_unknown": presence.is_unknown,
        "$after": comparison.dated(operator.gt),
        "$before": comparison.dated(operator.lt),
        "$is_days_ago": _IS_DAYS_AGO,
        "is_days_ago": _IS_DAYS_AGO,
        "$more_than_ago": days.days_away(lambda since, wanted: since > wanted),
        "$less_than_ago": days.days_away(lambda since, wanted: 0 <= since < wanted),
        "$is_days_in_future": days.days_away(lambda since, wanted: -since == wanted),
        "$more_than_future": days.days_away(lambda since, wanted: -since > wanted),
        "$less_than_future": days.days_away(lambda since, wanted: 0 <= -since < wanted),
        "$next_month": days.next_month,
        "$dow": days.day_of_week,
        "$timeframe": windows.timeframe,
        "$timeframe_absolute": windows.timeframe_absolute,
        "$timeframe_daily_hours": windows.timeframe_daily_hours,
    },
)
