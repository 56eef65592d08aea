"""Which plugins of the server are active for a project, and what it sets for them.

Source: house B8.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kupon.features.plugins import schemas
from kupon.hooks.manager import Plugin
from kupon.hooks.settings import Kept, keep_settings, refusing_settings
from kupon.hooks.tenancy import Tenancy
from kupon.kit.errors import invalid_payload, not_found
from kupon.kit.pages import list_body
from kupon.storage.queries import project_plugins, projects
from kupon.storage.uow import UnitOfWork


def list_plugins(uow: UnitOfWork, tenants: Tenancy, project_id: str) -> dict[str, Any]:
    """All plugins of the server, in the order in which their hooks are called.

    Raises:  not_found for the project.
    """
    _check_project(uow, project_id)
    rows = project_plugins.list_rows(uow, project_id)
    bodies = [
        schemas.dump_plugin(tenants, plugin, rows.get(plugin.name)) for plugin in tenants.plugins
    ]
    return list_body("data", bodies, total=len(bodies))


def get_plugin(uow: UnitOfWork, tenants: Tenancy, project_id: str, name: str) -> dict[str, Any]:
    """One plugin as a project sees it.

    Raises:  not_found for the project or the plugin.
    """
    _check_project(uow, project_id)
    row = project_plugins.list_rows(uow, project_id).get(name)
    return schemas.dump_plugin(tenants, _find(tenants, name), row)


def activate(
    uow: UnitOfWork, tenants: Tenancy, project_id: str, name: str, settings: Mapping[str, Any]
) -> dict[str, Any]:
    """Activate a plugin for a project, or replace its settings there.

    Shapes:  settings are all of them; the mask stands for a secret that stays as it is.
    Raises:  not_found for the project or the plugin; invalid_payload for its settings;
        service_unavailable where the server has no key to keep secrets with.
    """
    _check_project(uow, project_id)
    plugin = _find(tenants, name)
    row = project_plugins.list_rows(uow, project_id).get(name)
    known = None if row is None else Kept(row.settings, row.secrets)
    kept = _keep(tenants, name, settings, known)
    row = project_plugins.save_activation(uow, project_id, name, kept)
    return schemas.dump_plugin(tenants, plugin, row)


def deactivate(uow: UnitOfWork, tenants: Tenancy, project_id: str, name: str) -> None:
    """Deactivate a plugin for a project and forget its settings.

    Shapes:  one that is no longer installed can be deactivated too.
    Raises:  not_found for the project, or where the plugin is neither known nor active.
    """
    _check_project(uow, project_id)
    if not project_plugins.delete_activation(uow, project_id, name):
        _find(tenants, name)


def overview(uow: UnitOfWork, tenants: Tenancy) -> list[dict[str, Any]]:
    """All plugins of the server with the projects in which they are active.

    Shapes:  those that are active and not installed come last, with no more than their names.
    """
    projects_of = dict(project_plugins.count_projects(uow))
    installed = [
        schemas.dump_plugin(tenants, plugin, None)
        | {"installed": True, "projects": projects_of.pop(plugin.name, [])}
        for plugin in tenants.plugins
    ]
    return installed + [
        {"object": "plugin", "name": name, "installed": False, "projects": found}
        for name, found in sorted(projects_of.items())
    ]


def _keep(tenants: Tenancy, name: str, settings: Mapping[str, Any], known: Kept | None) -> Kept:
    schema = tenants.contributions.settings.get(name)
    if schema is None:
        if settings:
            raise invalid_payload("Property .settings must be empty: the plugin has nothing to set")
        return Kept({}, None)
    with refusing_settings():
        return keep_settings(schema, tenants.vault, settings, known)


def _find(tenants: Tenancy, name: str) -> Plugin:
    plugin = tenants.plugins.find(name)
    if plugin is None:
        raise not_found("plugin", name)
    return plugin


def _check_project(uow: UnitOfWork, project_id: str) -> None:
    if projects.find_project(uow, project_id) is None:
        raise not_found("project", project_id)
