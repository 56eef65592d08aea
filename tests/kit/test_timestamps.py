"""Moments of other clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from kupon.kit.timestamps import credible

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)


@pytest.mark.parametrize("ahead", [timedelta(days=-300), timedelta(), timedelta(minutes=5)])
def test_a_clock_may_be_somewhat_wrong(ahead):
    assert credible(NOW + ahead, NOW) == NOW + ahead


def test_it_may_be_anywhere():
    here = datetime(2026, 11, 21, 11, tzinfo=timezone(timedelta(hours=2)))
    assert credible(here, NOW) == datetime(2026, 11, 21, 9, tzinfo=UTC)
    assert credible(NOW.replace(tzinfo=None), NOW) == NOW


@pytest.mark.parametrize(
    "moment",
    [
        None,
        NOW + timedelta(minutes=5, milliseconds=1),
        datetime(1969, 12, 31, tzinfo=UTC),
        datetime.max.replace(tzinfo=timezone(timedelta(hours=-14))),
        datetime.min.replace(tzinfo=timezone(timedelta(hours=14))),
    ],
)
def test_it_does_not_know_what_can_not_be(moment):
    assert credible(moment, NOW) is None
