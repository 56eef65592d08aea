"""When a failed job is tried again."""

from __future__ import annotations

from datetime import datetime, timedelta

ATTEMPTS = 12
_FIRST_S = 1
_LONGEST_S = 3600


def next_try(attempts: int, now: datetime) -> datetime | None:
    """The moment of the next try after `attempts` failures, doubling; None when it is given up."""
    if attempts >= ATTEMPTS:
        return None
    return now + timedelta(seconds=min(_LONGEST_S, _FIRST_S * 2 ** (attempts - 1)))
