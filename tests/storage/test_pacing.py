"""The rate of a connection's calls, which all processes share."""

from __future__ import annotations

import pytest
import redis

from kupon.hooks.errors import RateLimited
from kupon.runtime import clock, ids
from kupon.runtime.vault import Vault
from kupon.storage.pacing import SharedPace, SharedTokens, open_redis


@pytest.fixture
def pace(settings):
    """Paces of one connection, as several processes have them."""
    name = ids.new_id("con_")
    with redis.Redis.from_url(settings.redis_url) as client:
        yield lambda rate, patience_s=0.0: SharedPace(client, name, rate, patience_s)


def test_a_seconds_worth_goes_at_once_whoever_takes_it(pace):
    granted, begun, refused = 0, clock.monotonic_s(), None
    while refused is None:
        try:
            pace(4).take("api")
            granted += 1
        except RateLimited as error:
            refused = error
    # On a machine that has much else to do the next ones are due meanwhile.
    assert 4 <= granted <= 4 + 4 * (clock.monotonic_s() - begun)
    assert 0 < refused.retry_after_s <= 0.25
    pace(4).take("other")


def test_a_pause_holds_all_of_a_group(pace):
    pace(100).hold("api", 30)
    with pytest.raises(RateLimited) as refused:
        pace(100).take("api")
    assert 29 < refused.value.retry_after_s <= 30


def test_the_patient_wait_as_long_as_they_may_in_all(pace):
    patient, begun = pace(2, 0.6), clock.monotonic_s()

    def take(count):
        for _ in range(count):
            patient.take("api")

    take(3)
    assert clock.monotonic_s() - begun >= 0.5
    with pytest.raises(RateLimited):
        take(1000)


def test_while_redis_is_away_calls_go_through_at_once():
    begun = clock.monotonic_s()
    with open_redis("redis://127.0.0.1:1/0") as client:
        pace = SharedPace(client, "con_away", 1)
        for _ in range(3):
            pace.take("api")
        pace.hold("api", 30)
        tokens = SharedTokens(client, "con_away", Vault((Vault.new_key(),)))
        tokens.put("access", "canary", 3600)
        assert tokens.get("access") is None
        tokens.drop("access")
    assert clock.monotonic_s() - begun < 5
