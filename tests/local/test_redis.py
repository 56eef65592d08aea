"""The own Redis: found or carried, private, empty after every start."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest
import redis

from kupon.local import leftovers
from kupon.local.failure import CannotStart
from kupon.local.redis import LocalRedis

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    MakeRedis = Callable[[Path], LocalRedis]


def pids(data_dir: Path) -> list[int]:
    names = ("redis-server", "valkey-server")
    return [found.pid for found in leftovers.working_in(data_dir.resolve() / "redis", names)]


def test_answers_and_forgets(tmp_path: Path, make_redis: MakeRedis) -> None:
    server = make_redis(tmp_path)
    with redis.Redis.from_url(server.start()) as client:
        client.set("key", "value")
        assert client.get("key") == b"value"
    server.stop()
    assert pids(tmp_path) == []
    with redis.Redis.from_url(server.start()) as client:
        assert client.dbsize() == 0
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_starts_again_after_it_was_killed(tmp_path: Path, make_redis: MakeRedis) -> None:
    server = make_redis(tmp_path)
    server.start()
    os.kill(pids(tmp_path)[0], signal.SIGKILL)
    server.start()
    assert len(pids(tmp_path)) == 1
    assert server.is_alive()


def test_ends_a_server_that_an_earlier_run_left(tmp_path: Path, make_redis: MakeRedis) -> None:
    earlier = make_redis(tmp_path)
    earlier.start()
    left = pids(tmp_path)
    server = make_redis(tmp_path)
    server.start()
    assert not set(left) & set(pids(tmp_path))
    assert not earlier.is_alive()


def test_path_too_long_for_a_socket(tmp_path: Path, make_redis: MakeRedis) -> None:
    data_dir = tmp_path / ("d" * 100)
    data_dir.mkdir()
    server = make_redis(data_dir)
    with redis.Redis.from_url(server.start()) as client:
        assert client.ping()
    short = (data_dir / "redis.run").readlink()
    server.stop()
    assert not short.exists()


def test_uses_the_carried_program_when_the_path_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_redis: MakeRedis
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with redis.Redis.from_url(make_redis(tmp_path).start()) as client:
        assert client.ping()


def test_failure_tells_the_end_of_the_log(tmp_path: Path) -> None:
    server = LocalRedis(tmp_path, {"maxmemory-policy": "nonsense"})
    with pytest.raises(CannotStart, match=r"(?s)ended while starting.*maxmemory-policy"):
        server.start()
