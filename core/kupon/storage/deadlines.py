"""A limit on the time of statements, for whom an answer that comes too late is none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg.errors import QueryCanceled
from sqlalchemy.exc import OperationalError

from kupon.storage.uow import UnitOfWork


class Overdue(Exception):
    """The time is over."""


@contextmanager
def limited_to(uow: UnitOfWork, seconds: float) -> Iterator[None]:
    """Let each statement inside take no longer than that.

    Raises:  Overdue.
    """
    if seconds <= 0:
        raise Overdue
    _limit(uow, max(1, int(seconds * 1000)))
    try:
        yield
    except QueryCanceled:
        raise Overdue from None
    except OperationalError as error:
        if isinstance(error.orig, QueryCanceled):
            raise Overdue from None
        raise
    _limit(uow, 0)


def _limit(uow: UnitOfWork, milliseconds: int) -> None:
    uow.driver.execute("SELECT set_config('statement_timeout', %s, true)", (str(milliseconds),))
