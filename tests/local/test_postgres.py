"""The own PostgreSQL: durable, private, and brought back after every way to fall."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import psutil
import psycopg
import pytest

from kupon.local import leftovers
from kupon.local.failure import CannotStart

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kupon.local.postgres import LocalPostgres

    MakePostgres = Callable[[Path], LocalPostgres]


def note(url: str, word: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS notes (word text)")
        connection.execute("INSERT INTO notes VALUES (%s)", (word,))


def notes(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return [row[0] for row in connection.execute("SELECT word FROM notes ORDER BY word")]


def postmaster(data_dir: Path) -> int:
    return int((data_dir / "postgres" / "postmaster.pid").read_text().splitlines()[0])


def servers_in(data_dir: Path) -> list[int]:
    found = leftovers.working_in(data_dir.resolve() / "postgres", ("postgres",))
    return [process.pid for process in found]


def wait_until(condition: Callable[[], bool], timeout_s: float = 120.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def test_keeps_its_data_over_a_restart(tmp_path: Path, make_postgres: MakePostgres) -> None:
    server = make_postgres(tmp_path)
    note(server.start(), "kept")
    server.stop()
    assert servers_in(tmp_path) == []
    assert notes(server.start()) == ["kept"]


def test_is_durable_and_closed_to_the_network(tmp_path: Path, make_postgres: MakePostgres) -> None:
    with psycopg.connect(make_postgres(tmp_path).start()) as connection:
        shown = {
            name: connection.execute(f"SHOW {name}").fetchone()
            for name in ("fsync", "synchronous_commit", "full_page_writes", "listen_addresses")
        }
    assert shown == {
        "fsync": ("on",),
        "synchronous_commit": ("on",),
        "full_page_writes": ("on",),
        "listen_addresses": ("",),
    }
    assert psutil.Process(postmaster(tmp_path)).net_connections("tcp") == []
    assert (tmp_path / "postgres.run").stat().st_mode & 0o077 == 0


def test_recovers_after_the_server_was_killed(tmp_path: Path, make_postgres: MakePostgres) -> None:
    server = make_postgres(tmp_path)
    note(server.start(), "committed")
    os.kill(postmaster(tmp_path), signal.SIGKILL)
    wait_until(lambda: not server.is_alive())
    assert notes(server.start()) == ["committed"]


def test_ends_a_server_that_an_earlier_run_left(
    tmp_path: Path, make_postgres: MakePostgres
) -> None:
    earlier = make_postgres(tmp_path)
    note(earlier.start(), "from before")
    left = postmaster(tmp_path)
    assert notes(make_postgres(tmp_path).start()) == ["from before"]
    assert left not in servers_in(tmp_path)


def test_lock_file_that_names_an_innocent_process(
    tmp_path: Path, make_postgres: MakePostgres
) -> None:
    server = make_postgres(tmp_path)
    server.start()
    lock = tmp_path / "postgres" / "postmaster.pid"
    lines = lock.read_text().splitlines()
    server.stop()
    with subprocess.Popen(["sleep", "60"]) as innocent:
        lock.write_text("\n".join([str(innocent.pid), *lines[1:]]) + "\n")
        server.start()
        assert postmaster(tmp_path) != innocent.pid
        assert innocent.poll() is None
        innocent.kill()


def test_empty_lock_file(tmp_path: Path, make_postgres: MakePostgres) -> None:
    server = make_postgres(tmp_path)
    server.start()
    server.stop()
    (tmp_path / "postgres" / "postmaster.pid").write_text("")
    server.start()
    assert server.is_alive()


def test_half_made_cluster_is_made_anew(tmp_path: Path, make_postgres: MakePostgres) -> None:
    staging = tmp_path / "postgres.new"
    staging.mkdir()
    (staging / "PG_VERSION").write_text("18\n")
    note(make_postgres(tmp_path).start(), "whole")
    assert not staging.exists()


def test_folder_removed_under_a_running_server(tmp_path: Path, make_postgres: MakePostgres) -> None:
    earlier = make_postgres(tmp_path)
    note(earlier.start(), "lost")
    shutil.rmtree(tmp_path / "postgres")
    server = make_postgres(tmp_path)
    note(server.start(), "new")
    assert notes(server.url) == ["new"]
    assert not earlier.is_alive()


def test_path_too_long_for_a_socket(tmp_path: Path, make_postgres: MakePostgres) -> None:
    data_dir = tmp_path / ("d" * 100)
    data_dir.mkdir()
    server = make_postgres(data_dir)
    note(server.start(), "far away")
    short = (data_dir / "postgres.run").readlink()
    assert short.is_dir()
    server.stop()
    assert not short.exists()
    assert notes(server.start()) == ["far away"]


def test_path_with_spaces_and_letters(tmp_path: Path, make_postgres: MakePostgres) -> None:
    data_dir = tmp_path / "zażółć 100% data"
    data_dir.mkdir()
    server = make_postgres(data_dir)
    note(server.start(), "found")
    assert notes(server.url) == ["found"]


def test_data_of_another_version_are_refused(tmp_path: Path, make_postgres: MakePostgres) -> None:
    cluster = tmp_path / "postgres"
    cluster.mkdir()
    (cluster / "PG_VERSION").write_text("9\n")
    with pytest.raises(CannotStart, match=r"was written by PostgreSQL 9, this Kupon brings \d\d"):
        make_postgres(tmp_path).start()


def test_foreign_files_are_left_alone(tmp_path: Path, make_postgres: MakePostgres) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "letters.txt").write_text("dear")
    with pytest.raises(CannotStart, match="holds something that is no PostgreSQL cluster"):
        make_postgres(tmp_path).start()
    assert (tmp_path / "postgres" / "letters.txt").read_text() == "dear"


def test_failure_tells_the_end_of_the_log(tmp_path: Path, make_postgres: MakePostgres) -> None:
    server = make_postgres(tmp_path)
    server.start()
    server.stop()
    (tmp_path / "postgres" / "global" / "pg_control").unlink()
    with pytest.raises(CannotStart, match=r"(?s)ended while starting.*pg_control"):
        server.start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to give up its rights")
def test_root_runs_it_as_an_ordinary_user(tmp_path: Path, make_postgres: MakePostgres) -> None:
    tmp_path.chmod(0o700)
    server = make_postgres(tmp_path)
    note(server.start(), "by nobody")
    assert psutil.Process(postmaster(tmp_path)).uids().effective != 0
    server.stop()
    # A copy made by root belongs to root.
    for place in [tmp_path / "postgres", *(tmp_path / "postgres").rglob("*")]:
        os.chown(place, 0, 0)
    assert notes(server.start()) == ["by nobody"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs the parent-death signal")
def test_ends_with_a_killed_parent(tmp_path: Path, make_postgres: MakePostgres) -> None:
    script = (
        "import pathlib, sys, time\n"
        "from kupon.local.postgres import LocalPostgres\n"
        "print(LocalPostgres(pathlib.Path(sys.argv[1])).start(), flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        note(parent.stdout.readline().strip(), "orphan")
        parent.kill()
    wait_until(lambda: servers_in(tmp_path) == [])
    assert notes(make_postgres(tmp_path).start()) == ["orphan"]
