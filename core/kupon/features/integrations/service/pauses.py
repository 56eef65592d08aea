"""How long to wait for a platform that failed."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from kupon.runtime import ids

SHORTEST: Final = timedelta(seconds=1)
LONGEST: Final = timedelta(minutes=15)


def back_off(failures: int) -> timedelta:
    """How long to wait after so many failures in a row: by chance, up to twice as long each time.

    Source:  spec adapters-marketing, section 1.8 (full jitter).
    """
    longest = min(LONGEST, timedelta(seconds=2 ** min(failures, 20)))
    share = int.from_bytes(ids.random_bytes(2)) / 65_535
    return SHORTEST + (longest - SHORTEST) * share
