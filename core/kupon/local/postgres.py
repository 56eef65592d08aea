"""Local PostgreSQL: one real, durable server in a data folder, reached through a Unix socket.

Source: ADR-0004.
"""

from __future__ import annotations

import signal
import subprocess
from typing import TYPE_CHECKING
from urllib.parse import quote

from kupon.local import leftovers
from kupon.local.account import own
from kupon.local.cluster import DATABASE, ENVIRONMENT, USER, Cluster
from kupon.local.failure import CannotStart
from kupon.local.logs import open_log
from kupon.local.sockets import open_socket_folder, remove_socket_folder
from kupon.runtime import clock

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_START_S = 120.0
_STOP_S = 60.0
_POLL_S = 0.05
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "8MB",
    "maintenance_work_mem": "128MB",
    # Nothing replicates from here; the smaller log is as safe after a crash.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "min_wal_size": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    # Compiling a plan takes longer than any of our statements runs.
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
}


class LocalPostgres:
    """Starts, restarts and stops the PostgreSQL server of one data folder."""

    name = "postgres"

    def __init__(self, data_dir: Path, settings: Mapping[str, str] | None = None) -> None:
        self._data_dir = data_dir.resolve()
        self.log = self._data_dir / "logs" / "postgres.log"
        self._cluster = Cluster(self._data_dir, self.log)
        self._settings = _SETTINGS | dict(settings or {})
        self._sockets: Path | None = None
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The libpq URL; known once the server was started."""
        return f"postgresql://{USER}@/{DATABASE}?host={quote(str(self._sockets), safe='')}"

    def start(self) -> str:
        """Bring the server up, creating its cluster the first time; returns its URL.

        Whatever an earlier run left behind is cleared first: a running server, single backends,
        a lock file, a half-made cluster.
        Raises:  CannotStart with the end of the server's log.
        """
        self._data_dir.mkdir(parents=True, exist_ok=True)
        if self._server is not None:
            _end(self._server)
        self._end_leftovers()
        account = self._cluster.prepare()
        if self._sockets is None:
            self._sockets = open_socket_folder(self._data_dir, "postgres.run")
            own(self._sockets, account)
        self._cluster.lock_file.unlink(missing_ok=True)
        self._server = self._spawn()
        self._wait_until_ready(self._server)
        return self.url

    def is_alive(self) -> bool:
        """Tell whether the server process runs."""
        return self._server is not None and self._server.poll() is None

    def ask_to_stop(self) -> None:
        """Begin the fast shutdown and return at once."""
        if self._server is not None:
            self._server.send_signal(signal.SIGINT)

    def stop(self) -> None:
        """Close all connections, write everything down and end the server."""
        server, self._server = self._server, None
        if server is not None:
            _end(server)
        if self._sockets is not None:
            remove_socket_folder(self._data_dir, "postgres.run")
            self._sockets = None

    def _end_leftovers(self) -> None:
        found = leftovers.working_in(self._cluster.folder, ("postgres",))
        still_there = leftovers.end(found, first=signal.SIGINT, patience_s=_STOP_S)
        if still_there:
            raise CannotStart(
                f"a PostgreSQL server of an earlier run (process {still_there[0].pid})"
                f" holds {self._cluster.folder} and can't be ended",
                log=self.log,
            )

    def _spawn(self) -> subprocess.Popen[bytes]:
        settings = self._settings | {"unix_socket_directories": str(self._sockets)}
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        argv = self._cluster.command(
            "postgres",
            ["-D", str(self._cluster.folder), *options],
            # SIGINT is the fast shutdown: clean, without waiting for clients.
            dies_with=signal.SIGINT,
        )
        with open_log(self.log) as log:
            return subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=ENVIRONMENT,
                start_new_session=True,
            )

    def _wait_until_ready(self, server: subprocess.Popen[bytes]) -> None:
        deadline = clock.monotonic_s() + _START_S
        while not _is_ready(self._cluster.lock_file, server.pid):
            if server.poll() is not None:
                raise CannotStart(
                    f"PostgreSQL ended while starting (exit code {server.returncode})",
                    log=self.log,
                )
            if clock.monotonic_s() > deadline:
                _end(server)
                raise CannotStart(f"PostgreSQL was not ready after {_START_S:.0f} s", log=self.log)
            clock.sleep(_POLL_S)


def _is_ready(lock_file: Path, pid: int) -> bool:
    # Lines of postmaster.pid: process, folder, start, port, socket folder, address, memory, status.
    try:
        lines = lock_file.read_text().splitlines()
    except OSError:
        return False
    return len(lines) >= 8 and lines[0].strip() == str(pid) and lines[7].strip() == "ready"


def _end(server: subprocess.Popen[bytes]) -> None:
    for how, patience_s in (
        (signal.SIGINT, _STOP_S),
        (signal.SIGQUIT, 10.0),
        (signal.SIGKILL, None),
    ):
        if server.poll() is None:
            server.send_signal(how)
        try:
            server.wait(patience_s)
        except subprocess.TimeoutExpired:
            continue
        return
