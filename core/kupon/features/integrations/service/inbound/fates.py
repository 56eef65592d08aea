"""What becomes of a delivery that failed, by what failed."""

from __future__ import annotations

import logging
from enum import StrEnum
from typing import Final, TypeAlias

from kupon.hooks.errors import RateLimited, Retry, Skip, Stop
from kupon.kit.errors import KuponError

# About a day of a platform that is away.
_MOST_TRIES: Final = 100
# A mistake of ours seldom mends itself.
_MOST_TRIES_OF_MISTAKES: Final = 8

_log = logging.getLogger("kupon.integrations")


class Fate(StrEnum):
    """What is done next with a delivery that failed."""

    IGNORED = "IGNORED"
    PARKED = "PARKED"
    AGAIN = "AGAIN"
    STOPPED = "STOPPED"


def fate_of(failure: Exception, tries: int) -> Fate:
    """What to do after so many tries."""
    match failure:
        case Stop():
            return Fate.STOPPED
        case Skip():
            return Fate.IGNORED
        case RateLimited():
            return Fate.AGAIN
        case KuponError() if failure.status < 500:
            # Kupon refuses it as it is now; somebody may change that and replay it.
            return Fate.PARKED
        case Retry() | KuponError():
            return Fate.AGAIN if tries < _MOST_TRIES else Fate.PARKED
        case _:
            _log.error("a delivery can't be processed", exc_info=failure)
            return Fate.AGAIN if tries < _MOST_TRIES_OF_MISTAKES else Fate.PARKED


_Known: TypeAlias = KuponError | Retry | Skip | Stop


def reason_of(failure: Exception) -> str:
    """What may be told: of a mistake its kind only, for its text may repeat what was sent."""
    return str(failure) if isinstance(failure, _Known) else f"mistake: {type(failure).__name__}"
