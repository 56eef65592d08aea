"""Cross-origin requests, on the client surface only.

Source: spec api-conventions, section 3: a preflight is answered without credentials.
"""

from __future__ import annotations

from flask import Flask, Response, request

_PREFIX = "/client/"
_ALLOWED_HEADERS = (
    "Authorization, Content-Type, Idempotency-Key, X-Client-Application-Id, X-Client-Token,"
    " X-Voucherify-API-Version, X-Voucherify-Channel"
)


def register(app: Flask) -> None:
    """Answer preflights and let browsers read the client surface's answers."""
    app.before_request(_answer_preflight)
    app.after_request(_allow_origin)


def _answer_preflight() -> Response | None:
    is_preflight = (
        request.method == "OPTIONS"
        and request.path.startswith(_PREFIX)
        and "Access-Control-Request-Method" in request.headers
    )
    return Response(status=204) if is_preflight else None


def _allow_origin(response: Response) -> Response:
    origin = request.headers.get("Origin")
    if origin and request.path.startswith(_PREFIX):
        # Keys, not cookies, say who calls; the project's list of origins is checked with the key.
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Vary"] = "Origin"
        if request.method == "OPTIONS":
            response.headers["Access-Control-Allow-Methods"] = "GET, POST, OPTIONS"
            response.headers["Access-Control-Allow-Headers"] = _ALLOWED_HEADERS
            response.headers["Access-Control-Max-Age"] = "600"
    return response
