"""Statements on the plugins that are active for projects.

Source: house B8.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from kupon.hooks.activation import Activation
from kupon.hooks.settings import Kept
from kupon.storage.queries.projects import bump_revision
from kupon.storage.tables.event_sinks import ProjectPlugin
from kupon.storage.uow import UnitOfWork

# Named in the changes of definitions.
KIND = "plugin"


def load_activations(uow: UnitOfWork) -> Mapping[str, Activation]:
    """The plugins that are active for the unit's project, by name."""
    rows = uow.reader.execute(
        "SELECT plugin, settings, secrets FROM project_plugins WHERE project_id = %s",
        (uow.project_id,),
    ).fetchall()
    return {plugin: Activation(plugin, settings, secrets) for plugin, settings, secrets in rows}


def find_active(uow: UnitOfWork, plugins: Sequence[str]) -> list[str]:
    """Those of some plugins that are active for the unit's project, in the order given."""
    if not plugins:
        return []
    rows = uow.reader.execute(
        "SELECT plugin FROM project_plugins WHERE project_id = %s AND plugin = ANY(%s)",
        (uow.project_id, list(plugins)),
    ).fetchall()
    active = {plugin for (plugin,) in rows}
    return [plugin for plugin in plugins if plugin in active]


def list_rows(uow: UnitOfWork, project_id: str) -> Mapping[str, ProjectPlugin]:
    """A project's rows by plugin."""
    statement = select(ProjectPlugin).where(ProjectPlugin.project_id == project_id)
    return {row.plugin: row for row in uow.session.scalars(statement)}


def count_projects(uow: UnitOfWork) -> Mapping[str, Sequence[str]]:
    """The projects in which each plugin is active."""
    projects: dict[str, list[str]] = {}
    statement = select(ProjectPlugin.plugin, ProjectPlugin.project_id).order_by(
        ProjectPlugin.plugin, ProjectPlugin.project_id
    )
    for plugin, project_id in uow.session.execute(statement):
        projects.setdefault(plugin, []).append(project_id)
    return projects


def save_activation(uow: UnitOfWork, project_id: str, plugin: str, kept: Kept) -> ProjectPlugin:
    """Activate a plugin for a project, or change its settings there."""
    changed = {"settings": kept.settings, "secrets": kept.secrets}
    statement = (
        insert(ProjectPlugin)
        .values(project_id=project_id, plugin=plugin, created_at=uow.now, **changed)
        .on_conflict_do_update(
            index_elements=["project_id", "plugin"], set_={**changed, "updated_at": uow.now}
        )
        .returning(ProjectPlugin)
    )
    row = uow.session.scalars(statement, execution_options={"populate_existing": True}).one()
    bump_revision(uow, (KIND, plugin), project_id=project_id)
    return row


def delete_activation(uow: UnitOfWork, project_id: str, plugin: str) -> bool:
    """Deactivate a plugin for a project; whether it was active."""
    gone = uow.session.scalars(
        delete(ProjectPlugin)
        .where(ProjectPlugin.project_id == project_id, ProjectPlugin.plugin == plugin)
        .returning(ProjectPlugin.plugin)
    ).all()
    if gone:
        bump_revision(uow, (KIND, plugin), project_id=project_id)
    return bool(gone)
