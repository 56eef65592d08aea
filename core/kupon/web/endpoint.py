"""One decorator for every route: who calls, what is sent, one transaction, the answer.

A route function gets a Context, its path parameters and, where declared, `query` and `body`;
it returns the wire's dict (None for 204), or a Refused, whose error is answered after the commit.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from http import HTTPStatus
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from flask import Response, current_app, g, request
from marshmallow import Schema, ValidationError

from kupon.hooks.tenancy import Tenancy
from kupon.kit.complaints import first_complaint
from kupon.kit.errors import KuponError, invalid_payload, invalid_query
from kupon.kit.lean import dataclass
from kupon.runtime import clock
from kupon.storage import idempotency
from kupon.storage.database import Engine
from kupon.storage.queries.keys import KeyFacts, ProjectFacts
from kupon.storage.uow import UnitOfWork
from kupon.web import errors, rate_limit
from kupon.web import idempotency as idempotent
from kupon.web.auth import HEADERS, KeyRing
from kupon.web.body import JSON, read_json
from kupon.web.query import parse_query
from kupon.web.reading import compile_body


@dataclass(frozen=True, slots=True)
class Services:
    """What one web process shares among its requests."""

    engine: Engine
    keys: KeyRing
    limiter: rate_limit.RateLimiter
    tenants: Tenancy | None = None

    def close(self) -> None:
        """Give all connections back, for whoever goes on without the application."""
        self.engine.dispose()
        self.limiter.close()
        if self.tenants is not None:
            self.tenants.close()


@dataclass(frozen=True, slots=True)
class Context:
    """One request: its unit of work, whose it is and when."""

    uow: UnitOfWork
    key: KeyFacts
    now: datetime
    request_id: str
    _tenants: Tenancy | None = None

    @property
    def tenants(self) -> Tenancy:
        """The loaded plugins."""
        if self._tenants is None:
            raise AssertionError("the application was built without plugins")
        return self._tenants

    @property
    def project(self) -> ProjectFacts:
        """The caller's project; management keys have none."""
        if self.key.project is None:
            raise KuponError("unauthorized")
        return self.key.project

    @property
    def tz(self) -> ZoneInfo:
        """The time zone in which the project counts days."""
        return ZoneInfo(self.project.timezone)


@dataclass(frozen=True, slots=True)
class Refused:
    """A business refusal that has been recorded: commit first, then answer with the error."""

    error: KuponError


@dataclass(frozen=True, slots=True)
class Accepted:
    """Work was begun that goes on behind the answer: 202, where a route also has another one."""

    body: dict[str, Any]


# A schema, or `Schema(many=True)` for an array.
Shape = type[Schema] | Schema


def endpoint(
    *,
    surface: str = "server",
    query: type[Schema] | None = None,
    body: Shape | None = None,
    is_body_optional: bool = False,
    returns: Shape | None = None,
    accepts: type[Schema] | None = None,
    status: int = 200,
    is_writing: bool = False,
) -> Callable[[Callable[..., Any]], Callable[..., Response]]:
    """Turn a function into a view. `returns` documents the answer; a test holds it to it.

    `accepts` documents what an Accepted has in it. A GET only reads, unless it is_writing.
    """
    read_body = compile_body(body() if isinstance(body, type) else body) if body else None
    query_schema = query() if query else None

    def decorate(function: Callable[..., Any]) -> Callable[..., Response]:
        @wraps(function)
        def view(**arguments: Any) -> Response:
            key = current_app.extensions["kupon"].keys.authenticate(surface, request)
            # Links to images of codes are made under its key, wherever a voucher is printed.
            g.project = key.project
            rate_limit.check(current_app.extensions["kupon"].limiter, surface, key, request)
            _check_accept(request.headers.get("Accept"))
            if query_schema is not None:
                arguments["query"] = _load(
                    query_schema.load, parse_query(request.query_string), "Query", invalid_query
                )
            if read_body is not None:
                arguments["body"] = _load(
                    read_body, read_json(is_body_optional), "Payload", invalid_payload
                )
            return _run(
                function,
                key,
                arguments,
                status,
                is_read_only=request.method == "GET" and not is_writing,
            )

        documentation = _documentation(surface, query, body, is_body_optional, returns, status)
        if accepts is not None:
            documentation["response"]["responses"][202] = [_describe_answer(202, accepts)]
        documentation["manual_doc"]["operationId"] = function.__name__
        view._apidoc = documentation  # type: ignore[attr-defined]  # read by flask-smorest
        return view

    return decorate


def retried(function: Callable[..., Any]) -> Callable[..., Any]:
    """Try a route again that loses a race, or at whose cost a circle of locks is ended."""

    @wraps(function)
    def attempt(ctx: Context, **arguments: Any) -> Any:
        return ctx.uow.attempt(lambda: function(ctx, **arguments))

    return attempt


def _check_accept(accept: str | None) -> None:
    """Refuse a caller who takes anything but JSON; a look at the text is enough for all others."""
    if not accept or "*/*" in accept or "json" in accept:
        return
    if not request.accept_mimetypes.accept_json:
        raise KuponError("not_acceptable", f"Only {JSON} can be produced")


def _load(
    read: Callable[[Any], Any], data: Any, root: str, complain: Callable[[str], KuponError]
) -> Any:
    try:
        return read(data)
    except ValidationError as error:
        raise complain(first_complaint(error.messages, root)) from None


def _run(
    function: Callable[..., Any],
    key: KeyFacts,
    arguments: dict[str, Any],
    status: int,
    *,
    is_read_only: bool,
) -> Response:
    services: Services = current_app.extensions["kupon"]
    with UnitOfWork(
        services.engine,
        project_id=key.project.id if key.project else "",
        now=clock.now(),
        request_id=g.request_id,
        source=key.event_source,
        scope=key.scope,
        is_read_only=is_read_only,
    ) as uow:
        uow.origin = key.origin
        claim = idempotent.claim(uow, request)
        if isinstance(claim, idempotency.StoredAnswer):
            return idempotent.replay(claim)
        result = function(Context(uow, key, uow.now, g.request_id, services.tenants), **arguments)
        response = _respond(result, status)
        if claim is not None:
            idempotent.store(uow, claim, response)
        uow.commit()
        return response


def _respond(result: Any, status: int) -> Response:
    if isinstance(result, Refused):
        return errors.render(result.error)
    if result is None:
        return Response(status=HTTPStatus.NO_CONTENT)
    if isinstance(result, Response):
        return result
    if isinstance(result, Accepted):
        return errors.answer(result.body, HTTPStatus.ACCEPTED)
    return Response(orjson.dumps(result), status=status, mimetype=JSON)


def _documentation(
    surface: str,
    query: type[Schema] | None,
    body: Shape | None,
    is_body_optional: bool,
    returns: Shape | None,
    status: int,
) -> dict[str, Any]:
    """What flask-smorest reads to write the OpenAPI document."""
    parameters: list[dict[str, Any]] = []
    if query is not None:
        parameters.append({"in": "query", "schema": query})
    if body is not None:
        parameters.append({"in": "json", "required": not is_body_optional, "schema": body})
    return {
        "arguments": {"parameters": parameters},
        "response": {"responses": {status: [_describe_answer(status, returns)]}},
        "manual_doc": {"security": [{header: [] for header in HEADERS[surface]}]},
    }


def _describe_answer(status: int, schema: Shape | None) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": HTTPStatus(status).phrase, "content_type": JSON}
    return answer if schema is None else answer | {"schema": schema}
