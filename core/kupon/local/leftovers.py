"""Leftovers: processes of an earlier run that still hold a folder, and how they are ended.

A process is recognised by what it is and where it works, never by a number in a file alone:
numbers are handed out again, in containers within seconds.
"""

from __future__ import annotations

import contextlib
import os
import signal
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

MARKER = "KUPON_DATA_DIR"
"""Environment variable that names the data folder in every process of a stack but the servers,
which write over their environment to show a title."""

_AFTER_KILL_S = 10.0


def working_in(folder: Path, names: Iterable[str]) -> list[psutil.Process]:
    """Find the processes of these programs whose working directory is the folder."""
    # The kernel adds the suffix when somebody removed the folder under a running server.
    places, wanted = {str(folder), f"{folder} (deleted)"}, tuple(names)
    return [
        process
        for process in _others()
        if process.info["name"] in wanted and process.info["cwd"] in places
    ]


def marked(folder: Path) -> list[psutil.Process]:
    """Find the processes that were started for the folder's stack and are still there."""
    found = []
    for process in _others():
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get(MARKER) == str(folder):
                found.append(process)
    return found


def end(
    processes: Iterable[psutil.Process], *, first: signal.Signals, patience_s: float
) -> list[psutil.Process]:
    """Ask processes to end, kill those that don't in time; returns what even that left.

    Units:   seconds.
    """
    waiting = list(processes)
    for process in waiting:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(first)
    _, stubborn = psutil.wait_procs(waiting, timeout=patience_s)
    for process in stubborn:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    _, still_there = psutil.wait_procs(stubborn, timeout=_AFTER_KILL_S)
    return [process for process in still_there if process.is_running()]


def _others() -> Iterator[psutil.Process]:
    own_line = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    for process in psutil.process_iter(["name", "cwd", "status"]):
        if process.pid not in own_line and process.info["status"] != psutil.STATUS_ZOMBIE:
            yield process
