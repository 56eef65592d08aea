"""/docs/: the OpenAPI document as a page to read and try, with all its assets served from here.

The assets are Swagger UI's, carried by the flask-swagger-ui distribution; its own page is not
used, because it holds inline script that our content policy refuses.
"""

from __future__ import annotations

from importlib.resources import files

from flask import Flask, Response, redirect, send_from_directory
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

_ASSETS = str(files("flask_swagger_ui").joinpath("dist"))
_OFFERED = ("swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png")
_CACHED_S = 3600

_POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Kupon API reference</title>
<link rel="icon" type="image/png" href="favicon-32x32.png">
<link rel="stylesheet" href="swagger-ui.css">
</head>
<body>
<div id="reference"></div>
<script src="swagger-ui-bundle.js"></script>
<script src="start.js"></script>
</body>
</html>
"""
_START = """SwaggerUIBundle({
  url: "../openapi.json",
  dom_id: "#reference",
  deepLinking: true,
  docExpansion: "none",
  filter: true,
  validatorUrl: null
});
"""


def register(app: Flask) -> None:
    """Serve the page; relative addresses let it work below any prefix."""
    app.add_url_rule("/docs", "docs", lambda: redirect("docs/"))
    app.add_url_rule("/docs/", "docs_page", _page)
    app.add_url_rule("/docs/start.js", "docs_start", _start)
    app.add_url_rule("/docs/<name>", "docs_asset", _asset)


def _page() -> Response:
    response = Response(_PAGE, mimetype="text/html")
    response.headers["Content-Security-Policy"] = _POLICY
    return response


def _start() -> Response:
    return Response(_START, mimetype="text/javascript")


def _asset(name: str) -> BaseResponse:
    if name not in _OFFERED:
        raise NotFound
    return send_from_directory(_ASSETS, name, max_age=_CACHED_S)
