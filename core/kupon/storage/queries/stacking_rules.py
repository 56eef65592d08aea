"""Statements on a project's stacking rules. Each change of them bumps the project's revision."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update

from kupon.kit.errors import not_found
from kupon.storage.queries.projects import bump_revision, find_project, lock_project
from kupon.storage.tables.projects import Project
from kupon.storage.uow import UnitOfWork


def find_stacking_rules(uow: UnitOfWork, project_id: str) -> dict[str, Any] | None:
    """The stored rules of a project; None while the defaults hold.

    Raises:  not_found for an unknown project.
    """
    project = find_project(uow, project_id)
    if project is None:
        raise not_found("project", project_id)
    return project.stacking_rules


def lock_stacking_rules(uow: UnitOfWork, project_id: str) -> dict[str, Any] | None:
    """The stored rules of a project for a change; None while the defaults hold.

    Raises:  not_found for an unknown project.
    Locks:   the project's row.
    """
    project = lock_project(uow, project_id)
    if project is None:
        raise not_found("project", project_id)
    return project.stacking_rules


def save_stacking_rules(uow: UnitOfWork, project_id: str, rules: dict[str, Any] | None) -> None:
    """Replace the rules of a project; None restores the defaults."""
    uow.session.execute(
        update(Project).where(Project.id == project_id).values(stacking_rules=rules)
    )
    bump_revision(uow, ("stacking_rules", project_id), project_id=project_id)
