"""Attempts within attempts: a race that is lost undoes what the attempt has done, and no more."""

from __future__ import annotations

import pytest

from kupon.kit.errors import RaceLost


@pytest.fixture
def note(uow):
    """Writes down a number, in the transaction."""
    uow.driver.execute("CREATE TEMP TABLE noted (number int) ON COMMIT DROP")
    return lambda number: uow.driver.execute("INSERT INTO noted VALUES (%s)", (number,))


@pytest.fixture
def noted(uow):
    """Reads what was written down."""
    return lambda: [row[0] for row in uow.driver.execute("SELECT number FROM noted ORDER BY 1")]


def test_a_lost_race_undoes_the_attempts_within_too(uow, note, noted):
    tries = []

    def outer():
        tries.append(1)
        note(1)
        uow.attempt(lambda: note(2))
        note(3)
        if len(tries) == 1:
            raise RaceLost

    note(0)
    uow.attempt(outer)
    assert noted() == [0, 1, 2, 3]


def test_a_lost_race_within_leaves_what_was_done_before(uow, note, noted):
    tries = []

    def inner():
        tries.append(1)
        note(len(tries) + 10)
        if len(tries) < 3:
            raise RaceLost

    def outer():
        note(1)
        uow.attempt(inner)

    uow.attempt(outer)
    assert noted() == [1, 13]


def test_whoever_always_loses_leaves_nothing(uow, note, noted):
    def lose():
        note(2)
        raise RaceLost

    note(1)
    with pytest.raises(RaceLost):
        uow.attempt(lambda: uow.attempt(lose))
    assert noted() == [1]
