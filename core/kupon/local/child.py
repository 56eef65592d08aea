"""Child: one of Kupon's own processes in a stack, in a process group of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from kupon.local.launch import command
from kupon.local.logs import open_log

if TYPE_CHECKING:
    from collections.abc import Mapping


class Child:
    """Starts and stops one process; it ends with the supervisor even if that is killed."""

    def __init__(
        self,
        name: str,
        argv: list[str],
        *,
        environment: Mapping[str, str],
        log: Path,
        patience_s: float,
    ) -> None:
        self.name = name
        self.log = log
        self._argv = argv
        self._environment = dict(environment)
        self._patience_s = patience_s
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process; what is left of its former group is killed first."""
        self._kill_group()
        argv = command(self._argv, folder=Path.cwd(), dies_with=signal.SIGTERM)
        with open_log(self.log) as log:
            self._process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment,
                # Ctrl-C in the terminal must reach the supervisor alone: it knows the order.
                start_new_session=True,
            )

    def is_alive(self) -> bool:
        """Tell whether the process runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """The exit code of the ended process, negative for a signal; None while it runs."""
        return None if self._process is None else self._process.poll()

    def ask_to_stop(self) -> None:
        """Send SIGTERM and return at once."""
        if self._process is not None:
            self._process.terminate()

    def stop(self) -> None:
        """Ask, wait, and kill what is still there of the whole group."""
        if self._process is None:
            return
        self.ask_to_stop()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(self._patience_s)
        self._kill_group()

    def _kill_group(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
