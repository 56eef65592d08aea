"""The program's clock goes where a test wants it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from kupon.runtime import clock


def test_time_goes_on_from_where_it_was_moved_to(move_time):
    before = clock.now()
    move_time(days=1)
    move_time(hours=1)
    assert timedelta(days=1, hours=1) <= clock.now() - before < timedelta(days=1, hours=2)


def test_a_frozen_clock_stands_still_until_it_is_moved(move_time):
    moment = move_time.freeze("2024-02-29T12:00:00+00:00")
    assert clock.now() == moment == datetime(2024, 2, 29, 12, tzinfo=UTC)
    move_time(days=-1)
    assert clock.now() == datetime(2024, 2, 28, 12, tzinfo=UTC)


def test_what_is_made_bears_the_moved_time(api, move_time):
    move_time.freeze("2031-05-01T00:00:00+00:00")
    made = api.post("/v1/categories", json={"name": "Later", "hierarchy": 1}).expect()
    assert made["created_at"] == "2031-05-01T00:00:00.000Z"
