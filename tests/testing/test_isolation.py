"""Tests share a database and don't see each other; servers are shared by a run's workers."""

from __future__ import annotations

import os
import subprocess
import sys

import redis

from kupon.testing.servers import database_named, open_redis_database, redis_numbered

RUN = """
import os, sys, time
from pathlib import Path
from kupon.testing.servers import join_servers
with join_servers(Path(sys.argv[1]), os.environ) as servers:
    print(servers.template, flush=True)
    sys.stdin.readline()
print("left", flush=True)
"""


def test_projects_do_not_see_each_other(api, connect_api, new_project):
    api.post("/v1/categories", json={"name": "Mine", "hierarchy": 1}).expect()
    other = connect_api(new_project())
    assert other.get("/v1/categories").expect()["total"] == 0
    assert api.get("/v1/categories").expect()["total"] == 1


def test_each_worker_has_a_redis_database_of_its_own(servers, settings):
    with open_redis_database(servers) as one, open_redis_database(servers) as two:
        assert len({one, two, settings.redis_url}) == 3
        with redis.Redis.from_url(one) as client:
            client.flushdb()
        with open_redis_database(servers) as three:
            assert three not in {one, two, settings.redis_url}


def test_urls_are_rewritten():
    assert database_named("postgresql://u@/a?host=%2Fx", "b") == "postgresql://u@/b?host=%2Fx"
    assert database_named("postgresql://u@127.0.0.1:1/a", "b") == "postgresql://u@127.0.0.1:1/b"
    assert redis_numbered("redis://127.0.0.1:1/0", 3) == "redis://127.0.0.1:1/3"
    assert redis_numbered("unix:///x/redis.sock?db=0", 3) == "unix:///x/redis.sock?db=3"


def test_the_starter_of_servers_waits_for_those_who_joined(tmp_path, servers):
    """With servers given by this run, so that only the joining is tried here."""
    given = {
        "KUPON_TEST_DATABASE_URL": servers.database_url,
        "KUPON_TEST_REDIS_URL": servers.redis_url,
    }

    def start():
        return subprocess.Popen(
            [sys.executable, "-c", RUN, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | given,
        )

    with start() as starter, start() as other:
        templates = {starter.stdout.readline(), other.stdout.readline()}
        assert len(templates) == 1
        for process in (starter, other):
            process.stdin.write("\n")
            process.stdin.flush()
        assert [p.stdout.readline() for p in (starter, other)] == ["left\n", "left\n"]
    assert not (tmp_path / "servers.json").exists()
