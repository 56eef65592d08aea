"""Servers: one PostgreSQL and one Redis for a whole test run, one database in each per worker.

The first pytest worker that needs them starts them, the others join; the starter waits for all
others before it stops them. Servers named in KUPON_TEST_DATABASE_URL and KUPON_TEST_REDIS_URL are
used as they are.
"""

from __future__ import annotations

import fcntl
import json
import shutil
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit

import psycopg
import redis
from psycopg import sql

from kupon.local.postgres import LocalPostgres
from kupon.local.redis import LocalRedis
from kupon.runtime import ids
from kupon.storage.migrations import upgrade

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

DATABASE_VARIABLE = "KUPON_TEST_DATABASE_URL"
REDIS_VARIABLE = "KUPON_TEST_REDIS_URL"

# The data of a test run need not outlive a power cut.
_HASTE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "128MB",
}
_LEASE_S = 7200


@dataclass(frozen=True, slots=True)
class Servers:
    """The servers of a run, and the migrated database that each worker's is a copy of."""

    database_url: str
    redis_url: str
    template: str


@contextmanager
def join_servers(root: Path, environment: Mapping[str, str]) -> Iterator[Servers]:
    """Use the run's servers, starting them when nobody has.

    Shapes:  `root` is a folder that all workers of the run, and nobody else, share.
    Locks:   `door` while somebody comes or the starter goes; `users`, shared, while in use.
    """
    with (root / "door").open("a") as door, (root / "users").open("a") as users, ExitStack() as own:
        state = root / "servers.json"
        fcntl.flock(door, fcntl.LOCK_EX)
        if state.exists():
            servers = Servers(**json.loads(state.read_text()))
        else:
            servers = _start(root, environment, own)
            state.write_text(json.dumps(asdict(servers)))
            own.callback(_wait_for_others, door, users, state)
        fcntl.flock(users, fcntl.LOCK_SH)
        fcntl.flock(door, fcntl.LOCK_UN)
        yield servers


def _wait_for_others(door: object, users: object, state: Path) -> None:
    fcntl.flock(door, fcntl.LOCK_EX)  # type: ignore[arg-type]  # an open file
    fcntl.flock(users, fcntl.LOCK_EX)  # type: ignore[arg-type]  # an open file
    state.unlink()


def _start(root: Path, environment: Mapping[str, str], own: ExitStack) -> Servers:
    data_dir = root / "servers"
    data_dir.mkdir(exist_ok=True)
    own.callback(shutil.rmtree, data_dir, ignore_errors=True)
    database_url, redis_url = environment.get(DATABASE_VARIABLE), environment.get(REDIS_VARIABLE)
    if not database_url:
        postgres = LocalPostgres(data_dir, _HASTE)
        own.callback(postgres.stop)
        database_url = postgres.start()
    if not redis_url:
        server = LocalRedis(data_dir)
        own.callback(server.stop)
        redis_url = server.start()
    template = ids.new_id("kupon_test_")
    own.enter_context(_database(database_url, template))
    upgrade(database_named(database_url, template))
    return Servers(database_url, redis_url, template)


@contextmanager
def open_database_copy(servers: Servers) -> Iterator[str]:
    """A database of one's own with the current schema; its URL."""
    name = ids.new_id("kupon_test_")
    with _database(servers.database_url, name, servers.template):
        yield database_named(servers.database_url, name)


@contextmanager
def open_redis_database(servers: Servers) -> Iterator[str]:
    """An empty logical Redis database of one's own; its URL.

    Locks:   a lease in database 0, which a test that empties its own does not lose.
    Raises:  RuntimeError when all are taken.
    """
    with redis.Redis.from_url(redis_numbered(servers.redis_url, 0)) as leases:
        for number in range(1, 64):
            lease = f"kupon:test-lease:{number}"
            if not leases.set(lease, 1, nx=True, ex=_LEASE_S):
                continue
            url = redis_numbered(servers.redis_url, number)
            try:
                with redis.Redis.from_url(url) as client:
                    client.flushdb()
            except redis.ResponseError:
                break
            yield url
            leases.delete(lease)
            return
    raise RuntimeError("every logical database of the Redis server is in use by a test run")


@contextmanager
def _database(server_url: str, name: str, template: str = "template1") -> Iterator[None]:
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
    try:
        yield
    finally:
        with psycopg.connect(server_url, autocommit=True) as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )


def database_named(url: str, name: str) -> str:
    """The same PostgreSQL server's URL with another database."""
    return urlsplit(url)._replace(path=f"/{name}").geturl()


def redis_numbered(url: str, number: int) -> str:
    """The same Redis server's URL with another logical database."""
    address, _, words = url.partition("?")
    if address.startswith("unix://"):
        return f"{address}?{urlencode(dict(parse_qsl(words)) | {'db': str(number)})}"
    return urlsplit(url)._replace(path=f"/{number}").geturl()
