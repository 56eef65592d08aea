"""Answering a call of a plugin's route."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kupon.hooks.activation import Activation
from kupon.hooks.errors import Misconfigured
from kupon.hooks.tenancy import Tenancy
from kupon.hooks.types import RouteRequest
from kupon.kit.errors import KuponError
from kupon.storage.queries import project_plugins
from kupon.storage.uow import UnitOfWork


def answer(
    uow: UnitOfWork,
    tenants: Tenancy,
    plugin: str,
    project_id: str,
    call: Callable[[RouteRequest], Any],
    told: Mapping[str, Any],
) -> Any:
    """What the route answers a caller of a project.

    Shapes:  told has the arguments, query and body of the request.
    Raises:  not_found where the plugin is not active for the project; whatever the route raises.
    """
    row = project_plugins.list_rows(uow, project_id).get(plugin)
    if row is None:
        raise KuponError("not_found", f"Plugin {plugin} is not active for the project")
    activation = Activation(plugin, row.settings, row.secrets)
    try:
        settings = activation.opened(tenants)
    except Misconfigured as error:
        raise KuponError("service_unavailable", f"Plugin {plugin}: {error}") from None
    return call(RouteRequest(project_id=project_id, settings=settings, **told))
