"""Rate limits, counted in Redis for all processes together.

Browsers and apps (client surface) are limited per project and address; server keys, projects and
what platforms tell a project in a day only where the operator sets limits. Without Redis nothing
is limited: a limit protects, but must not bring the shop down.

The address is the one of the connection. Behind a proxy the operator sets KUPON_TRUSTED_PROXIES
to the number of proxies in front, so that the address that the nearest of them saw is taken.

Source: spec api-conventions, sections 3 (last paragraph), 4 and 4.1; adapters-marketing, 1.2.
"""

from __future__ import annotations

import logging
from typing import NamedTuple

import redis
from flask import Request, Response, after_this_request

from kupon.kit.errors import KuponError
from kupon.runtime import clock
from kupon.runtime.settings import Settings
from kupon.storage.queries.keys import KeyFacts

_log = logging.getLogger("kupon.web")

# After a failure Redis is left alone so long: waiting for its time-out would slow every request.
_PAUSE_S = 5.0
_DAY_S = 86_400

# Each limit is a log of the calls of its last period, so that no period whatever holds more calls
# than allowed. A call counts against all limits or, when one refuses it, against none.
_SCRIPT = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local tightest = {0, 0, 0}
local refused = false
for i, key in ipairs(KEYS) do
  local calls = tonumber(ARGV[2 * i - 1])
  local period = tonumber(ARGV[2 * i]) * 1000000
  redis.call('ZREMRANGEBYSCORE', key, '-inf', string.format('%.0f', now - period))
  local left = calls - redis.call('ZCARD', key)
  local wait = 0
  if left <= 1 then
    local oldest = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')[2] or now
    wait = tonumber(oldest) + period - now
  end
  refused = refused or left <= 0
  if i == 1 or left < tightest[2] or (left == tightest[2] and wait > tightest[3]) then
    tightest = {calls, left, wait}
  end
end
if not refused then
  for i, key in ipairs(KEYS) do
    local member = string.format('%.0f:%d', now, redis.call('ZCARD', key))
    redis.call('ZADD', key, string.format('%.0f', now), member)
    redis.call('EXPIRE', key, ARGV[2 * i])
  end
end
return {refused and 1 or 0, tightest[1], tightest[2], tightest[3], now}
"""


class Limit(NamedTuple):
    """So many calls in any period of so many seconds."""

    calls: int
    period_s: int


class Count(NamedTuple):
    """Where a caller stands with his tightest limit, this call included."""

    is_refused: bool
    limit: int
    remaining: int
    retry_after_s: int
    retry_at_s: int


class RateLimiter:
    """The limits of the installation. Safe to share among threads."""

    def __init__(self, client: redis.Redis, settings: Settings) -> None:
        self.per_address = Limit(settings.client_rate_calls, settings.client_rate_period_s)
        self.per_key = Limit(settings.key_rate_calls, settings.rate_period_s)
        self.per_project = Limit(settings.project_rate_calls, settings.rate_period_s)
        self.of_platforms = Limit(settings.webhook_daily_calls, _DAY_S)
        self._client = client
        self._script = client.register_script(_SCRIPT)
        self._paused_until_s = 0.0

    def close(self) -> None:
        """Give the connections to Redis back."""
        self._client.close()

    def count(self, limits: dict[str, Limit]) -> Count | None:
        """Count one call against limits by name; None when nothing limits it.

        A limit of no calls is none.
        """
        active = {name: limit for name, limit in limits.items() if limit.calls}
        if not active or clock.monotonic_s() < self._paused_until_s:
            return None
        numbers = [number for limit in active.values() for number in limit]
        try:
            answer = self._script(keys=list(active), args=numbers)
        except redis.RedisError as error:
            self._paused_until_s = clock.monotonic_s() + _PAUSE_S
            _log.warning("rate limits are off for %s s: %s", _PAUSE_S, error)
            return None
        return _read(*answer)


def _read(refused: int, limit: int, left: int, wait_us: int, now_us: int) -> Count:
    is_refused = bool(refused)
    return Count(
        is_refused=is_refused,
        limit=limit,
        remaining=0 if is_refused else left - 1,
        retry_after_s=-(-wait_us // 1_000_000),
        retry_at_s=-(-(now_us + wait_us) // 1_000_000),
    )


def check(limiter: RateLimiter, surface: str, key: KeyFacts, request: Request) -> None:
    """Count the request, and put its limit's headers on the answer, whatever that will be.

    Raises:  KuponError too_many_requests.
    """
    _enforce(limiter.count(_limits(limiter, surface, key, request)), "api_calls")


def check_platform(limiter: RateLimiter, project_id: str) -> None:
    """Count what a platform tells a project, as `check`.

    Raises:  KuponError too_many_requests.
    """
    limits = {f"{_prefix(project_id)}:platforms": limiter.of_platforms}
    _enforce(limiter.count(limits), "webhook_calls")


def _enforce(count: Count | None, kind: str) -> None:
    if count is None:
        return

    @after_this_request
    def label(response: Response) -> Response:
        response.headers.update(_headers(count, kind))
        return response

    if count.is_refused:
        raise KuponError("too_many_requests")


def _limits(
    limiter: RateLimiter, surface: str, key: KeyFacts, request: Request
) -> dict[str, Limit]:
    if key.project is None:
        return {}
    prefix = _prefix(key.project.id)
    if surface == "client":
        return {f"{prefix}:address:{request.remote_addr}": limiter.per_address}
    return {f"{prefix}:key:{key.app_id}": limiter.per_key, f"{prefix}:all": limiter.per_project}


def _prefix(project_id: str) -> str:
    # The braces keep the keys of one project on one node of a Redis cluster.
    return f"kupon:rate:{{{project_id}}}"


def _headers(count: Count, kind: str) -> dict[str, str]:
    headers = {
        "X-Rate-Limit-Limit": str(count.limit),
        "X-Rate-Limit-Remaining": str(count.remaining),
        "X-Rate-Limit-Retry": str(count.retry_at_s),
        "X-Rate-Limit-Type": kind,
    }
    if count.is_refused:
        headers["Retry-After"] = str(max(1, count.retry_after_s))
    return headers
