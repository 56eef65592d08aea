"""Work that may fail on its own, without what was done before it in the transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import sqlalchemy.exc

from kupon.kit.errors import RaceLost
from kupon.storage.uow import UnitOfWork

# What says nothing of the work: it may well succeed the next time, or has lost its connection.
TRANSIENT = (
    RaceLost,
    psycopg.OperationalError,
    psycopg.InterfaceError,
    sqlalchemy.exc.OperationalError,
    sqlalchemy.exc.InterfaceError,
    sqlalchemy.exc.PendingRollbackError,
)


@contextmanager
def savepoint(uow: UnitOfWork) -> Iterator[None]:
    """Undo what was written inside when it raises, and raise on.

    Shapes:  the session knows of it, as it undoes all that it knows of when a flush fails.
    Locks:   those taken inside are given back then.
    """
    try:
        with uow.session.begin_nested():
            # It would begin with the session's first statement only, after those of the driver.
            uow.session.connection()
            yield
    except Exception:
        uow.session.expire_all()
        raise
