"""`kupon doctor`: whether the servers answer and the schema is this program's."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from kupon.cli.environment import read_settings
from kupon.runtime.log import redact_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from kupon.runtime.settings import Settings


@click.command()
def doctor() -> None:
    """Check database, schema and Redis; ends with 1 when one of them is not well."""
    settings = read_settings()
    checks: dict[str, Callable[[Settings], str | None]] = {
        "database": _database,
        "schema": _schema,
        "redis": _redis,
    }
    problems = {name: _examine(check, settings) for name, check in checks.items()}
    for name, problem in problems.items():
        click.echo(f"{name}: {problem or 'ok'}")
    sys.exit(any(problems.values()))


def _examine(check: Callable[[Settings], str | None], settings: Settings) -> str | None:
    try:
        return check(settings)
    except Exception as problem:  # noqa: BLE001 - whatever is wrong is what the doctor reports
        lines = redact_text(str(problem)).strip().splitlines()
        return lines[0] if lines else type(problem).__name__


def _database(settings: Settings) -> None:
    from kupon.storage.database import open_database

    engine = open_database(settings.database_url, pool_size=1)
    with engine.connect():
        engine.dispose()


def _schema(settings: Settings) -> str | None:
    from kupon.storage.migrations import pending

    missing = pending(settings.database_url)
    return f"run `kupon migrate`, missing are {', '.join(missing)}" if missing else None


def _redis(settings: Settings) -> None:
    from redis import Redis

    Redis.from_url(settings.redis_url, socket_connect_timeout=5, socket_timeout=5).ping()
