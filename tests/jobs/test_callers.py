"""Jobs that wait for servers of others: beside everything else, and each line by one thread."""

from __future__ import annotations

from threading import Event

import pytest

from kupon.jobs.callers import Callers
from kupon.jobs.registry import JobRegistry

LINE = ("proj_1", "test.call", "line")


@pytest.fixture
def callers():
    opened = []

    def open_callers(drain):
        opened.append(Callers(drain))
        return opened[-1]

    yield open_callers
    for each in opened:
        each.close(is_hurried=True)


@pytest.fixture
def noted():
    return Event()


@pytest.fixture
def seen():
    return []


@pytest.fixture
def registry(noted, seen):
    made = JobRegistry()
    made.add_task("test.call", lambda *_: seen.append(noted.wait(8)), calls_out=True)
    made.add_task("test.note", lambda *_: noted.set())
    return made


def test_a_slow_server_holds_up_no_other_job(relay, work, uow, project, seen):
    uow.enqueue("test.call", {}, order_key="line")
    uow.enqueue("test.note", {}, order_key="line")
    uow.commit()
    relay.turn()
    work()
    # A worker that starts has everything told of anew.
    relay.turn()
    work()
    assert seen == [True]


def test_a_line_that_is_told_again_meanwhile_is_drained_again_and_not_at_the_same_time(callers):
    begun, may_end, turns = Event(), Event(), []

    def drain(line):
        turns.append(line)
        begun.set()
        assert may_end.wait(8)

    pool = callers(drain)
    pool.take([LINE])
    assert begun.wait(8)
    pool.take([LINE, LINE])
    assert turns == [LINE]
    begun.clear()
    may_end.set()
    assert begun.wait(8)
    pool.close(is_hurried=False)
    assert turns == [LINE, LINE]


def test_a_line_that_failed_is_drained_when_it_is_told_again(callers):
    turns, is_failing, is_over = [], Event(), Event()

    def drain(line):
        turns.append(line)
        if len(turns) > 1:
            return is_over.set()
        is_failing.set()
        raise OSError("the database is away")

    pool = callers(drain)
    pool.take([LINE])
    assert is_failing.wait(8)
    pool.take([LINE])
    assert is_over.wait(8)
    assert turns == [LINE, LINE]


def test_whoever_is_closed_begins_nothing_more(callers):
    turns = []
    pool = callers(turns.append)
    pool.close(is_hurried=True)
    pool.take([LINE])
    assert turns == []


def test_of_too_many_lines_the_last_are_left_to_the_relay(callers, monkeypatch):
    monkeypatch.setattr("kupon.jobs.callers.MOST_IN_HAND", 3)
    may_end, turns = Event(), []

    def drain(line):
        assert may_end.wait(8)
        turns.append(line)

    pool = callers(drain)
    lines = [("proj_1", "test.call", f"line-{number}") for number in range(5)]
    pool.take(lines)
    pool.take(lines)
    may_end.set()
    pool.close(is_hurried=False)
    assert set(turns) == set(lines[:3])
