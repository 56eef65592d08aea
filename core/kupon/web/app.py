"""The WSGI application without any resource: limits, request ids, errors, probes, document."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import orjson
import redis
from apispec import APISpec
from flask import Flask, Response, g, request
from flask.json.provider import JSONProvider
from flask_smorest import Api, Blueprint
from marshmallow import fields
from werkzeug.exceptions import NotFound
from werkzeug.middleware.proxy_fix import ProxyFix

from kupon import __version__
from kupon.hooks.tenancy import Tenancy
from kupon.kit.errors import KuponError
from kupon.runtime import ids, log
from kupon.runtime.settings import Settings
from kupon.storage.database import is_alive, open_database
from kupon.storage.pacing import open_redis
from kupon.web import cors, errors, reference_page
from kupon.web.auth import HEADERS, KeyRing
from kupon.web.endpoint import Services
from kupon.web.fields import Text, Whole, WireSchema
from kupon.web.query import deep_object
from kupon.web.rate_limit import RateLimiter


class ErrorBody(WireSchema):
    """The standard error body."""

    code = Whole(required=True)
    key = Text()
    message = Text(required=True)
    details = Text()
    request_id = Text()
    resource_id = Text()
    resource_type = Text()
    error = fields.Dict()


class OrjsonProvider(JSONProvider):
    """orjson for what Flask itself serialises."""

    def dumps(self, obj: Any, **_: Any) -> str:
        return orjson.dumps(obj).decode()

    def loads(self, s: str | bytes, **_: Any) -> Any:
        return orjson.loads(s)


class SynchronousFlask(Flask):
    """Flask that need not find out for each request's functions whether they are coroutines."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func


class WireApi(Api):
    """flask-smorest's document writer; the answers to errors are ours."""

    ERROR_SCHEMA = ErrorBody

    def _register_error_handlers(self) -> None:
        """Leave the handlers to `errors.register_error_handlers`."""


def build_app(
    settings: Settings, blueprints: Iterable[Blueprint], tenants: Tenancy | None = None
) -> Flask:
    """The application with the given resources and plugins."""
    app = SynchronousFlask("kupon", static_folder=None)
    app.json = OrjsonProvider(app)
    # An identifier may begin with a slash: that names nothing, and is no reason for a redirect.
    app.url_map.merge_slashes = False
    app.config.update(
        MAX_CONTENT_LENGTH=settings.max_body_bytes,
        PROPAGATE_EXCEPTIONS=False,
        API_TITLE="Kupon",
        API_VERSION="v2018-08-01",
        OPENAPI_VERSION="3.0.3",
        OPENAPI_URL_PREFIX="/",
        OPENAPI_JSON_PATH="openapi.json",
    )
    engine = open_database(settings.database_url, settings.pool_size)
    client = open_redis(settings.redis_url)
    if settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.trusted_proxies)  # type: ignore[method-assign]  # as Flask documents it
    app.extensions["kupon"] = Services(
        engine, KeyRing(engine), RateLimiter(client, settings), tenants
    )
    app.before_request(_number_request)
    app.before_request(_refuse_null)
    app.after_request(_label_answer)
    app.teardown_request(_forget_number)
    errors.register_error_handlers(app)
    cors.register(app)
    _register_probes(app, client)
    reference_page.register(app)
    api = WireApi(app)
    api.ma_plugin.converter.add_parameter_attribute_function(deep_object)
    _describe(api.spec)
    for blueprint in blueprints:
        api.register_blueprint(blueprint)
    return app


def _describe(spec: APISpec) -> None:
    spec.options["info"] = {
        "description": f"Kupon {__version__}",
        "license": {"name": "Apache-2.0"},
    }
    for surface, headers in HEADERS.items():
        for header in headers:
            spec.components.security_scheme(
                header, {"type": "apiKey", "in": "header", "name": header, "x-surface": surface}
            )


def _number_request() -> None:
    g.request_id = ids.new_request_id()
    log.request_id.set(g.request_id)


def _forget_number(_: BaseException | None) -> None:
    # The thread lives on: what it logs between two requests belongs to neither.
    log.request_id.set(None)


def _refuse_null() -> None:
    # PostgreSQL's texts hold no null character, so nothing of such a name can exist.
    if "\0" in request.path:
        raise NotFound


def _label_answer(response: Response) -> Response:
    response.headers["X-Request-Id"] = g.request_id
    return response


def _register_probes(app: Flask, client: redis.Redis) -> None:
    def healthz() -> Response:
        return errors.answer({"status": "ok"}, 200)

    def readyz() -> Response:
        """Ready when the database answers with the schema of this program, and Redis too."""
        checks = {
            "database": is_alive(app.extensions["kupon"].engine),
            "redis": _answers(client),
        }
        if not all(checks.values()):
            missing = ", ".join(name for name, is_up in checks.items() if not is_up)
            raise KuponError("service_unavailable", f"not reachable: {missing}")
        return errors.answer({"status": "ready", **checks}, 200)

    app.add_url_rule("/healthz", view_func=healthz)
    app.add_url_rule("/readyz", view_func=readyz)


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
