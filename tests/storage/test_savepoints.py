"""Parts of a transaction that are undone on their own."""

from __future__ import annotations

from contextlib import suppress

import pytest

from kupon.runtime import clock
from kupon.storage.savepoints import savepoint
from kupon.storage.uow import UnitOfWork


@pytest.fixture
def unit(engine, project):
    with UnitOfWork(engine, project_id=project.id, now=clock.now()) as uow:
        uow.driver.execute("CREATE TEMPORARY TABLE noted (number int) ON COMMIT DROP")
        yield uow


def note(uow, number):
    """Write past the session, as queries on hot paths do."""
    uow.driver.execute("INSERT INTO noted VALUES (%s)", (number,))


def noted(uow):
    return [row[0] for row in uow.driver.execute("SELECT number FROM noted ORDER BY 1").fetchall()]


def test_what_the_driver_wrote_first_is_undone_too(unit):
    note(unit, 1)
    with suppress(RuntimeError), savepoint(unit):
        note(unit, 2)
        raise RuntimeError
    note(unit, 3)
    assert noted(unit) == [1, 3]


def test_parts_of_parts(unit):
    with savepoint(unit):
        note(unit, 1)
        with suppress(RuntimeError), savepoint(unit):
            note(unit, 2)
            raise RuntimeError
        with savepoint(unit):
            note(unit, 3)
    assert noted(unit) == [1, 3]
    with suppress(RuntimeError), savepoint(unit):
        with savepoint(unit):
            note(unit, 4)
        raise RuntimeError
    assert noted(unit) == [1, 3]
