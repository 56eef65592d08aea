"""Routes of plugins: their activation, and what they add themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import request
from flask_smorest import Blueprint

from kupon.features.plugins import schemas, service
from kupon.hooks.tenancy import Tenancy
from kupon.hooks.types import Route
from kupon.web.body import read_json
from kupon.web.endpoint import Context, endpoint

blueprint = Blueprint("plugins", __name__, url_prefix="/management/v1/projects")


@blueprint.get("/<project_id>/plugins")
@endpoint(surface="management", returns=schemas.PluginList)
def list_plugins(ctx: Context, project_id: str) -> dict[str, Any]:
    return service.list_plugins(ctx.uow, ctx.tenants, project_id)


@blueprint.get("/<project_id>/plugins/<plugin>")
@endpoint(surface="management", returns=schemas.ProjectPluginBody)
def get_plugin(ctx: Context, project_id: str, plugin: str) -> dict[str, Any]:
    return service.get_plugin(ctx.uow, ctx.tenants, project_id, plugin)


@blueprint.put("/<project_id>/plugins/<plugin>")
@endpoint(
    surface="management",
    body=schemas.ActivationBody,
    is_body_optional=True,
    returns=schemas.ProjectPluginBody,
)
def activate_plugin(
    ctx: Context, project_id: str, plugin: str, body: dict[str, Any]
) -> dict[str, Any]:
    settings = body.get("settings", {})
    return service.activate(ctx.uow, ctx.tenants, project_id, plugin, settings)


@blueprint.delete("/<project_id>/plugins/<plugin>")
@endpoint(surface="management", status=204)
def deactivate_plugin(ctx: Context, project_id: str, plugin: str) -> None:
    service.deactivate(ctx.uow, ctx.tenants, project_id, plugin)


def mount(tenants: Tenancy) -> Blueprint:
    """What plugins add, as one blueprint.

    Raises:  BadPlugin for a path that can't be served.
    """
    added = Blueprint("plugin_routes", __name__, description="Routes of plugins.")
    for place in service.places(tenants):
        route = place.route
        call = _call(place.plugin, route)
        call.__name__ = place.operation
        call.__doc__ = route.summary
        returns = route.returns or schemas.AnyAnswer
        view = endpoint(surface=route.surface, body=route.body, returns=returns)(call)
        added.route(place.path, methods=[route.method], endpoint=place.operation)(view)
    return added


def _call(plugin: str, route: Route) -> Callable[..., Any]:
    def call(ctx: Context, **arguments: Any) -> Any:
        is_managing = route.surface == "management"
        project_id = arguments.pop("project_id") if is_managing else ctx.project.id
        body = arguments.pop("body", None)
        if route.body is None and request.get_data():
            body = read_json(is_optional=True)
        told = {"arguments": arguments, "query": request.args.to_dict(), "body": body}
        return service.answer(ctx.uow, ctx.tenants, plugin, project_id, route.answer, told)

    return call
