"""One piece of work outside of servers and workers: a connection of its own, and one commit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from kupon.runtime import clock
from kupon.storage.database import open_database
from kupon.storage.uow import UnitOfWork


@contextmanager
def single_unit(database_url: str, project_id: str = "") -> Iterator[UnitOfWork]:
    """A unit of work that is committed where the block ends without an error."""
    engine = open_database(database_url, pool_size=1)
    try:
        with UnitOfWork(engine, project_id=project_id, now=clock.now()) as uow:
            yield uow
            uow.commit()
    finally:
        engine.dispose()
