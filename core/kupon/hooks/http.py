"""The HTTP client that adapters and sinks are given: guarded, limited, paced, and silent.

Each call has a deadline for the whole of it, a limit on the answer's size, goes to public
addresses only, follows no redirect, and turns what went wrong into one of the three verdicts.
Neither headers nor bodies are ever logged.

Source: house B9; spec adapters-marketing, sections 1.8 and 1.11.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

import orjson
import requests
from requests import Session  # noqa: TID251 - this is the one place

from kupon.hooks.addresses import AddressGuard, ForbiddenAddress
from kupon.hooks.errors import AuthFailed, Conflict, RateLimited, Rejected, Unavailable
from kupon.hooks.guarded import Deadline, GuardedAdapter
from kupon.runtime import clock

CONNECT_S = 3.0
TOTAL_S = 10.0
MOST_BYTES = 16_777_216
_PART = 65_536
_EPOCH_AFTER = 10**9
_LONGEST_WAIT_S = 86_400.0
# What operators can do something about, the particular before the general.
_WHYS = (
    (socket.gaierror, "its name is unknown"),
    (TimeoutError, "its name was not found in time"),
    (ssl.SSLCertVerificationError, "its certificate is not trusted"),
    (ssl.SSLError, "it does not speak TLS as we do"),
    (ConnectionRefusedError, "it refuses connections"),
    (ConnectionResetError, "it ended the connection"),
)
_RATE_HEADERS = (
    "x-ratelimit-retry-after",
    "x-ratelimit-reset",
    "ratelimit-reset",
)


class Pace(Protocol):
    """How fast a connection may call its platform, shared by all processes."""

    def take(self, group: str) -> None:
        """Count a call.

        Raises:  RateLimited, with the time to wait, when there were too many; never sleeps.
        """

    def hold(self, group: str, seconds: float) -> None:
        """Let no call of a group through for a while, as the platform asked."""


class Tokens(Protocol):
    """Access tokens of a connection, shared by all processes and kept no longer than they live."""

    def get(self, name: str) -> str | None:
        """A token that lives on for a while."""

    def put(self, name: str, token: str, expires_in_s: float) -> None:
        """Keep a token."""

    def drop(self, name: str) -> None:
        """Forget a token that the platform no longer takes."""


class NoPace:
    """No limit."""

    def take(self, group: str) -> None:
        """Let the call through."""

    def hold(self, group: str, seconds: float) -> None:
        """Hold nothing."""


class OwnTokens:
    """Tokens of one process, for tests and single commands."""

    def __init__(self) -> None:
        """Begin without any."""
        self._kept: dict[str, tuple[str, float]] = {}

    def get(self, name: str) -> str | None:
        """A token that lives on for a while."""
        token, ends_at = self._kept.get(name, ("", 0.0))
        return token if clock.monotonic_s() < ends_at else None

    def put(self, name: str, token: str, expires_in_s: float) -> None:
        """Keep a token."""
        self._kept[name] = (token, clock.monotonic_s() + expires_in_s)

    def drop(self, name: str) -> None:
        """Forget a token."""
        self._kept.pop(name, None)


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """An answer that was read whole; header names are in lower case.

    Units:  took_ms in milliseconds, for the whole call.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes
    took_ms: int = 0

    def json(self) -> Any:
        """The answer's JSON.

        Raises:  Unavailable for what is none: a platform that says so is not well.
        """
        try:
            return orjson.loads(self.content)
        except orjson.JSONDecodeError:
            raise Unavailable("the answer is not JSON") from None


@dataclass(slots=True)
class HttpClient:
    """Calls of one connection.

    Units:  total_s is the time for a whole call, from the name's resolution to the last byte.
    """

    guard: AddressGuard = field(default_factory=AddressGuard)
    pace: Pace = field(default_factory=NoPace)
    tokens: Tokens = field(default_factory=OwnTokens)
    user_agent: str = "Kupon"
    connect_s: float = CONNECT_S
    total_s: float = TOTAL_S
    most_bytes: int = MOST_BYTES
    _session: Session | None = None

    def call(
        self,
        method: str,
        url: str,
        *,
        group: str = "",
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        body: bytes | None = None,
        form: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        allow: tuple[int, ...] = (),
    ) -> HttpResponse:
        """Make a call and return an answer of 2xx, or of an allowed status.

        Shapes:  group names which of the platform's limits the call counts in; json, body and form
            exclude each other.
        Raises:  AuthFailed (401, 403), Conflict (409), RateLimited (429), Unavailable (5xx, time
            out, no connection), Rejected (any other).
        """
        self.pace.take(group)
        content = body if json is None else orjson.dumps(json)
        sent = {"User-Agent": self.user_agent, **(headers or {})}
        if json is not None:
            sent.setdefault("Content-Type", "application/json")
        response = self.send(
            method, url, params=params, headers=sent, body=content, form=form, auth=auth
        )
        if response.status < 300 or response.status in allow:
            return response
        raise self._failure(response, method, url, group)

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        params: Mapping[str, Any] | None = None,
        body: bytes | None = None,
        form: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        first_bytes: int | None = None,
    ) -> HttpResponse:
        """Make a call and return whatever is answered.

        Shapes:  of an answer only the first bytes are read, if so many are said; all of it, if not.
        Raises:  Unavailable when nothing is, or too much, or too late.
        """
        reason = self.guard.refuse_url(url)
        if reason is not None:
            raise Rejected(_name(url), reason)
        begun_s = clock.monotonic_s()
        with Deadline(self.total_s) as deadline:
            try:
                answer = self._open().request(
                    method,
                    url,
                    params=params,
                    headers=dict(headers),
                    data=form if body is None else body,
                    auth=auth,
                    timeout=(self.connect_s, self.total_s),
                    allow_redirects=False,
                    stream=True,
                )
                with answer:
                    response = self._read(answer, deadline, first_bytes)
            except (requests.RequestException, OSError) as error:
                raise _unreachable(error, is_over=deadline.is_over) from None
            except ValueError as error:
                # TLS finds a connection that was ended before its handshake to be none.
                if not deadline.is_over:
                    raise
                raise _unreachable(error, is_over=True) from None
        return replace(response, took_ms=round((clock.monotonic_s() - begun_s) * 1000))

    def _open(self) -> Session:
        if self._session is None:
            self._session = Session()
            # Neither proxies nor credentials of the machine's user.
            self._session.trust_env = False
            for scheme in ("http://", "https://"):
                self._session.mount(scheme, GuardedAdapter(self.guard))
        return self._session

    def _read(
        self, answer: requests.Response, deadline: Deadline, first_bytes: int | None
    ) -> HttpResponse:
        content = bytearray()
        most = self.most_bytes if first_bytes is None else first_bytes
        for part in answer.iter_content(min(_PART, most)):
            content += part
            if deadline.is_over or len(content) > most:
                break
        # A connection that was ended looks like an answer that has come to its end.
        if deadline.is_over:
            raise requests.Timeout
        if len(content) > most and first_bytes is None:
            raise Unavailable("the answer is too large")
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return HttpResponse(answer.status_code, headers, bytes(content[:most]))

    def _failure(self, response: HttpResponse, method: str, url: str, group: str) -> Exception:
        said = f"{method} {_name(url)} answered {response.status}"
        if response.status in (401, 403):
            return AuthFailed(said)
        if response.status == 409:
            return Conflict(said)
        if response.status == 429:
            wait = retry_after_s(response.headers)
            if wait is not None:
                self.pace.hold(group, wait)
            return RateLimited(said, wait)
        if response.status >= 500 or response.status in (408, 425):
            # Many tell with each answer when their rate starts anew: that mends no failure.
            return Unavailable(said, retry_after_s(response.headers, is_rate=False))
        return Rejected(_name(url), said)


def retry_after_s(headers: Mapping[str, str], *, is_rate: bool = True) -> float | None:
    """How long a platform asks to wait, by whichever header it says so; None if by none.

    Shapes:  headers that tell of a rate count where is_rate says so; what can't be read, or is
        beyond a day, is passed over.
    Source:  spec adapters-marketing, section 1.8: numbers beyond 10^9 are moments, else seconds.
    """
    for name in ("retry-after", *(_RATE_HEADERS if is_rate else ())):
        seconds = _seconds_in(headers.get(name, ""))
        if seconds is not None and seconds <= _LONGEST_WAIT_S:
            return max(0.0, seconds)
    return None


def _seconds_in(text: str) -> float | None:
    """From now, of seconds, a moment in seconds, or an HTTP date."""
    try:
        number = float(text)
    except ValueError:
        return _until_date(text)
    if not number >= 0:
        return None
    return number - clock.now().timestamp() if number > _EPOCH_AFTER else number


def _until_date(text: str) -> float | None:
    try:
        return (parsedate_to_datetime(text) - clock.now()).total_seconds()
    except (TypeError, ValueError):
        return None


def _name(url: str) -> str:
    """A URL without what may be secret: its query, and credentials."""
    return url.partition("?")[0].rpartition("@")[2]


def _unreachable(error: BaseException, *, is_over: bool) -> Exception:
    if isinstance(error, requests.ConnectionError):
        for inner in _causes(error):
            if isinstance(inner, ForbiddenAddress):
                return Rejected("address", str(inner))
    if is_over or isinstance(error, requests.Timeout):
        return Unavailable("the platform took too long")
    # Exceptions of the library may repeat the URL with its query.
    return Unavailable(f"the platform can't be reached ({_why(error)})")


def _why(error: BaseException) -> str:
    for cause in _causes(error):
        for kind, why in _WHYS:
            if isinstance(cause, kind):
                return why
    return type(error).__name__


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        inner = seen.args[0] if seen.args else None
        reason = getattr(inner, "reason", None)
        seen = reason if isinstance(reason, BaseException) else seen.__cause__ or seen.__context__
