"""The only place that turns errors into answers.

Source: spec api-conventions, sections 6.1 (application envelope) and 6.2 (framework envelope).
"""

from __future__ import annotations

import logging
from typing import Any

import orjson
from flask import Flask, Response, current_app, g, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, RequestEntityTooLarge

from kupon.kit.errors import KuponError, RaceLost
from kupon.storage.database import is_disconnect

_log = logging.getLogger("kupon.web")

_HTTP_KEYS = {404: "not_found", 406: "not_acceptable", 415: "unsupported_media_type"}


class MalformedJson(Exception):
    """The body is not JSON; answered in the framework envelope."""


def answer(body: Any, status: int) -> Response:
    """A JSON response."""
    return Response(orjson.dumps(body), status=status, mimetype="application/json")


def render(error: KuponError) -> Response:
    """An application error. 401 and 429 answer with fewer members, as the reference's do."""
    body = error.body()
    if error.status == 429:
        del body["key"]
    elif error.status != 401:
        body["request_id"] = g.request_id
    return answer(body, error.status)


def _render_http(error: HTTPException) -> Response:
    status = error.code or 500
    if isinstance(error, RequestEntityTooLarge):
        limit = request.max_content_length
        return answer(
            {
                "statusCode": 413,
                "error": "Request Entity Too Large",
                "message": f"Payload content length greater than maximum allowed: {limit}",
            },
            413,
        )
    if isinstance(error, MethodNotAllowed):
        return _render_method(error)
    if status in _HTTP_KEYS:
        details = f"{request.method} {request.path} does not exist" if status == 404 else None
        return render(KuponError(_HTTP_KEYS[status], details))
    body = {"code": status, "key": "invalid_payload", "message": error.name}
    return answer(body | {"request_id": g.request_id}, status)


def _render_method(error: MethodNotAllowed) -> Response:
    allowed = sorted(set(error.valid_methods or ()) - {"HEAD", "OPTIONS"})
    hint = f" Did you mean {' or '.join(allowed)}?" if allowed else ""
    details = f"{request.method} is not supported by this endpoint.{hint}"
    response = render(KuponError("method_not_allowed", details))
    response.headers["Allow"] = ", ".join(allowed)
    return response


def _render_malformed(_: MalformedJson) -> Response:
    return answer(
        {
            "statusCode": 400,
            "error": "Bad Request",
            "message": "Invalid request payload JSON format",
        },
        400,
    )


def _render_race(_: RaceLost) -> Response:
    return render(KuponError("multiple_requests"))


def _render_bug(error: Exception) -> Response:
    if is_disconnect(error):
        # The other pooled connections are most likely gone with this one.
        current_app.extensions["kupon"].engine.dispose()
        _log.warning("database connection lost", exc_info=error)
        return render(KuponError("service_unavailable"))
    _log.exception("unhandled error", exc_info=error)
    return render(KuponError("internal_error"))


def register_error_handlers(app: Flask) -> None:
    """Make every failure of the app answer in the standard body."""
    app.register_error_handler(KuponError, render)
    app.register_error_handler(HTTPException, _render_http)
    app.register_error_handler(MalformedJson, _render_malformed)
    app.register_error_handler(RaceLost, _render_race)
    app.register_error_handler(Exception, _render_bug)
