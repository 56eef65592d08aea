"""What keeps a data folder for one supervisor, and finds what another one left in it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from kupon.local import leftovers
from kupon.local.failure import CannotStart
from kupon.local.lock import folder_lock
from kupon.local.logs import open_log, read_tail

if TYPE_CHECKING:
    from pathlib import Path

SLEEP = [sys.executable, "-c", "import time; print(flush=True); time.sleep(60)"]


def test_second_holder_is_told_of_the_first(tmp_path: Path) -> None:
    with (
        folder_lock(tmp_path),
        pytest.raises(CannotStart, match=rf"another Kupon \(process {os.getpid()}\) is running"),
        folder_lock(tmp_path),
    ):
        pass


def test_lock_of_a_killed_holder_is_free(tmp_path: Path) -> None:
    script = (
        "import pathlib, sys, time\n"
        "from kupon.local.lock import folder_lock\n"
        "with folder_lock(pathlib.Path(sys.argv[1])):\n"
        "    print('held', flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        holder.kill()
    with folder_lock(tmp_path):
        assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"


def test_marked_processes_are_found_and_ended(tmp_path: Path) -> None:
    environment = os.environ | {leftovers.MARKER: str(tmp_path)}
    with subprocess.Popen(SLEEP, env=environment, stdout=subprocess.PIPE) as ours:
        assert ours.stdout is not None
        ours.stdout.readline()
        found = leftovers.marked(tmp_path)
        assert [process.pid for process in found] == [ours.pid]
        assert leftovers.marked(tmp_path / "other") == []
        assert leftovers.end(found, first=signal.SIGTERM, patience_s=120) == []


def test_log_that_grew_too_large_is_put_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kupon.local.logs._LARGEST_BYTES", 10)
    log = tmp_path / "logs" / "web.log"
    for text in (b"first line\n", b"second line\n"):
        with open_log(log) as file:
            file.write(text)
    assert read_tail(log) == "second line"
    assert (tmp_path / "logs" / "web.log.1").read_text() == "first line\n"
