"""Threads for jobs that call servers of others, so that a slow one holds up nobody else.

Source: spec events-webhooks-data, section 18.4 (fairness).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

# Each holds a connection to the database while it waits.
AT_ONCE: Final = 8
# Beyond that the relay tells of a line again, some seconds later.
MOST_IN_HAND: Final = 10_000

_log = logging.getLogger("kupon.worker")

Line = tuple[str, str, str]


@dataclass(slots=True)
class Callers:
    """Lines on their way through some threads, each line at most once.

    Shapes:  drain gets a line by project, handler and order key.
    """

    drain: Callable[[Line], object]
    _pool: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(AT_ONCE, thread_name_prefix="caller")
    )
    _lock: Lock = field(default_factory=Lock)
    # Whether a line was told of again since its turn began.
    _in_hand: dict[Line, bool] = field(default_factory=dict)

    def take(self, lines: Sequence[Line]) -> None:
        """Have lines drained; one that is being drained once more after that."""
        for line in lines:
            with self._lock:
                if line in self._in_hand:
                    self._in_hand[line] = True
                    continue
                if len(self._in_hand) == MOST_IN_HAND:
                    return
                self._in_hand[line] = False
            # Once it is closed the relay tells another worker.
            with suppress(RuntimeError):
                self._pool.submit(self._run, line)

    def close(self, *, is_hurried: bool) -> None:
        """Wait for the turns that have begun, and for the others too unless it is hurried.

        The relay tells of those again.
        """
        self._pool.shutdown(cancel_futures=is_hurried)

    def _run(self, line: Line) -> None:
        with self._lock:
            self._in_hand[line] = False
        try:
            self.drain(line)
        except Exception:  # noqa: BLE001 - the relay tells of the line again
            _log.exception("jobs could not be done", extra={"handler": line[1], "line": line[2]})
        with self._lock:
            is_told_again = self._in_hand.pop(line)
        if is_told_again:
            self.take([line])
