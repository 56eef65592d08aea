"""A live server: the whole program as `kupon dev` runs it, in processes of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kupon.local.launch import command
from kupon.runtime import clock
from kupon.runtime.settings import PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_START_S = 120.0
_STOP_S = 60.0
_POLL_S = 0.1
_READY = "kupon is ready"


@dataclass(frozen=True, slots=True)
class LiveServer:
    """Where it answers and what opens it; `credentials_path` is what a program is told.

    Shapes:  process_id is that of `kupon dev`, the ancestor of all its processes.
    """

    base_url: str
    credentials: dict[str, str]
    credentials_path: Path
    process_id: int


@contextmanager
def run_live_server(
    folder: Path, *options: str, python: str = sys.executable, **variables: str
) -> Iterator[LiveServer]:
    """Start `kupon dev` on a free port with two web processes and its data in the folder.

    Shapes:  further options of `kupon dev` and variables of its environment may be given; python is
        the interpreter whose installed plugins it has. PostgreSQL and Redis are its own. It may
        call this machine, where tests play platforms.
    Raises:  RuntimeError with what it printed when it does not get ready.
    """
    data_dir, printed = folder / "data", folder / "printed.log"
    argv = [python, "-P", "-m", "kupon.cli.main", "dev", "--port", "0"]
    argv += ["--data-dir", str(data_dir), "--web-processes", "2", *options]
    with printed.open("wb") as output:
        process = subprocess.Popen(
            command(argv, folder=folder, dies_with=signal.SIGTERM),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=_environment() | variables,
        )
    try:
        _wait_until_ready(process, printed)
        path = data_dir / "credentials.json"
        credentials = json.loads(path.read_text())
        yield LiveServer(credentials["base_url"], credentials, path, process.pid)
    finally:
        process.terminate()
        process.wait(_STOP_S)


def _environment() -> dict[str, str]:
    """This process's environment without settings of ours, but for the networks of tests."""
    outer = os.environ
    kept = {name: value for name, value in outer.items() if not name.startswith(PREFIX)}
    return {**kept, "KUPON_ALLOWED_NETWORKS": "127.0.0.0/8,::1/128"}


def _wait_until_ready(process: subprocess.Popen[bytes], printed: Path) -> None:
    deadline = clock.monotonic_s() + _START_S
    while _READY not in printed.read_text():
        if process.poll() is not None or clock.monotonic_s() > deadline:
            raise RuntimeError(f"`kupon dev` did not get ready:\n{printed.read_text()}")
        clock.sleep(_POLL_S)
