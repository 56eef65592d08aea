"""The client that adapters are given: what answers mean, and how long to wait.

Source: spec adapters-marketing, section 1.8.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from kupon.hooks.addresses import AddressGuard
from kupon.hooks.errors import AuthFailed, Conflict, RateLimited, Rejected, Unavailable
from kupon.hooks.http import HttpClient, retry_after_s
from kupon.testing import FakePlatform, Fault, Reply, route

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
EPOCH = str(int(NOW.timestamp()) + 90)


class Anything(FakePlatform):
    """A platform that is well."""

    def __init__(self):
        super().__init__({})

    @route("GET", "/")
    def look(self, _):
        return Reply({})


@pytest.fixture
def platform():
    with Anything() as running:
        yield running


@pytest.fixture
def call(platform):
    """Makes a call that the platform answers in a certain way."""
    guard = AddressGuard.read(["127.0.0.0/8"])

    def make(fault, *, total_s=60.0, **options):
        platform.fail(fault, times=1)
        client = HttpClient(guard=guard, total_s=total_s)
        return client.call("GET", f"{platform.url}/", **options)

    return make


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": format_datetime(NOW + timedelta(seconds=30), usegmt=True)}, 30),
        ({"retry-after": format_datetime(NOW - timedelta(days=1), usegmt=True)}, 0),
        ({"retry-after": EPOCH}, 90),
        ({"x-ratelimit-retry-after": "8"}, 8),
        ({"x-ratelimit-reset": "9"}, 9),
        ({"x-ratelimit-reset": EPOCH}, 90),
        ({"ratelimit-reset": "10"}, 10),
        ({"x-ratelimit-reset": "9", "retry-after": "3"}, 3),
        ({"x-ratelimit-reset": "9", "x-ratelimit-retry-after": "4"}, 4),
        ({"retry-after": "soon", "x-ratelimit-reset": "9"}, 9),
        ({"retry-after": "-1", "ratelimit-reset": "5"}, 5),
    ],
)
def test_a_platform_says_in_many_ways_how_long_to_wait(move_time, headers, seconds):
    move_time.freeze(NOW.isoformat())
    assert retry_after_s(headers) == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize("text", ["inf", "nan", "1e400", "9" * 40, "soon", "", "172800"])
def test_what_nobody_can_mean_is_no_answer(move_time, text):
    move_time.freeze(NOW.isoformat())
    assert retry_after_s({"retry-after": text}) is None


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, Rejected),
        (401, AuthFailed),
        (403, AuthFailed),
        (404, Rejected),
        (408, Unavailable),
        (409, Conflict),
        (413, Rejected),
        (422, Rejected),
        (425, Unavailable),
        (429, RateLimited),
        (500, Unavailable),
        (502, Unavailable),
        (503, Unavailable),
        (504, Unavailable),
        (529, Unavailable),
    ],
)
def test_a_status_says_what_is_to_be_done(call, status, error):
    with pytest.raises(error):
        call(Fault(status=status))


@pytest.mark.parametrize(("fault", "total_s"), [(Fault(hangs_up=True), 60.0), ("time-out", 0.5)])
def test_silence_may_pass(call, fault, total_s):
    with pytest.raises(Unavailable):
        call(fault, total_s=total_s)


def test_a_status_that_is_allowed_is_an_answer(call):
    assert call(Fault(status=413), allow=(413,)).status == 413


def test_fewer_calls_are_asked_for_by_any_header(call):
    with pytest.raises(RateLimited) as error:
        call(Fault(status=429, headers={"X-RateLimit-Reset": "9"}))
    assert error.value.retry_after_s == 9


def test_a_rate_that_begins_anew_mends_no_failure(call):
    """Many platforms tell with each answer when that is."""
    with pytest.raises(Unavailable) as error:
        call(Fault(status=503, headers={"X-RateLimit-Reset": "3000"}))
    assert error.value.retry_after_s is None
    with pytest.raises(Unavailable) as error:
        call(Fault(status=503, headers={"X-RateLimit-Reset": "3000", "Retry-After": "20"}))
    assert error.value.retry_after_s == 20
