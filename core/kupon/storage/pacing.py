"""What all processes share about a connection's calls: its rate, its pauses and its tokens.

In Redis, since losing it costs nothing but a few calls more or a token asked for again. While it is
away nothing is counted and nothing kept.

Source: spec adapters-marketing, section 1.8.
"""

from __future__ import annotations

import logging
from contextlib import suppress

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from kupon.hooks.errors import RateLimited
from kupon.runtime import clock
from kupon.runtime.vault import NoKeys, UnknownKey, Vault

# A bucket that fills with `rate` a second up to `room`; -1 lets the call through, else the
# milliseconds to wait. The clock is that of Redis, which all processes share.
_TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local held = redis.call('PTTL', KEYS[2])
if held > 0 then return held end
local rate, room = tonumber(ARGV[1]) / 1000, tonumber(ARGV[2])
local known = redis.call('HMGET', KEYS[1], 'left', 'at')
local grown = (now - (tonumber(known[2]) or now)) * rate
local left = math.min(room, (tonumber(known[1]) or room) + grown)
if left < 1 then
  return math.ceil((1 - left) / rate)
end
redis.call('HSET', KEYS[1], 'left', left - 1, 'at', now)
redis.call('PEXPIRE', KEYS[1], math.ceil(room / rate) + 1000)
return -1
"""
# Tokens are renewed before they end.
_EARLY_S = 60.0

_log = logging.getLogger("kupon.pacing")


def open_redis(url: str) -> redis.Redis:
    """A client for what requests can do without: none waits for Redis to come back."""
    return redis.Redis.from_url(
        url,
        socket_timeout=0.5,
        socket_connect_timeout=0.5,
        # Once more for a connection that has gone stale.
        retry=Retry(NoBackoff(), 1),
    )


class SharedPace:
    """The rate of one connection.

    Units:  rate in calls per second; a second's worth may go at once. patience_s is how long a
        call may be held up, in all: for somebody who waits for an answer, and can't come again.
    """

    def __init__(
        self, client: redis.Redis, connection_id: str, rate: float, patience_s: float = 0.0
    ) -> None:
        """Pace a connection's calls."""
        self._client = client
        self._prefix = f"kupon:pace:{connection_id}"
        self._rate = rate
        self._patience_s = patience_s
        self._take = client.register_script(_TAKE)

    def take(self, group: str) -> None:
        """Count a call.

        Raises:  RateLimited when there were too many, or the platform asked for a pause.
        """
        keys = [f"{self._prefix}:{group}", f"{self._prefix}:{group}:held"]
        args = [self._rate, max(1.0, self._rate)]
        while (wait_s := self._wait_s(keys, args)) is not None:
            if wait_s > self._patience_s:
                raise RateLimited("the connection's own rate is used up", wait_s)
            self._patience_s -= wait_s
            clock.sleep(wait_s)

    def hold(self, group: str, seconds: float) -> None:
        """Let no call of a group through for a while."""
        if seconds > 0:
            with suppress(redis.RedisError):
                self._client.set(f"{self._prefix}:{group}:held", 1, px=max(1, int(seconds * 1000)))

    def _wait_s(self, keys: list[str], args: list[float]) -> float | None:
        """How long the next call has to wait; None where it has not to."""
        try:
            wait = int(self._take(keys=keys, args=args))
        except redis.RedisError as error:
            _log.warning("a rate is not kept: %s", error)
            return None
        return None if wait < 0 else max(wait, 1) / 1000


class SharedTokens:
    """The access tokens of one connection, encrypted."""

    def __init__(self, client: redis.Redis, connection_id: str, vault: Vault) -> None:
        """Keep a connection's tokens."""
        self._client = client
        self._prefix = f"kupon:token:{connection_id}"
        self._vault = vault

    def get(self, name: str) -> str | None:
        """A token that lives on for a while."""
        try:
            sealed = self._client.get(f"{self._prefix}:{name}")
        except redis.RedisError:
            return None
        if not isinstance(sealed, bytes):
            return None
        try:
            token: str = self._vault.open(sealed.decode())["token"]
        except (NoKeys, UnknownKey):
            return None
        return token

    def put(self, name: str, token: str, expires_in_s: float) -> None:
        """Keep a token until shortly before it ends; a short-lived one for half of its life."""
        lasts_s = max(expires_in_s / 2, expires_in_s - _EARLY_S)
        sealed = self._vault.seal({"token": token})
        with suppress(redis.RedisError):
            self._client.set(f"{self._prefix}:{name}", sealed, px=max(1, int(lasts_s * 1000)))

    def drop(self, name: str) -> None:
        """Forget a token that the platform no longer takes."""
        with suppress(redis.RedisError):
            self._client.delete(f"{self._prefix}:{name}")
