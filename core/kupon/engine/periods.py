"""ISO 8601 durations, and stepping through the calendar with them.

Source: spec campaigns-loyalty-referral-gift, section 1.6 (calendar intervals step by calendar).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from dateutil.relativedelta import relativedelta

_PATTERN: Final = re.compile(
    r"P(?=[0-9T])(?:(?P<years>\d{1,6})Y)?(?:(?P<months>\d{1,6})M)?(?:(?P<weeks>\d{1,6})W)?"
    r"(?:(?P<days>\d{1,6})D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d{1,9})H)?(?:(?P<minutes>\d{1,9})M)?"
    r"(?:(?P<seconds>\d{1,12}(?:[.,]\d{1,6})?)S)?)?",
    re.ASCII,
)
_MEAN_MONTH: Final = timedelta(days=30.436875)
_LONGEST: Final = timedelta(days=366 * 1000)


@dataclass(frozen=True, slots=True)
class Period:
    """A length of time: calendar months and days, and an exact rest.

    Shapes: false where it is zero. A day is a calendar day: from nine o'clock to nine o'clock,
        which is 23 or 25 hours where the clocks change; the rest is elapsed time.
    """

    months: int
    days: int
    rest: timedelta

    def __bool__(self) -> bool:
        """Tell whether it is longer than zero."""
        return bool(self.months or self.days or self.rest)

    def after(self, moment: datetime, timezone: tzinfo, times: int = 1) -> datetime:
        """Return the moment so many periods later.

        Shapes: counted from the moment itself, so the 31st stays the 31st in months that have
            one; a clock time that a change of clocks leaves out moves forward with the clock.
        Units:  aware; UTC where a calendar step was taken.
        """
        if self.months or self.days:
            step = relativedelta(months=self.months * times, days=self.days * times)
            wall = moment.astimezone(timezone).replace(tzinfo=None) + step
            moment = wall.replace(tzinfo=timezone).astimezone(UTC)
        return moment + self.rest * times

    def last_step(self, start: datetime, now: datetime, timezone: tzinfo) -> datetime:
        """Return the latest of start, start + 1 period, start + 2 periods ... not after now.

        Shapes: start is not after now; the period is longer than zero.
        """
        steps = (now - start) // self.estimate()
        # The estimate is off by little: months differ by days, days by the hour of the clocks.
        while self.after(start, timezone, steps + 1) <= now:
            steps += 1
        while steps and self.after(start, timezone, steps) > now:
            steps -= 1
        return self.after(start, timezone, steps) if steps else start

    def estimate(self) -> timedelta:
        """Return the elapsed time that it takes on average."""
        return self.months * _MEAN_MONTH + timedelta(days=self.days) + self.rest


def parse_period(text: object) -> Period | None:
    """Read an ISO 8601 duration, or return None for what is none or longer than 1000 years."""
    match = _PATTERN.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return None
    parts = {name: part or "0" for name, part in match.groupdict().items()}
    whole = {name: int(part) for name, part in parts.items() if name != "seconds"}
    period = Period(
        months=whole["years"] * 12 + whole["months"],
        days=whole["weeks"] * 7 + whole["days"],
        rest=timedelta(
            hours=whole["hours"],
            minutes=whole["minutes"],
            seconds=float(parts["seconds"].replace(",", ".")),
        ),
    )
    return period if period.estimate() <= _LONGEST else None
