"""Days and instants as a time zone counts them, and what a caller may write for either."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from kupon.kit.timestamps import parse_moment

_DAY_LENGTH = len("2016-11-16")
# A query string turns the plus sign of an offset into a blank.
_LOST_PLUS = re.compile(r" (\d\d:?\d\d)$")


def parse_when(text: str) -> date | datetime:
    """Read an ISO 8601 date, or a date with a time.

    Shapes:  `2016-11-16` becomes a date; everything longer an aware datetime in UTC.
    Raises:  ValueError for any other text.
    Source:  spec api-conventions, sections 7.2 and 10.
    """
    if len(text) == _DAY_LENGTH:
        return date.fromisoformat(text)
    try:
        return parse_moment(_LOST_PLUS.sub(r"+\1", text))
    except OverflowError:
        raise ValueError("outside the years 1 to 9999") from None


@dataclass(frozen=True, slots=True)
class Calendar:
    """One moment, and the days as they are counted in one time zone."""

    now: datetime
    tz: tzinfo = UTC

    @property
    def today(self) -> date:
        """The day that `now` belongs to."""
        return self.now.astimezone(self.tz).date()

    def start(self, day: date) -> datetime:
        """The first instant of a day.

        Units:   aware UTC.
        Raises:  OverflowError outside the years 1 to 9999.
        """
        return datetime.combine(day, time.min, self.tz).astimezone(UTC)

    def instant(self, when: date) -> datetime:
        """A moment as it is; a plain date as the first instant of that day.

        Raises:  OverflowError outside the years 1 to 9999.
        """
        return when if isinstance(when, datetime) else self.start(when)

    def first_day(self, instant: datetime) -> date:
        """The first day that does not start before an instant.

        Raises:  OverflowError outside the years 1 to 9999.
        """
        day = instant.astimezone(self.tz).date()
        return day if self.start(day) >= instant else day + timedelta(days=1)
