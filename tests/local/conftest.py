"""Servers and stacks of a test's own, ended with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kupon.local.postgres import LocalPostgres
from kupon.local.redis import LocalRedis

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def make_postgres() -> Iterator[Callable[[Path], LocalPostgres]]:
    made: list[LocalPostgres] = []

    def make(data_dir: Path) -> LocalPostgres:
        made.append(LocalPostgres(data_dir, {"shared_buffers": "32MB"}))
        return made[-1]

    yield make
    for server in made:
        server.stop()


@pytest.fixture
def make_redis() -> Iterator[Callable[[Path], LocalRedis]]:
    made: list[LocalRedis] = []

    def make(data_dir: Path) -> LocalRedis:
        made.append(LocalRedis(data_dir))
        return made[-1]

    yield make
    for server in made:
        server.stop()
