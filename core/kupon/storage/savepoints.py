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

    Locks:   those taken inside are given back then.
    """
    uow.session.flush()
    uow.driver.execute("SAVEPOINT part")
    try:
        yield
        uow.session.flush()
    except Exception:
        uow.session.expire_all()
        uow.driver.execute("ROLLBACK TO SAVEPOINT part")
        uow.driver.execute("RELEASE SAVEPOINT part")
        raise
    uow.driver.execute("RELEASE SAVEPOINT part")
