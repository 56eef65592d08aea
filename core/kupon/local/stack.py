"""Stack: PostgreSQL, Redis and all of Kupon's processes in one data folder, on one machine."""

from __future__ import annotations

import http.client
import shlex
import signal
import socket
import sys
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from kupon.local import leftovers
from kupon.local.child import Child
from kupon.local.failure import CannotStart
from kupon.local.lock import folder_lock
from kupon.local.postgres import LocalPostgres
from kupon.local.private import write_private
from kupon.local.redis import LocalRedis
from kupon.local.secret import ensure_secret_key
from kupon.local.supervisor import Supervisor, no_signals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from kupon.runtime.settings import Settings

_READY_S = 90.0
_PROBE_S = 5.0
_MOST_FALLS = 3
_CHILD_PATIENCE_S = 15.0
_LEFTOVER_PATIENCE_S = 10.0
_ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - compared only


@contextmanager
def open_stack(data_dir: Path, settings: Settings, *, workers: int) -> Iterator[Stack]:
    """Hold a data folder, and stop whatever was started in it in the end.

    Raises:  CannotStart when another process holds the folder, or the port is taken.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    data_dir = data_dir.resolve()
    with folder_lock(data_dir):
        _end_marked(data_dir)
        settings = replace(settings, port=_claim_port(settings))
        stack = Stack(data_dir, _complete(data_dir, settings), workers)
        try:
            yield stack
        finally:
            with no_signals():
                stack.stop()
                _end_marked(data_dir)


class Stack:
    """One running set of servers and processes; made by `open_stack`."""

    def __init__(self, data_dir: Path, settings: Settings, workers: int) -> None:
        self.data_dir = data_dir
        self.settings = settings
        self._workers = workers
        self._supervisor = Supervisor()

    @property
    def base_url(self) -> str:
        """Where the web server answers a client on this machine."""
        return _base_url(self.settings)

    def start_servers(self) -> None:
        """Start those of PostgreSQL and Redis that the settings don't name already."""
        if not self.settings.database_url:
            postgres = LocalPostgres(self.data_dir)
            self._supervisor.start_floor([postgres])
            self.settings = replace(self.settings, database_url=postgres.url)
        if not self.settings.redis_url:
            redis = LocalRedis(self.data_dir)
            self._supervisor.start_floor([redis])
            self.settings = replace(self.settings, redis_url=redis.url)

    def start_processes(self) -> None:
        """Start background processes and web, then wait until the web server says it is ready.

        Raises:  CannotStart with the end of the log of the process that stands in the way.
        """
        names = [f"worker-{number}" for number in range(1, self._workers + 1)]
        self._supervisor.start_floor([self._child(name) for name in [*names, "relay", "scheduler"]])
        web = self._child("web")
        self._supervisor.start_floor([web])
        is_ready = self._supervisor.watch(
            self._is_ready, timeout_s=_READY_S, most_falls=_MOST_FALLS
        )
        if not is_ready:
            raise CannotStart(f"{self.base_url}/readyz did not answer 200 in time", log=web.log)
        write_private(self._variables, _as_shell(self.settings.environment()))

    def watch(self, done: Callable[[], bool]) -> None:
        """Keep everything running until `done`."""
        self._supervisor.watch(done)

    def environment(self, **more: str) -> dict[str, str]:
        """The environment of a process that belongs to this stack."""
        marks = {leftovers.MARKER: str(self.data_dir)}
        return self.settings.child_environment(**marks, **more)

    def stop(self) -> None:
        """Stop web, then background processes, then Redis, then PostgreSQL."""
        self._variables.unlink(missing_ok=True)
        self._supervisor.stop()

    @property
    def _variables(self) -> Path:
        """What a shell reads to run commands beside the stack, while it is up."""
        return self.data_dir / "environment"

    def _child(self, name: str) -> Child:
        role = name.partition("-")[0]
        return Child(
            name,
            # -P: a folder called `kupon` where the user happens to be must not be imported.
            [sys.executable, "-P", "-m", "kupon.cli.main", role],
            environment=self.environment(),
            log=self.data_dir / "logs" / f"{name}.log",
            patience_s=_CHILD_PATIENCE_S,
        )

    def _is_ready(self) -> bool:
        host = _reachable(self.settings.host)
        connection = http.client.HTTPConnection(host, self.settings.port, timeout=_PROBE_S)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def _as_shell(variables: Mapping[str, str]) -> str:
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())


def _end_marked(data_dir: Path) -> None:
    found = leftovers.marked(data_dir)
    still_there = leftovers.end(found, first=signal.SIGTERM, patience_s=_LEFTOVER_PATIENCE_S)
    if still_there:
        raise CannotStart(
            f"process {still_there[0].pid} of an earlier run in {data_dir} can't be ended"
        )


def _claim_port(settings: Settings) -> int:
    """Return the wanted port after seeing that it is free, or any free one when it is 0."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as problem:
            raise CannotStart(
                f"can't listen on {settings.host}:{settings.port}: {problem.strerror}"
            ) from None
        return int(probe.getsockname()[1])


def _complete(data_dir: Path, settings: Settings) -> Settings:
    """Fill in the key of this folder, and the address, where nobody has set another one."""
    keys = settings.secret_keys or (ensure_secret_key(data_dir / "secret.key"),)
    public_url = settings.public_url or _base_url(settings)
    return replace(settings, secret_keys=keys, public_url=public_url)


def _base_url(settings: Settings) -> str:
    host = _reachable(settings.host)
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"


def _reachable(host: str) -> str:
    return _ANY_ADDRESS.get(host, host)
