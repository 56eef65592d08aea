"""The connection pool of one process."""

from __future__ import annotations

from typing import Any

import orjson
import psycopg
from psycopg.types.json import set_json_dumps, set_json_loads
from sqlalchemy import Engine as Engine
from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError

# Planning a hot statement anew takes several times as long as running it, and the server would do
# so for each array parameter: the plan made once per connection is kept.
_OPTIONS = "-c timezone=UTC -c jit=off -c plan_cache_mode=force_generic_plan"


def _dump_text(value: Any) -> str:
    return orjson.dumps(value).decode()


def open_database(url: str, pool_size: int = 10, *, is_repeatable: bool = False) -> Engine:
    """A pool for one process; connections are opened when first needed.

    Shapes: url as libpq or SQLAlchemy writes it (`postgresql://...`). is_repeatable says that
        what a crash of the database takes back is done again: a job's effects and its removal
        are one transaction, so background work need not wait for the disk at each commit.
    """
    options = f"{_OPTIONS} -c synchronous_commit=off" if is_repeatable else _OPTIONS
    set_json_dumps(orjson.dumps)
    set_json_loads(orjson.loads)
    return create_engine(
        sqlalchemy_url(url),
        pool_size=pool_size,
        max_overflow=10,
        pool_timeout=10,
        # The unit of work says BEGIN itself, so that a mere look costs one round trip.
        isolation_level="AUTOCOMMIT",
        json_serializer=_dump_text,
        json_deserializer=orjson.loads,
        connect_args={"application_name": "kupon", "options": options},
    )


def sqlalchemy_url(url: str) -> str:
    """The same address with the psycopg 3 driver named."""
    for scheme in ("postgresql://", "postgres://"):
        if url.startswith(scheme):
            return "postgresql+psycopg://" + url.removeprefix(scheme)
    return url


def is_disconnect(error: Exception) -> bool:
    """Whether an error says that the connection is gone, so that another may be tried."""
    original = getattr(error, "orig", error)
    return isinstance(original, psycopg.OperationalError) and (
        original.sqlstate is None or original.sqlstate.startswith(("08", "57P"))
    )


def is_alive(engine: Engine) -> bool:
    """Whether the database answers and has been migrated."""
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1 FROM projects LIMIT 1"))
    except SQLAlchemyError:
        return False
    return True
