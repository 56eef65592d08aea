"""`kupon dev` as a whole: one line when ready, one set of keys, nothing left when it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import psutil
import pytest

from kupon.local import leftovers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    StartDev = Callable[..., subprocess.Popen[str]]

pytestmark = pytest.mark.slow

PATIENCE_S = 120

COMMAND = [sys.executable, "-m", "kupon.cli.main", "dev", "--port", "0", "--web-processes", "1"]
READY = re.compile(r"^kupon is ready at (http://127\.0\.0\.1:\d+) \(data in (.+)\)$")


def environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith("KUPON_")}


@pytest.fixture
def start_dev() -> Iterator[StartDev]:
    started: list[subprocess.Popen[str]] = []

    def start(data_dir: Path, *options: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [*COMMAND, "--data-dir", str(data_dir), *options],
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.terminate()
        process.communicate()


def ready_url(process: subprocess.Popen[str], data_dir: Path) -> str:
    assert process.stdout is not None
    found = READY.match(process.stdout.readline().rstrip("\n"))
    assert found is not None, process.communicate()
    assert found[2] == str(data_dir.resolve())
    return found[1]


def status(credentials: dict[str, str], path: str) -> int:
    request = urllib.request.Request(
        credentials["base_url"] + path,
        headers={"X-App-Id": credentials["app_id"], "X-App-Token": credentials["app_token"]},
    )
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code


def processes_of(data_dir: Path) -> list[psutil.Process]:
    data_dir = data_dir.resolve()
    return [
        *leftovers.marked(data_dir),
        *leftovers.working_in(data_dir / "postgres", ("postgres",)),
        *leftovers.working_in(data_dir / "redis", ("redis-server", "valkey-server")),
    ]


def credentials_of(data_dir: Path) -> dict[str, str]:
    content: dict[str, str] = json.loads((data_dir / "credentials.json").read_text())
    return content


def test_keys_survive_a_killed_supervisor(tmp_path: Path, start_dev: StartDev) -> None:
    first = start_dev(tmp_path)
    url = ready_url(first, tmp_path)
    keys = credentials_of(tmp_path)
    assert keys["base_url"] == url
    assert (tmp_path / "credentials.json").stat().st_mode & 0o777 == 0o600
    assert status(keys, "/v1/categories") == 200

    second = subprocess.run(
        [*COMMAND, "--data-dir", str(tmp_path)],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (second.returncode, second.stdout) == (1, "")
    assert f"another Kupon (process {first.pid}) is running in" in second.stderr

    first.kill()
    again = start_dev(tmp_path)
    url = ready_url(again, tmp_path)
    assert credentials_of(tmp_path) == keys | {"base_url": url}
    assert status(credentials_of(tmp_path), "/v1/categories") == 200

    variables = tmp_path / "environment"
    assert variables.stat().st_mode & 0o777 == 0o600
    beside = subprocess.run(
        ["sh", "-c", f". '{variables}' && exec {sys.executable} -m kupon.cli.main doctor"],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (beside.returncode, beside.stdout) == (0, "database: ok\nschema: ok\nredis: ok\n")

    again.send_signal(signal.SIGTERM)
    assert again.wait(PATIENCE_S) == 0
    assert processes_of(tmp_path) == []
    assert not variables.exists()


def test_killed_web_process_is_replaced_and_a_command_is_run(tmp_path: Path) -> None:
    # The command kills the process that answers, then asks until another one does.
    script = tmp_path / "command.py"
    script.write_text(
        "import json, os, signal, time, urllib.request, psutil\n"
        "keys = json.load(open(os.environ['KUPON_CREDENTIALS']))\n"
        "assert keys['base_url'] == os.environ['KUPON_BASE_URL']\n"
        "web = next(p for p in psutil.Process(os.getppid()).parent().children()\n"
        "           if p.cmdline()[-1] == 'web')\n"
        "worker = next(p for p in web.children() if 'spawn_main' in ' '.join(p.cmdline()))\n"
        "worker.kill()\n"
        f"deadline = time.monotonic() + {PATIENCE_S}\n"
        "while time.monotonic() < deadline:\n"
        "    try:\n"
        "        urllib.request.urlopen(keys['base_url'] + '/readyz', timeout=5).close()\n"
        "        print('answered again by the same server', web.is_running())\n"
        "        raise SystemExit(7)\n"
        "    except OSError:\n"
        "        time.sleep(0.1)\n"
    )
    command = f'"{sys.executable}" "{script}" || exit $?'
    data_dir = tmp_path / "data"
    finished = subprocess.run(
        [*COMMAND, "--data-dir", str(data_dir), "--run", command],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.stdout == "answered again by the same server True\n", finished.stderr
    assert finished.returncode == 7
    assert "kupon is ready at" in finished.stderr
    assert processes_of(data_dir) == []


def test_interrupted_start_leaves_nothing(tmp_path: Path, start_dev: StartDev) -> None:
    process = start_dev(tmp_path)
    deadline = time.monotonic() + PATIENCE_S
    while not (tmp_path / "postgres" / "postmaster.pid").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE_S) == 0
    assert processes_of(tmp_path) == []


def test_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refused = subprocess.run(
            [*COMMAND, "--data-dir", str(tmp_path), "--port", port],
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )
    assert (refused.returncode, refused.stdout) == (1, "")
    assert f"can't listen on 127.0.0.1:{port}" in refused.stderr
    assert not (tmp_path / "postgres").exists()
