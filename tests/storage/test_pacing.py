"""The rate of a connection's calls, which all processes share."""

from __future__ import annotations

import pytest
import redis

from kupon.hooks.errors import RateLimited
from kupon.runtime import clock, ids
from kupon.storage.pacing import SharedPace


@pytest.fixture
def pace(settings):
    """Paces of one connection, as several processes have them."""
    name = ids.new_id("con_")
    with redis.Redis.from_url(settings.redis_url) as client:
        yield lambda rate, patience_s=0.0: SharedPace(client, name, rate, patience_s)


def test_a_seconds_worth_goes_at_once_whoever_takes_it(pace):
    for _ in range(2):
        pace(4).take("api")
        pace(4).take("api")
    with pytest.raises(RateLimited) as refused:
        pace(4).take("api")
    assert 0 < refused.value.retry_after_s <= 0.25
    pace(4).take("other")


def test_a_pause_holds_all_of_a_group(pace):
    pace(100).hold("api", 30)
    with pytest.raises(RateLimited) as refused:
        pace(100).take("api")
    assert 29 < refused.value.retry_after_s <= 30


def test_the_patient_wait_as_long_as_they_may_in_all(pace):
    patient = pace(2, 0.6)
    patient.take("api")
    patient.take("api")
    begun = clock.monotonic_s()
    patient.take("api")
    assert clock.monotonic_s() - begun >= 0.3
    with pytest.raises(RateLimited):
        patient.take("api")
