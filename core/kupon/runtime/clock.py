"""The time of day, in one place so that tests can move it."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def now() -> datetime:
    """The current moment as aware UTC, cut to milliseconds as the wire prints it."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def monotonic_s() -> float:
    """Seconds that only ever grow, for measuring spans."""
    return time.monotonic()


def sleep(seconds: float) -> None:
    """Wait."""
    time.sleep(seconds)
