"""Months, quarters and years: counting months on, and where the stretch around a day ends.

Source: spec campaigns-loyalty-referral-gift, sections 7.6 and 7.9.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from datetime import date
from typing import Final

# The calendar stretches by name, in months; each divides the year.
SPANS: Final[Mapping[str, int]] = {"MONTH": 1, "QUARTER": 3, "HALF_YEAR": 6, "YEAR": 12}


def add_months(day: date, months: int) -> date:
    """Return the day so many months later, or the last of a month that is too short."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return on_day(year, month + 1, day.day)


def on_day(year: int, month: int, day: int) -> date:
    """Return a day of a month, or the month's last where it has fewer."""
    return date(year, month, min(day, monthrange(year, month)[1]))


def first_day(day: date, months: int) -> date:
    """Return the first day of the stretch of so many months that a day is in."""
    return date(day.year, day.month - (day.month - 1) % months, 1)


def last_day(day: date, months: int) -> date:
    """Return the last day of the stretch of so many months that a day is in."""
    return on_day(day.year, day.month + (-day.month) % months, 31)


def next_first_day(day: date, months: int) -> date:
    """Return the first day of the stretch after the one that a day is in."""
    return add_months(first_day(day, months), months)
