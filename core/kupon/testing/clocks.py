"""Moving the time of day, by the one clock that the program reads; and how long things take."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from kupon.runtime import clock

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

Answer = TypeVar("Answer")
_TRIES = 3


def in_time(ask: Callable[[], Answer], limit_s: float) -> Answer:
    """What a call answers that takes less than so long.

    Shapes:  it is made again when it took longer, for a machine that has much else to do may hold
        up one of them; what is too slow by itself is too slow each time.
    Raises:  AssertionError.
    """
    for _ in range(_TRIES):
        begun_s = clock.monotonic_s()
        answer = ask()
        if clock.monotonic_s() - begun_s < limit_s:
            return answer
    raise AssertionError(f"{_TRIES} times it took longer than {limit_s} s")


class MoveTime:
    """Call it with timedelta's words to go on by so much; time then runs on from there."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._now = clock.now
        self._offset = timedelta(0)
        self._frozen: datetime | None = None
        monkeypatch.setattr(clock, "now", self.now)

    def now(self) -> datetime:
        """What the program takes for the current moment."""
        return self._frozen or self._now() + self._offset

    def __call__(self, **words: float) -> datetime:
        """Go on by `days=1, hours=2, ...` (negative: back); the moment reached."""
        step = timedelta(**words)
        if self._frozen is not None:
            self._frozen += step
        else:
            self._offset += step
        return self.now()

    def freeze(self, moment: datetime | str | None = None) -> datetime:
        """Stop the clock at a moment (aware, or ISO 8601 text), or at this one."""
        if isinstance(moment, str):
            moment = datetime.fromisoformat(moment)
        self._frozen = moment or self.now()
        return self._frozen
