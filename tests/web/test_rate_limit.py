from __future__ import annotations

import logging
import socket
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import redis
from flask_smorest import Blueprint
from redis.backoff import NoBackoff
from redis.retry import Retry

from kupon.runtime import clock, ids
from kupon.runtime.settings import Settings
from kupon.testing.client import key_headers
from kupon.web.app import build_app
from kupon.web.endpoint import Context, endpoint
from kupon.web.rate_limit import Count, Limit, RateLimiter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from werkzeug.test import TestResponse

    from kupon.testing.plugin import NewProject, ProjectKeys

HEADERS = ("X-Rate-Limit-Limit", "X-Rate-Limit-Remaining", "X-Rate-Limit-Type", "Retry-After")


@pytest.fixture
def store(settings: Settings) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(settings.redis_url) as client:
        yield client


@pytest.fixture
def limiter(store: redis.Redis, settings: Settings) -> RateLimiter:
    return RateLimiter(store, settings)


@pytest.fixture
def name() -> str:
    """What is limited; of this test only."""
    return ids.new_id("test:")


def counted(count: Count | None) -> tuple[bool, int, int]:
    assert count is not None
    return count.is_refused, count.limit, count.remaining


def test_so_many_calls_and_no_more(limiter: RateLimiter, name: str) -> None:
    told = [counted(limiter.count({name: Limit(3, 60)})) for _ in range(5)]
    assert told == [(False, 3, 2), (False, 3, 1), (False, 3, 0), (True, 3, 0), (True, 3, 0)]


def test_processes_count_together(store: redis.Redis, settings: Settings, name: str) -> None:
    processes = [RateLimiter(store, settings) for _ in range(2)]
    told = [counted(process.count({name: Limit(2, 60)}))[0] for process in processes * 2]
    assert told == [False, False, True, True]


@pytest.mark.slow
def test_no_period_holds_more_calls_than_allowed(limiter: RateLimiter, name: str) -> None:
    calls, period_s = 3, 1
    # When each call that was let through was made at the earliest, and at the latest.
    passed: list[tuple[float, float]] = []
    while len(passed) < 4 * calls:
        before_s = clock.monotonic_s()
        count = limiter.count({name: Limit(calls, period_s)})
        after_s = clock.monotonic_s()
        assert count is not None
        if not count.is_refused:
            passed.append((before_s, after_s))
        else:
            (_, oldest_s), *_ = passed[-calls:]
            assert before_s - oldest_s < period_s
            assert count.retry_after_s == 1
            threading.Event().wait(0.02)
    for (first_s, _), (_, later_s) in zip(passed, passed[calls:], strict=False):
        assert later_s - first_s >= period_s


def test_when_the_next_call_is_possible(limiter: RateLimiter, name: str) -> None:
    limits = {name: Limit(2, 60)}
    before = clock.now().timestamp()
    first, second, third = (limiter.count(limits) for _ in range(3))
    assert first is not None
    assert second is not None
    assert third is not None
    assert first.retry_after_s == 0
    assert before <= first.retry_at_s <= before + 30
    for count in (second, third):
        assert 30 <= count.retry_after_s <= 60
        assert before + 30 <= count.retry_at_s <= before + 91


def test_a_refused_call_counts_nowhere(limiter: RateLimiter, name: str) -> None:
    tight, wide = {f"{name}:key": Limit(1, 60)}, {f"{name}:all": Limit(3, 60)}
    assert counted(limiter.count(wide | tight)) == (False, 1, 0)
    assert counted(limiter.count(wide | tight)) == (True, 1, 0)
    assert counted(limiter.count(wide)) == (False, 3, 1)


def test_a_limit_of_nothing_is_none(limiter: RateLimiter, name: str) -> None:
    assert limiter.count({name: Limit(0, 60)}) is None


def test_counts_are_forgotten_after_their_period(
    limiter: RateLimiter, store: redis.Redis, name: str
) -> None:
    limiter.count({name: Limit(3, 60)})
    assert 0 < store.ttl(name) <= 60


def test_without_redis_nothing_is_limited(
    settings: Settings, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    with redis.Redis(host="127.0.0.1", port=1, retry=Retry(NoBackoff(), 0)) as away:
        limiter = RateLimiter(away, settings)
        with caplog.at_level(logging.WARNING, "kupon.web"):
            assert [limiter.count({name: Limit(1, 60)}) for _ in range(3)] == [None] * 3
    # One warning: Redis is left alone for a while.
    assert [record.levelname for record in caplog.records] == ["WARNING"]


class Shop:
    """An application with one route on each surface."""

    def __init__(self, settings: Settings) -> None:
        blueprint = Blueprint("limited", __name__)

        @blueprint.get("/client/v1/things")
        @endpoint(surface="client")
        def list_client_things(ctx: Context) -> Any:
            return {}

        @blueprint.get("/v1/things")
        @endpoint()
        def list_things(ctx: Context) -> Any:
            return {}

        self.app: Flask = build_app(settings, [blueprint])

    def get(
        self,
        project: ProjectKeys,
        surface: str = "client",
        address: str = "192.0.2.1",
        via: str = "",
    ) -> TestResponse:
        headers = key_headers(surface, project.credentials)
        headers |= {"X-Forwarded-For": via} if via else {}
        path = "/client/v1/things" if surface == "client" else "/v1/things"
        environment = {"REMOTE_ADDR": address}
        return self.app.test_client().get(path, headers=headers, environ_base=environment)


@pytest.fixture
def open_shop(settings: Settings) -> Iterator[Any]:
    opened: list[Shop] = []

    def open_with(**changes: Any) -> Shop:
        opened.append(Shop(replace(settings, **changes)))
        return opened[-1]

    yield open_with
    for shop in opened:
        shop.app.extensions["kupon"].close()


def told(answer: TestResponse) -> list[str | None]:
    return [answer.headers.get(name) for name in HEADERS]


def test_six_client_calls_at_once(open_shop: Any, project: ProjectKeys, settings: Settings) -> None:
    assert (settings.client_rate_calls, settings.client_rate_period_s) == (5, 5)
    # Of a minute, as six calls may take longer than five seconds elsewhere.
    shop = open_shop(client_rate_period_s=60)
    before_s = clock.now().timestamp()
    answers = [shop.get(project) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert told(answers[0]) == ["5", "4", "api_calls", None]
    assert told(answers[5])[:3] == ["5", "0", "api_calls"]
    assert 1 <= int(answers[5].headers["Retry-After"]) <= 60
    retry_at_s = int(answers[5].headers["X-Rate-Limit-Retry"])
    assert before_s + 60 <= retry_at_s <= clock.now().timestamp() + 61
    assert answers[5].json == {
        "code": 429,
        "message": "Too many requests hit the API too quickly.",
    }


def test_without_redis_calls_are_answered_at_once(open_shop: Any, project: ProjectKeys) -> None:
    # It takes calls and answers none; whoever waited for it each time would need seven seconds.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        shop = open_shop(redis_url=f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        before_s = clock.monotonic_s()
        assert [shop.get(project).status_code for _ in range(7)] == [200] * 7
        assert clock.monotonic_s() - before_s < 5


def test_each_address_and_project_has_its_own_count(
    open_shop: Any, project: ProjectKeys, new_project: NewProject
) -> None:
    shop = open_shop(client_rate_calls=1, client_rate_period_s=60)
    statuses = [
        shop.get(project).status_code,
        shop.get(project, address="192.0.2.2").status_code,
        shop.get(new_project()).status_code,
        shop.get(project).status_code,
    ]
    assert statuses == [200, 200, 200, 429]


def test_what_a_caller_says_of_his_address_is_not_believed(
    open_shop: Any, project: ProjectKeys
) -> None:
    shop = open_shop(client_rate_calls=1, client_rate_period_s=60)
    answers = [shop.get(project, via=f"198.51.100.{number}") for number in (1, 2)]
    assert [answer.status_code for answer in answers] == [200, 429]


def test_what_a_trusted_proxy_says_is_believed(open_shop: Any, project: ProjectKeys) -> None:
    shop = open_shop(client_rate_calls=1, client_rate_period_s=60, trusted_proxies=1)
    vias = ("203.0.113.9, 198.51.100.1", "203.0.113.8, 198.51.100.1", "198.51.100.2")
    assert [shop.get(project, via=via).status_code for via in vias] == [200, 429, 200]


def test_server_keys_are_not_limited_by_default(open_shop: Any, project: ProjectKeys) -> None:
    answers = [open_shop().get(project, "server") for _ in range(7)]
    assert {answer.status_code for answer in answers} == {200}
    assert told(answers[0]) == [None] * 4


def test_server_keys_are_limited_where_the_operator_says_so(
    open_shop: Any, project: ProjectKeys
) -> None:
    shop = open_shop(key_rate_calls=2, project_rate_calls=9)
    answers = [shop.get(project, "server") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [told(answer)[:2] for answer in answers] == [["2", "1"], ["2", "0"], ["2", "0"]]


def test_calls_without_a_valid_key_are_not_counted(open_shop: Any, project: ProjectKeys) -> None:
    shop = open_shop(client_rate_calls=1, client_rate_period_s=60)
    stranger = replace(project, credentials=project.credentials | {"client_token": "wrong"})
    assert [shop.get(stranger).status_code for _ in range(3)] == [401, 401, 401]
    assert shop.get(project).status_code == 200
