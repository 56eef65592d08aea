"""Past uses as rules count them, and the calendar windows in which they are counted.

Source: spec rules-and-qualification, sections 6.6, 6.7 and 6.9.
"""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from typing import Final, NamedTuple

from kupon.kit.calendar import Calendar

DAILY: Final = "daily"
WEEKLY: Final = "weekly"
MONTHLY: Final = "monthly"
PERIODS: Final = (DAILY, WEEKLY, MONTHLY)


class Counter(NamedTuple):
    """What a rule wants counted: the rule's name without its period, and the period.

    Shapes: period is one of PERIODS, or None for all times.
    """

    name: str
    period: str | None = None

    @property
    def rule(self) -> str:
        """The name of the rule that asks for it."""
        return self.name if self.period is None else f"{self.name}.{self.period}"


def window_start(period: str, now: datetime, timezone: tzinfo, week_start: int) -> datetime:
    """Return when the day, week or month began that a moment belongs to.

    Shapes: period is one of PERIODS; week_start is a weekday as Python counts them (0 is Monday).
    Units:  now is aware; the answer is aware UTC.
    """
    calendar = Calendar(now, timezone)
    today = calendar.today
    if period == WEEKLY:
        return calendar.start(today - timedelta(days=(today.weekday() - week_start) % 7))
    return calendar.start(today.replace(day=1) if period == MONTHLY else today)
