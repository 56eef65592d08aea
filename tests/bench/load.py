"""The load generator: a process that sends requests over a few connections, each after the last.

It works on raw sockets and reads no more of an answer than status and length, since it shares the
machine with what it measures.
"""

from __future__ import annotations

import gc
import multiprocessing
import selectors
import socket
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

OK = 200
BUYERS = 10_000

_TIMEOUT_S = 30.0
_KEEP_EVERY = 200
_MOST_KEPT = 50


@dataclass(frozen=True, slots=True)
class Load:
    """What to send, and for how long.

    Shapes:  `template` is a whole request with `%(n)07d` where the request's number goes and
        `%(buyer)07d` where that of one of BUYERS customers does. Numbers begin at `first` and
        begin anew after `cycle` of them. `at_most` ends the load early.
    Units:   seconds; what happens during the warm-up is not counted.
    """

    port: int
    template: bytes
    connections: int
    seconds: float
    first: int = 0
    cycle: int | None = None
    at_most: int | None = None
    warm_up_s: float = 0.5


@dataclass(slots=True)
class Outcome:
    """What came back; `bodies` are some of the answers, `sent` counts the warm-up's too."""

    sent: int = 0
    elapsed_s: float = 0.0
    latencies_s: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    bodies: list[bytes] = field(default_factory=list)

    def figures(self) -> dict[str, float]:
        """Requests per second, and the latencies that most answers keep to."""
        ordered = sorted(self.latencies_s)
        last = len(ordered) - 1
        shares = {"p50_ms": 0.50, "p95_ms": 0.95, "p99_ms": 0.99}
        quantiles = {name: ordered[round(last * share)] * 1000 for name, share in shares.items()}
        return {"per_s": len(ordered) / self.elapsed_s, **quantiles}


class Generator:
    """The generator's process, as the one that gives it work sees it."""

    def __init__(self) -> None:
        # A fork would inherit what the parent has open.
        context = multiprocessing.get_context("spawn")
        self._channel, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()

    def run(self, load: Load) -> Outcome:
        """Send a load and wait for its end."""
        self.begin(load)
        return self.result()

    def begin(self, load: Load) -> None:
        """Send a load in the background."""
        self._channel.send(load)

    def end(self) -> Outcome:
        """Stop the load that runs in the background."""
        self._channel.send(None)
        return self.result()

    def result(self) -> Outcome:
        """Wait for the end of the load that runs in the background.

        Raises:  RuntimeError with what went wrong in the generator.
        """
        outcome = self._channel.recv()
        if isinstance(outcome, Exception):
            raise RuntimeError("the load could not be sent") from outcome
        assert isinstance(outcome, Outcome)
        return outcome

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._channel.close()
        self._process.join(_TIMEOUT_S)


def _serve(channel: Connection) -> None:
    while True:
        try:
            load = channel.recv()
        except EOFError:
            return
        # An order to stop may arrive when the load has ended by itself.
        if load is not None:
            try:
                channel.send(_Run(load, channel).outcome)
            except (OSError, ValueError) as problem:
                channel.send(problem)


class _Run:
    """One load from its first request to its last answer."""

    def __init__(self, load: Load, channel: Connection) -> None:
        self.outcome = Outcome()
        self._load = load
        self._channel = channel
        self._selector = selectors.DefaultSelector()
        self._numbers = _numbers(load)
        self._is_stopping = False
        self._busy = 0
        gc.disable()
        try:
            self._send_all()
        finally:
            gc.enable()
            self._close()

    def _send_all(self) -> None:
        begun = time.perf_counter()
        self._counts_from = begun + self._load.warm_up_s
        self._ends_at = self._counts_from + self._load.seconds
        self._selector.register(self._channel, selectors.EVENT_READ)
        for _ in range(self._load.connections):
            client = _Client(self._load.port)
            self._selector.register(client.socket, selectors.EVENT_READ, client)
            self._busy += 1
            self._next(client, time.perf_counter())
        while self._busy:
            for key, _ in self._select():
                if key.data is None:
                    self._channel.recv()
                    self._selector.unregister(self._channel)
                    self._is_stopping = True
                elif key.data.receive():
                    self._note(key.data)
        ended = min(self._ends_at, time.perf_counter())
        self.outcome.elapsed_s = ended - self._counts_from

    def _select(self) -> list[tuple[selectors.SelectorKey, int]]:
        ready = self._selector.select(_TIMEOUT_S)
        if not ready:
            raise TimeoutError(f"no answer within {_TIMEOUT_S:.0f} s")
        return ready

    def _note(self, client: _Client) -> None:
        now = time.perf_counter()
        outcome = self.outcome
        outcome.statuses[client.status] += 1
        if self._counts_from <= now <= self._ends_at:
            outcome.latencies_s.append(now - client.sent_at)
        if outcome.sent % _KEEP_EVERY == 1 and len(outcome.bodies) < _MOST_KEPT:
            outcome.bodies.append(client.body)
        self._next(client, now)

    def _next(self, client: _Client, now: float) -> None:
        number = None
        if now < self._ends_at and not self._is_stopping:
            number = next(self._numbers, None)
        if number is None:
            self._busy -= 1
            return
        self.outcome.sent += 1
        client.send(self._load.template % {b"n": number, b"buyer": number % BUYERS})

    def _close(self) -> None:
        for key in list(self._selector.get_map().values()):
            if key.data is not None:
                key.data.socket.close()
        self._selector.close()


def _numbers(load: Load) -> Iterator[int]:
    numbers: Any = count() if load.at_most is None else range(load.at_most)
    for number in numbers:
        yield load.first + (number if load.cycle is None else number % load.cycle)


class _Client:
    """One connection with at most one request on its way."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent_at = 0.0
        self.status = 0
        self.body = b""
        self._received = b""

    def send(self, request: bytes) -> None:
        self.sent_at = time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> bool:
        """Take what has arrived; whether the answer is complete."""
        arrived = self.socket.recv(262_144)
        if not arrived:
            raise ConnectionError("the server closed the connection")
        self._received += arrived
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            return False
        end += 4
        head = self._received[:end].lower()
        length = int(head.partition(b"\r\ncontent-length:")[2].split(b"\r\n", 1)[0])
        if len(self._received) < end + length:
            return False
        self.status = int(head[9:12])
        self.body, self._received = self._received[end:], b""
        return True
