"""Routes that platforms call in their own words: neither our keys, nor our bodies, nor our errors.

The transaction is the same as everywhere: one, committed before the answer goes out.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import orjson
from flask import Response, current_app, g

from kupon.hooks.adapter import InboundResponse
from kupon.hooks.tenancy import Tenancy
from kupon.runtime import clock
from kupon.storage.uow import UnitOfWork
from kupon.web.endpoint import Services

JSON = "application/json"

Handler = Callable[..., InboundResponse]


def raw(function: Handler) -> Callable[..., Response]:
    """Turn a function into a view. It gets a unit of no project yet, and the loaded plugins."""

    @wraps(function)
    def view(**arguments: Any) -> Response:
        services: Services = current_app.extensions["kupon"]
        tenants: Tenancy | None = services.tenants
        with UnitOfWork(
            services.engine, project_id="", now=clock.now(), request_id=g.request_id
        ) as uow:
            answer = function(uow, tenants, **arguments)
            uow.commit()
        return write(answer)

    return view


def write(answer: InboundResponse) -> Response:
    """An adapter's answer as HTTP: JSON unless it is text or bytes already."""
    body = answer.body
    if body is None:
        response = Response(status=answer.status)
    elif isinstance(body, str | bytes):
        response = Response(body, status=answer.status, mimetype="text/plain")
    else:
        response = Response(orjson.dumps(body, default=str), status=answer.status, mimetype=JSON)
    for name, value in answer.headers.items():
        response.headers[name] = value
    return response
