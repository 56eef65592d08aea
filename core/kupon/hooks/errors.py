"""What can go wrong between Kupon and a platform, told apart by what is to be done next.

AdapterError
├─ Retry    again later: RateLimited, Unavailable, Conflict
├─ Stop     not before somebody has looked: AuthFailed, Misconfigured, Unsupported
└─ Skip     never again with this record: Rejected, Unmappable

Refused stands beside them: a caller whose request is not from the platform.
Source: house B9.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class AdapterError(Exception):
    """A failure that an adapter has understood; never answered to API callers."""


class Retry(AdapterError):
    """The same call may succeed later."""

    def __init__(self, reason: str, retry_after_s: float | None = None) -> None:
        """Say when, if the platform did; None leaves it to the back-off."""
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class RateLimited(Retry):
    """The platform asks for fewer calls."""


class Unavailable(Retry):
    """The platform is down, too slow, or answers what it never answers."""


class Conflict(Retry):
    """The record has changed meanwhile: read it again."""


class Stop(AdapterError):
    """The connection is broken until somebody mends its settings."""


class AuthFailed(Stop):
    """The platform does not accept the credentials."""


class Misconfigured(Stop):
    """The settings can't be right."""


class Unsupported(Stop):
    """The platform's plan or version lacks what is needed."""


class Skip(AdapterError):
    """One record can't be taken; it is parked, and the others go on."""

    def __init__(self, record_id: str, reason: str) -> None:
        """Name the record as the platform or Kupon names it."""
        super().__init__(f"{record_id}: {reason}")
        self.record_id = record_id
        self.reason = reason


class Rejected(Skip):
    """The platform refuses the record."""


class Unmappable(Skip):
    """The record has no place in the other model."""


class Refused(Exception):
    """An inbound request that is not the platform's: its signature or key is missing or wrong."""


@contextmanager
def as_documented() -> Iterator[None]:
    """Read a platform's answer; one of another shape than its documents say is no answer.

    Raises:  Unavailable.
    """
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError):
        raise Unavailable("the answer is not as documented") from None
