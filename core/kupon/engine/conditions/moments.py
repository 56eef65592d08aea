"""The present moment, and dates as the wire writes them, set against it.

A plain date stands for its first instant in the project's time zone.

Source: spec rules-and-qualification, section 4. UNCERTAIN there, and decided so: days are those of
    the project's calendar, never multiples of 24 hours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo

from kupon.kit.calendar import parse_when
from kupon.kit.lean import cached_property

# What Python reads besides would make dates of plain numbers (20240105) and article codes.
_DATED = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


@dataclass(frozen=True)
class Moment:
    """One present moment as a project's calendar sees it.

    Units:  now is aware; timezone is the project's.
    """

    now: datetime
    timezone: tzinfo

    @cached_property
    def today(self) -> date:
        """The day that it is in the project."""
        return self.now.astimezone(self.timezone).date()

    def instant(self, when: date) -> datetime:
        """Return a moment as it is, and a plain date as its first instant, in UTC."""
        if isinstance(when, datetime):
            return when
        return datetime.combine(when, time.min, self.timezone).astimezone(UTC)

    def local(self, when: date) -> datetime:
        """Return what calendar and clock of the project show at a moment."""
        return self.instant(when).astimezone(self.timezone)

    def day(self, when: date) -> date:
        """Return the day to which a moment belongs."""
        return when.astimezone(self.timezone).date() if isinstance(when, datetime) else when

    def days_since(self, when: date) -> int:
        """Return how many days ago a moment was; less than zero where it is yet to come."""
        return (self.today - self.day(when)).days


def read_when(value: object) -> date | datetime | None:
    """Return a date, or an aware date-time, or None for what is neither.

    Shapes: ISO 8601 text with dashes, dates and date-times; without an offset it is UTC. The first
        and last years of the calendar are none: they can't be moved between time zones.
    """
    if isinstance(value, str):
        value = _parsed(value)
    if isinstance(value, datetime) and value.tzinfo is None:
        value = value.replace(tzinfo=UTC)
    return value if isinstance(value, date) and 1 < value.year < 9999 else None


def read_day(value: object) -> date | None:
    """Return a plain date, of a date-time the day that it names, or None for what is neither.

    Shapes: for values that are typed as dates, such as a birth date: the time in
        `1990-05-01T00:00:00Z` means nothing, and no time zone may move it to another day.
    """
    if isinstance(value, str):
        value = _parsed(value[:10])
    if isinstance(value, datetime):
        value = value.date()
    return value if isinstance(value, date) and 1 < value.year < 9999 else None


def _parsed(text: str) -> date | None:
    if not _DATED.match(text):
        return None
    try:
        return parse_when(text)
    except ValueError:
        return None
