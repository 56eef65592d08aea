from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.errors import DivisionByZero
from psycopg.types.json import Jsonb

from kupon.kit.errors import RaceLost
from kupon.runtime import clock
from kupon.runtime.settings import Settings
from kupon.storage.prepared import MOST_KEPT, run
from kupon.storage.uow import UnitOfWork

if TYPE_CHECKING:
    from kupon.storage.database import Engine

STORE = (
    "INSERT INTO categories (project_id, id, name, hierarchy, created_at)"
    " VALUES (%(project_id)s, %(id)s, %(id)s, 0, now()) RETURNING id, 1 / %(guard)s::int"
)
COUNT = "SELECT count(*) FROM categories WHERE project_id = %(project_id)s AND id = %(id)s"


def parameters(uow: UnitOfWork, guard: int = 1) -> dict[str, Any]:
    return {"project_id": uow.project_id, "id": "cat_1", "guard": guard}


def count_in_another(engine: Engine, uow: UnitOfWork) -> int:
    with UnitOfWork(engine, project_id=uow.project_id, now=clock.now()) as other:
        found: int = run(other.reader, COUNT, parameters(uow))[0][0]
    return found


@pytest.mark.parametrize("is_begun", [False, True])
@pytest.mark.parametrize(
    ("type", "value"),
    [
        ("text", 'it\'s \\ "quoted" %'),
        ("text", ""),
        ("bigint", -(2**62)),
        ("timestamptz", clock.now()),
        ("jsonb", None),
        ("text[]", ["a", "", 'b"c', "d\\e", "{f,g}", "NULL", "ä"]),
        ("text[]", []),
        ("bigint[]", [1, -2]),
    ],
)
def test_values_arrive_as_they_are(uow: UnitOfWork, type: str, value: Any, is_begun: bool) -> None:
    connection = uow.driver if is_begun else uow.reader
    assert run(connection, f"SELECT %(value)s::{type}", {"value": value}) == [(value,)]


def test_documents_arrive_as_they_are(uow: UnitOfWork) -> None:
    document = {"a": [1, None, "ä"]}
    statement = "SELECT %(value)s::jsonb, %(value)s::jsonb -> 'a', '100%%'"
    assert run(uow.reader, statement, {"value": Jsonb(document)}) == [
        (document, document["a"], "100%")
    ]


def test_statements_outlive_a_rollback(uow: UnitOfWork) -> None:
    def lose() -> None:
        for _ in range(10):
            # psycopg has prepared something too, and drops everything with it.
            uow.driver.execute("SELECT 1")
        assert run(uow.driver, "SELECT 1", {}) == [(1,)]
        raise RaceLost

    with pytest.raises(RaceLost):
        uow.attempt(lose)
    with pytest.raises(RaceLost):
        uow.attempt(lambda: uow.attempt(lose))
    assert run(uow.reader, "SELECT 1", {}) == [(1,)]


def test_statements_outlive_an_abandoned_unit(engine: Engine, uow: UnitOfWork) -> None:
    for _ in range(2 * engine.pool.size()):  # type: ignore[attr-defined]  # a QueuePool
        with UnitOfWork(engine, project_id=uow.project_id, now=clock.now()) as other:
            for _ in range(10):
                other.driver.execute("SELECT 1")
            assert run(other.driver, "SELECT 1", {}) == [(1,)]


def test_dropped_statements_are_prepared_anew(uow: UnitOfWork) -> None:
    for _ in range(2):
        assert run(uow.reader, "SELECT 1", {}) == [(1,)]
        uow.reader.execute("DEALLOCATE ALL")
    assert run(uow.driver, "SELECT 1", {}) == [(1,)]


def test_the_oldest_statements_make_room(settings: Settings) -> None:
    prepared = "SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'kupon%%'"
    # The pool's connections have what other tests left.
    with psycopg.connect(settings.database_url, autocommit=True) as fresh:
        for number in [*range(MOST_KEPT + 5), 0]:
            assert run(fresh, f"SELECT {number}", {}) == [(number,)]
        assert run(fresh, prepared, {}) == [(MOST_KEPT,)]


def test_a_lost_connection_is_told_as_such(uow: UnitOfWork, engine: Engine) -> None:
    run(uow.reader, "SELECT 1", {})
    pid = uow.reader.info.backend_pid
    with UnitOfWork(engine, project_id=uow.project_id, now=clock.now()) as other:
        other.reader.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
    for _ in range(2):
        with pytest.raises(psycopg.OperationalError):
            run(uow.reader, "SELECT 1", {})


def test_an_only_statement_commits_itself(uow: UnitOfWork, engine: Engine) -> None:
    assert uow.conclude(STORE, parameters(uow)) == [("cat_1", 1)]
    assert count_in_another(engine, uow) == 1
    with pytest.raises(AssertionError, match="committed"):
        uow.driver.execute("SELECT 1")
    uow.commit()


def test_a_failed_statement_leaves_nothing_and_may_be_repeated(
    uow: UnitOfWork, engine: Engine
) -> None:
    with pytest.raises(DivisionByZero):
        uow.conclude(STORE, parameters(uow, guard=0))
    assert count_in_another(engine, uow) == 0
    uow.conclude(STORE, parameters(uow))
    with pytest.raises(AssertionError, match="committed"):
        uow.conclude(STORE, parameters(uow))


def test_after_other_writes_it_waits_for_the_commit(uow: UnitOfWork, engine: Engine) -> None:
    uow.stage("category.created", "cat_1", {})
    uow.conclude(STORE, parameters(uow))
    assert count_in_another(engine, uow) == 0
    uow.commit()
    assert count_in_another(engine, uow) == 1


def test_before_changed_definitions_it_waits_for_the_commit(
    uow: UnitOfWork, engine: Engine
) -> None:
    uow.note_changes(uow.project_id, [("category", "cat_1")])
    uow.conclude(STORE, parameters(uow))
    assert count_in_another(engine, uow) == 0
    uow.commit()
    assert count_in_another(engine, uow) == 1
