"""A platform played at its HTTP edge: a real server that answers as the platform's documents say.

    class AcmePlatform(FakePlatform):
        signed_by = ("x-acme-signature",)

        @route("GET", "/v1/customers")
        def customers(self, request: Received) -> Reply:
            return Reply({"data": self.kept["customers"]})

    with AcmePlatform({"url": "{platform}", "secret": "canary-acme"}) as platform:
        ...

It runs in a thread of the test's process, so a live server reaches it too. What a contract asks of
it besides is in `kupon.testing.roles`, by capability.
"""

from __future__ import annotations

import base64
import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, RLock, Thread
from typing import Any, ClassVar, Self, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

import requests
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule

from kupon.hooks.adapter import InboundRequest
from kupon.runtime import clock

PLACE = "{platform}"
_METHOD = TypeVar("_METHOD", bound=Callable[..., Any])
_HANG_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A request that came; header names are in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body's JSON."""
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        """The body as a form."""
        return {name: values[-1] for name, values in parse_qs(self.body.decode()).items()}


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered: bytes as they are, anything else as JSON."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """How a platform fails: by an answer, by none in time, or by hanging up.

    Shapes: body None repeats what came, with its headers, as careless platforms do.
    """

    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    is_silent: bool = False
    hangs_up: bool = False


RETRY_AFTER_S = 7
FAULTS: Mapping[str, Fault] = {
    "401": Fault(status=401),
    "403": Fault(status=403),
    "404": Fault(status=404),
    "409": Fault(status=409),
    "422": Fault(status=422),
    "429": Fault(status=429, headers={"Retry-After": str(RETRY_AFTER_S)}),
    "500": Fault(status=500),
    "503": Fault(status=503),
    "time-out": Fault(is_silent=True),
    "hang-up": Fault(hangs_up=True),
    "broken JSON": Fault(status=200, body=b'{"data": [', headers={"Content-Type": "text/html"}),
    "empty JSON": Fault(status=200, body=b"{}"),
}


def route(method: str, path: str) -> Callable[[_METHOD], _METHOD]:
    """Answer requests with a method of the platform; `<name>` in the path become arguments."""

    def mark(function: _METHOD) -> _METHOD:
        routes = getattr(function, "routes", ())
        function.routes = (*routes, (method, path))  # type: ignore[attr-defined]  # a mark
        return function

    return mark


class FakePlatform:
    """The base of all played platforms: its routes, its log, its faults, and its signed requests.

    Class members that tell a contract how the platform proves itself to Kupon:

    ==================  ===========================================================================
    `signed_by`         headers (lower case) that hold the signature or the secret
    `signs_body`        whether a changed body no longer fits them
    `signature_lasts`   how old a request may be at most, where its time is signed
    `comes_with_key`    whether it authenticates by Kupon's integration key (`has_key`) instead
    `token_paths`       paths that hand out access tokens: faults pass them by unless they are named
    `page_size`         how many records a page holds at most, whatever was asked for; small
    ==================  ===========================================================================
    """

    signed_by: ClassVar[tuple[str, ...]] = ()
    signs_body: ClassVar[bool] = True
    signature_lasts: ClassVar[timedelta | None] = None
    comes_with_key: ClassVar[bool] = False
    token_paths: ClassVar[tuple[str, ...]] = ()
    page_size: ClassVar[int] = 3

    def __init__(self, config: Mapping[str, Any] | None = None) -> None:
        """Play the account whose settings these are; `{platform}` in them becomes the address."""
        self.config = dict(config or {})
        self.log: list[Received] = []
        self.lock = RLock()
        self._map = Map(list(self._rules()), strict_slashes=False)
        self._faults: deque[tuple[Fault, str]] = deque()
        self._lasting: tuple[Fault, str] | None = None
        self._stopped = Event()
        self._server: _Server | None = None

    def __enter__(self) -> Self:
        """Start to listen on a free port of this machine."""
        self._stopped.clear()
        self._server = _Server(self)
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop; see `stop`."""
        self.stop()

    def stop(self) -> None:
        """Listen no longer; connections that hang are let go."""
        self._stopped.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    @property
    def url(self) -> str:
        """Where it answers."""
        assert self._server is not None, "the platform is not running"
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def settings(self) -> dict[str, Any]:
        """The connection's settings, with the platform's address in them."""
        placed = json.loads(json.dumps(self.config).replace(PLACE, self.url))
        assert isinstance(placed, dict)
        return placed

    def fail(self, fault: Fault | str, *, times: int | None = None, path: str = "") -> None:
        """Answer with a fault (see FAULTS) so many times, or until `mend`.

        Shapes:  path is the beginning of those that fail; empty for all but those of tokens.
        """
        meant = FAULTS[fault] if isinstance(fault, str) else fault
        if times is None:
            self._lasting = (meant, path)
        else:
            self._faults.extend([(meant, path)] * times)

    def mend(self) -> None:
        """Answer properly again."""
        self._faults.clear()
        self._lasting = None

    def calls(self, method: str | None = None, path: str = "") -> list[Received]:
        """What came, by the beginning of its path; without the calls for tokens if no path."""
        with self.lock:
            return [
                each
                for each in self.log
                if method in (None, each.method)
                and (each.path.startswith(path) if path else not self.hands_out_token(each))
            ]

    def hands_out_token(self, request: Received) -> bool:
        """Whether a request asks for an access token."""
        return request.path in self.token_paths

    def answer(self, request: Received) -> Reply | Fault:
        """What a request is answered: a fault if one is due, else what its route says."""
        with self.lock:
            self.log.append(request)
            fault = self._fault_of(request)
            return fault if fault is not None else self._routed(request)

    def wait(self) -> None:
        """Be silent until the platform stops, or nobody can be waiting."""
        self._stopped.wait(_HANG_S)

    def _fault_of(self, request: Received) -> Fault | None:
        due = self._faults[0] if self._faults else self._lasting
        if due is None:
            return None
        fault, path = due
        is_meant = request.path.startswith(path) if path else not self.hands_out_token(request)
        if not is_meant:
            return None
        if self._faults:
            self._faults.popleft()
        return fault

    def _rules(self) -> Iterator[Rule]:
        for name in dir(type(self)):
            for method, path in getattr(getattr(type(self), name), "routes", ()):
                yield Rule(path, methods=[method], endpoint=name)

    def _routed(self, request: Received) -> Reply:
        bound = self._map.bind("platform")
        try:
            name, arguments = bound.match(request.path, request.method)
        except HTTPException as error:
            return Reply({"error": error.name}, error.code or 404)
        reply = getattr(self, name)(request, **arguments)
        return reply if isinstance(reply, Reply) else Reply(reply)

    def deliver(
        self, request: InboundRequest, url: str, key: tuple[str, str] | None = None, style: str = ""
    ) -> requests.Response:
        """Send a request of the platform to a running Kupon, and return what it answered.

        Shapes:  url is the connection's address, or that of the fixed prefix, which the request's
            path goes on from; key is the integration key (id, secret), in the manifest's style.
        """
        headers = dict(request.headers) | (key_headers(style, *key) if key is not None else {})
        return requests.request(
            request.method,
            f"{url.rstrip('/')}/{request.path.lstrip('/')}".rstrip("/"),
            params=dict(request.query),
            headers=headers,
            data=request.body,
            timeout=30,
        )


def key_headers(style: str, key_id: str, secret: str) -> dict[str, str]:
    """Kupon's integration key as a platform sends it, in a style of the manifest's."""
    if style == "segment":
        return {"Authorization": f"Basic {_base64(key_id)}", "secret-key": _base64(secret)}
    if style == "camel":
        return {"applicationId": key_id, "secretKey": secret}
    return {"application-id": key_id, "secret-key": secret}


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def forged(request: InboundRequest, **changes: Any) -> InboundRequest:
    """The same request with something else in it."""
    return replace(request, **changes)


def inbound(
    body: Any = b"",
    *,
    method: str = "POST",
    path: str = "",
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    has_key: bool = False,
) -> InboundRequest:
    """A request as the core hands it to adapters; a body that isn't bytes is sent as JSON."""
    content = body if isinstance(body, bytes) else _json(body)
    given = {name.lower(): value for name, value in (headers or {}).items()}
    return InboundRequest(
        method=method,
        path=path,
        headers={"content-type": "application/json"} | given,
        query=dict(query or {}),
        body=content,
        received_at=clock.now(),
        has_key=has_key,
    )


class _Handler(BaseHTTPRequestHandler):
    """One connection of a caller."""

    protocol_version = "HTTP/1.1"
    # Small answers go out at once.
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _Server

    def handle_one_request(self) -> None:
        with suppress(ConnectionError):
            super().handle_one_request()

    def _answer(self) -> None:
        request = self._read()
        try:
            reply = self.server.platform.answer(request)
        except Exception as error:  # noqa: BLE001 - a mistake in the played platform
            reply = Reply({"mistake": repr(error)}, 599)
        if isinstance(reply, Fault):
            self._fail(reply, request)
        else:
            self._write(reply)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _answer

    def _read(self) -> Received:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        query = parse_qs(parts.query, keep_blank_values=True)
        return Received(
            method=self.command,
            path=unquote(parts.path),
            query={name: values[-1] for name, values in query.items()},
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(length),
        )

    def _write(self, reply: Reply) -> None:
        body = reply.body
        content = body if isinstance(body, bytes) else b"" if body is None else _json(body)
        self.send_response(reply.status)
        for name, value in {"Content-Type": "application/json", **reply.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _fail(self, fault: Fault, request: Received) -> None:
        if fault.is_silent:
            self.server.platform.wait()
        if fault.is_silent or fault.hangs_up:
            self.close_connection = True
            return
        seen = {"path": self.path, "headers": dict(request.headers)}
        said = _json(seen) if fault.body is None else fault.body
        self._write(Reply(said, fault.status, fault.headers))

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing: the platform's own log is enough."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, platform: FakePlatform) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.platform = platform

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: callers that hang up are no news."""


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()
