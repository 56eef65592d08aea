"""Moments as the wire writes them.

Source: spec api-conventions, section 10: ISO 8601 UTC with milliseconds and Z.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# How far the clocks of others may be ahead.
_TOLERANCE: Final = timedelta(minutes=5)


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


def credible(moment: datetime | None, now: datetime) -> datetime | None:
    """What somebody else's clock said, in UTC; None where it can't have been so.

    Shapes:  a moment ahead of ours would make all that follows look old, and one at either end of
        the calendar is none in UTC. Without an offset it is UTC.
    """
    if moment is None:
        return None
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return aware.astimezone(UTC) if _EPOCH <= aware <= now + _TOLERANCE else None
