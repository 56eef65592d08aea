"""Supervisor: keeps services running, restarts the fallen, stops all from the top floor down."""

from __future__ import annotations

import logging
import signal
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from kupon.local.failure import CannotStart
from kupon.runtime import clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from types import FrameType

_TICK_S = 0.1
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 15.0
_SETTLED_S = 30.0
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

logger = logging.getLogger(__name__)


class Service(Protocol):
    """Anything that the supervisor can keep running."""

    @property
    def name(self) -> str: ...
    @property
    def log(self) -> Path: ...
    def start(self) -> object: ...
    def is_alive(self) -> bool: ...
    def ask_to_stop(self) -> None: ...
    def stop(self) -> None: ...


class StopRequested(BaseException):
    """Raised in the main thread by the first signal that asks the supervisor to end."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(signal_number)
        self.signal_number = signal_number


@dataclass
class _Watched:
    service: Service
    started_s: float
    falls: int = 0
    retry_s: float | None = None


class Supervisor:
    """Watches services in floors; a floor is started after and stopped before the one below."""

    def __init__(self) -> None:
        self._floors: list[list[_Watched]] = []

    def start_floor(self, services: Sequence[Service]) -> None:
        """Start services on top of those that run already.

        Raises:  CannotStart from the first that does not come up.
        """
        floor: list[_Watched] = []
        self._floors.append(floor)
        for service in services:
            # Watched before it is started, so that an interrupted start is stopped as well.
            floor.append(_Watched(service, clock.monotonic_s()))
            service.start()

    def watch(
        self,
        done: Callable[[], bool],
        *,
        timeout_s: float | None = None,
        most_falls: int | None = None,
    ) -> bool:
        """Keep everything running until `done`; False when the time was over before.

        Units:   seconds.
        Raises:  CannotStart when one service falls more often than `most_falls`.
        """
        deadline = None if timeout_s is None else clock.monotonic_s() + timeout_s
        while not done():
            if deadline is not None and clock.monotonic_s() > deadline:
                return False
            for floor in self._floors:
                for watched in floor:
                    self._keep_running(watched, most_falls)
            clock.sleep(_TICK_S)
        return True

    def stop(self) -> None:
        """Stop the floors from the top, the services of one floor side by side."""
        while self._floors:
            floor = self._floors.pop()
            for watched in floor:
                watched.service.ask_to_stop()
            for watched in reversed(floor):
                watched.service.stop()

    def _keep_running(self, watched: _Watched, most_falls: int | None) -> None:
        now = clock.monotonic_s()
        if watched.retry_s is not None:
            if now >= watched.retry_s:
                self._restart(watched)
        elif not watched.service.is_alive():
            if now - watched.started_s > _SETTLED_S:
                watched.falls = 0
            self._plan_restart(watched, "ended")
            if most_falls is not None and watched.falls > most_falls:
                raise CannotStart(
                    f"{watched.service.name} ended {watched.falls} times while starting",
                    log=watched.service.log,
                )

    def _plan_restart(self, watched: _Watched, what: str) -> None:
        pause_s = min(_FIRST_PAUSE_S * 2**watched.falls, _LONGEST_PAUSE_S)
        watched.falls += 1
        watched.retry_s = clock.monotonic_s() + pause_s
        logger.warning("%s %s, restarting in %.1f s", watched.service.name, what, pause_s)

    def _restart(self, watched: _Watched) -> None:
        watched.retry_s = None
        try:
            watched.service.start()
        except CannotStart as problem:
            self._plan_restart(watched, f"did not start ({problem})")
        else:
            watched.started_s = clock.monotonic_s()


@contextmanager
def signals_as_requests() -> Iterator[None]:
    """Turn the first SIGTERM, SIGINT or SIGHUP into StopRequested and ignore later ones."""

    def request(number: int, _frame: FrameType | None) -> None:
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        raise StopRequested(number)

    # A SIGHUP that is ignored already was so by `nohup`, to outlive the terminal.
    wanted = [each for each in _SIGNALS if _may_handle(each)]
    with _handling(wanted, request):
        yield


@contextmanager
def no_signals() -> Iterator[None]:
    """Let nothing interrupt what has to be finished."""
    with _handling(_SIGNALS, signal.SIG_IGN):
        yield


@contextmanager
def _handling(
    numbers: Sequence[signal.Signals], handler: Callable[..., object] | signal.Handlers
) -> Iterator[None]:
    before = {each: signal.signal(each, handler) for each in numbers}
    try:
        yield
    finally:
        for each, earlier in before.items():
            signal.signal(each, earlier)


def _may_handle(number: signal.Signals) -> bool:
    return number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN
