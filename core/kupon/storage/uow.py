"""The unit of work: one connection, one transaction, one commit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from types import TracebackType
from typing import Any, Self, TypeVar

import psycopg
from psycopg.errors import DeadlockDetected
from psycopg.types.json import Jsonb
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from kupon.engine.access import Scope
from kupon.kit.errors import RaceLost
from kupon.storage.prepared import Row, run

T = TypeVar("T")

ATTEMPTS = 4

_STAGE = (
    "INSERT INTO events"
    " (project_id, name, aggregate_id, payload, request_id, source, origin, created_at)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
)
_BUMP = (
    "WITH bumped AS (UPDATE projects SET revision = revision + 1 WHERE id = %s"
    " RETURNING id, revision)"
    " INSERT INTO definition_changes (project_id, revision, kind, object_id)"
    " SELECT bumped.id, bumped.revision, changes.kind, changes.object_id FROM bumped,"
    " unnest(%s::text[], %s::text[]) AS changes(kind, object_id)"
)
_ENQUEUE = (
    "INSERT INTO jobs (project_id, handler, order_key, arguments, available_at, created_at)"
    " VALUES (%s, %s, %s, %s, %s, %s)"
)


class UnitOfWork:
    """What one request or job does to the database, all or nothing.

    Shapes: `session` is for administration (ORM), `driver` the same connection's psycopg side for
        hot paths; both are inside one transaction, begun with their first use. `reader` looks
        without a transaction, in one round trip. A read-only unit never begins one. Leaving the
        `with` block without commit() rolls back. source tells of what caused the unit's events,
        origin which connection did, None where none did; scope is where the caller's key is
        restricted to, None where it is not.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        project_id: str,
        now: datetime,
        request_id: str | None = None,
        source: dict[str, Any] | None = None,
        scope: Scope | None = None,
        is_read_only: bool = False,
    ) -> None:
        self.project_id = project_id
        self.now = now
        self.request_id = request_id
        self.source = source
        self.origin: str | None = None
        self.scope = scope
        self._engine = engine
        self._is_read_only = is_read_only
        self._is_begun = False
        self._is_concluded = False
        self._depth = 0
        self._changes: dict[str, dict[tuple[str, str], None]] = {}
        self._connection: Connection | None = None
        self._session: Session | None = None

    @property
    def reader(self) -> psycopg.Connection[Any]:
        """psycopg's connection for reads that need no transaction; never write through it."""
        if self._connection is None:
            self._connection = self._engine.connect()
        driver = self._connection.connection.driver_connection
        if not isinstance(driver, psycopg.Connection):
            raise TypeError("the database driver must be psycopg")
        return driver

    @property
    def driver(self) -> psycopg.Connection[Any]:
        """psycopg's connection inside the transaction; never commit or roll it back."""
        reader = self.reader
        if self._is_concluded:
            raise AssertionError("nothing can be added to what is committed")
        if not (self._is_begun or self._is_read_only):
            reader.execute("BEGIN")
            self._is_begun = True
        return reader

    def run(self, statement: str, parameters: Mapping[str, Any]) -> list[Row]:
        """Run a hot statement inside the transaction; its rows."""
        return run(self.driver, statement, parameters)

    def conclude(self, statement: str, parameters: Mapping[str, Any]) -> list[Row]:
        """Run the last statement that writes anything; its rows.

        Where it is the first one too it commits by itself, and spares the round trips of BEGIN and
        COMMIT: a statement is all or nothing, as a transaction is.

        Raises:  what the statement raises; it has then left nothing.
        """
        if self._is_begun or self._changes or self._is_concluded:
            return self.run(statement, parameters)
        rows = run(self.reader, statement, parameters)
        self._is_concluded = True
        return rows

    @property
    def session(self) -> Session:
        """The ORM session on this transaction; objects stay readable after the commit."""
        if self._session is None:
            self.driver  # noqa: B018 - begins the transaction
            self._session = Session(self._connection, expire_on_commit=False)
        return self._session

    def stage(self, name: str, aggregate_id: str, payload: dict[str, Any]) -> None:
        """Record a domain event; the relay delivers it after the commit.

        Locks: call it after the aggregate's row was written, so that events keep its order.
        """
        self._flush()
        self.driver.execute(
            _STAGE,
            (
                self.project_id,
                name,
                aggregate_id,
                Jsonb(payload),
                self.request_id,
                self.staged_source,
                self.origin,
                self.now,
            ),
        )

    @property
    def staged_source(self) -> Jsonb | None:
        """The source of what this unit stages, as a statement's parameter."""
        return None if self.source is None else Jsonb(self.source)

    def enqueue(
        self,
        handler: str,
        arguments: dict[str, Any],
        *,
        order_key: str,
        available_at: datetime | None = None,
    ) -> None:
        """Record work for a worker; it starts after the commit, in order within order_key."""
        self._flush()
        due = available_at or self.now
        self.driver.execute(
            _ENQUEUE, (self.project_id, handler, order_key, Jsonb(arguments), due, self.now)
        )

    def note_changes(self, project_id: str, changes: Iterable[tuple[str, str]]) -> None:
        """Have the revision of a project's definitions bumped, once, by the commit.

        Shapes: changes are the kinds and ids of what changed.
        Locks:  the project's row, by the commit and so after all others: whatever a transaction
            changes in whatever order, it does not wait for anything while all others wait for it.
        """
        self._changes.setdefault(project_id, {}).update(dict.fromkeys(changes))

    def attempt(self, work: Callable[[], T]) -> T:
        """Run `work` until it loses no race, at most ATTEMPTS times.

        A race is lost when a guarded write finds its condition gone, or when PostgreSQL ends a
        circle of waiting at this transaction's cost: locks have one order, but who changes rules
        learns of the counters to drop only after locking what has the rules.

        Shapes:  a lost try is undone to where this call began: to a savepoint if the transaction
            was open then, else to its start.
        Raises:  the last RaceLost.
        """
        is_nested = self._is_begun
        self._depth += 1
        # Each depth has a name of its own: what a savepoint hides is not gone back to.
        savepoint = f"attempt_{self._depth}" if is_nested else None
        try:
            return self._retry(work, savepoint)
        finally:
            self._depth -= 1

    def _retry(self, work: Callable[[], T], savepoint: str | None) -> T:
        for remaining in reversed(range(ATTEMPTS)):
            if savepoint is not None:
                self._flush()
                self.driver.execute(f"SAVEPOINT {savepoint}")
            try:
                return work()
            except (RaceLost, DeadlockDetected, OperationalError) as error:
                if not _is_lost(error):
                    raise
                self._undo(savepoint)
                if not remaining:
                    raise RaceLost from error
        raise AssertionError("unreachable")

    def _undo(self, savepoint: str | None) -> None:
        if self._session is not None:
            self._session.expire_all()
        if savepoint is not None:
            self.driver.execute(f"ROLLBACK TO SAVEPOINT {savepoint}")
        else:
            self.reader.rollback()
            self._is_begun = False

    def commit(self) -> None:
        """Make everything durable. With conclude() the only commit in the program."""
        self._flush()
        for project_id, changes in sorted(self._changes.items()):
            kinds, ids = [kind for kind, _ in changes], [id for _, id in changes]
            self.driver.execute(_BUMP, (project_id, kinds, ids))
        self._changes.clear()
        if self._is_begun:
            self.reader.commit()
            self._is_begun = False

    def _flush(self) -> None:
        if self._session is not None:
            self._session.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            self._session.close()
        if self._connection is not None:
            # Returning the connection to the pool rolls back what was not committed.
            self._connection.close()
            self._connection = None


def _is_lost(error: BaseException) -> bool:
    if isinstance(error, OperationalError):
        return isinstance(error.orig, DeadlockDetected)
    return True
