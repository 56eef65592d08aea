"""Moments as the wire writes them.

Source: spec api-conventions, section 10: ISO 8601 UTC with milliseconds and Z.
"""

from __future__ import annotations

from datetime import UTC, date, datetime


def format_moment(moment: datetime) -> str:
    """An aware moment as `2026-11-21T10:00:00.000Z`."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z"


def parse_moment(text: str) -> datetime:
    """A date or date-time in ISO 8601 as aware UTC; without an offset it is UTC.

    Raises:  ValueError for anything else.
    """
    moment = datetime.fromisoformat(text.strip())
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def parse_date(text: str) -> date:
    """A plain date; a date-time is cut to its date.

    Raises:  ValueError for anything else.
    """
    return datetime.fromisoformat(text.strip()).date()
