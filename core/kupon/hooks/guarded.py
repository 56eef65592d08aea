"""Connections that go to judged addresses only, and end when the time of their call is over.

Source: spec events-webhooks-data, sections 18.4 and 18.7.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar, Token
from threading import Lock, Thread, Timer
from typing import Any, Self

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from kupon.hooks.addresses import AddressGuard, ForbiddenAddress

RESOLVE_S = 3.0


class Deadline:
    """Ends all connections of one call when its time is over, however slowly bytes come in.

    Time-outs of sockets begin anew with each byte, so they end nothing.
    """

    def __init__(self, seconds: float) -> None:
        """Begin with `with`, from when on the time runs."""
        self._timer = Timer(seconds, self._end)
        self._timer.daemon = True
        self._lock = Lock()
        self._copies: list[socket.socket] = []
        self._token: Token[Deadline | None] | None = None
        self.is_over = False

    def watch(self, used: socket.socket) -> None:
        """End a connection as well: by a copy, since TLS and answers take the socket over."""
        copy = used.dup()
        with self._lock:
            self._copies.append(copy)
            if self.is_over:
                _shut(copy)

    def _end(self) -> None:
        with self._lock:
            self.is_over = True
            for copy in self._copies:
                _shut(copy)

    def __enter__(self) -> Self:
        """Let the time run."""
        self._token = _running.set(self)
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Let everything open that was ended by no time."""
        self._timer.cancel()
        if self._token is not None:
            _running.reset(self._token)
        with self._lock:
            for copy in self._copies:
                copy.close()
            self._copies.clear()


_running: ContextVar[Deadline | None] = ContextVar("running", default=None)


def _shut(copy: socket.socket) -> None:
    with suppress(OSError):
        copy.shutdown(socket.SHUT_RDWR)


class _GuardedConnection(HTTPConnection):
    """Connects to an address that was judged, and ends with the deadline."""

    guard = AddressGuard()
    _copy: socket.socket | None = None

    def request(self, *arguments: Any, **options: Any) -> None:
        # One that is used again is open already.
        self._watch()
        super().request(*arguments, **options)

    def close(self) -> None:
        super().close()
        if self._copy is not None:
            self._copy.close()
            self._copy = None

    def _watch(self) -> None:
        running = _running.get()
        if running is not None and self._copy is not None:
            running.watch(self._copy)

    def _new_conn(self) -> socket.socket:
        name = self._dns_host
        # The name stays what it is for the Host header and the certificate.
        self._dns_host = self._judged(name.strip("[]"), self.port or self.default_port)
        try:
            opened = super()._new_conn()
        finally:
            self._dns_host = name
        self._copy = opened.dup()
        self._watch()
        return opened

    def _judged(self, name: str, port: int) -> str:
        address = _in_time(lambda: self.guard.resolve(name, port), name)
        if not self.guard.permits_port(address, port):
            raise ForbiddenAddress(f"{name} may not be called at port {port}")
        return address


def _in_time(resolve: Callable[[], str], name: str) -> str:
    """What a name means, unless its servers take too long: no resolver can be told to stop.

    Raises:  as resolve; TimeoutError.
    """
    with suppress(ValueError):
        ipaddress.ip_address(name)
        return resolve()
    answers: list[str | OSError] = []

    def ask() -> None:
        try:
            answers.append(resolve())
        except (OSError, UnicodeError) as error:
            answers.append(error if isinstance(error, OSError) else OSError(str(error)))

    asking = Thread(target=ask, daemon=True)
    asking.start()
    asking.join(RESOLVE_S)
    if not answers:
        raise TimeoutError(f"{name} was not found in time")
    if isinstance(answers[0], OSError):
        raise answers[0]
    return answers[0]


class _GuardedSecureConnection(_GuardedConnection, HTTPSConnection):
    """The same over TLS."""


class GuardedAdapter(HTTPAdapter):
    """Pools whose connections are guarded; one connection a call, so that each is judged."""

    def __init__(self, guard: AddressGuard) -> None:
        """Judge addresses by this guard."""
        self._guard = guard
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Make the pools whose connections are ours."""
        super().init_poolmanager(*arguments, **options)
        plain = type("Plain", (_GuardedConnection,), {"guard": self._guard})
        secure = type("Secure", (_GuardedSecureConnection,), {"guard": self._guard})
        self.poolmanager.pool_classes_by_scheme = {
            "http": type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
        }
