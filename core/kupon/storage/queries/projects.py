"""Projects: creation, settings and the revision of their definitions."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update

from kupon.storage.tables.projects import Project
from kupon.storage.uow import UnitOfWork


def insert_project(uow: UnitOfWork, **values: Any) -> Project:
    """Store a project."""
    project = Project(created_at=uow.now, **values)
    uow.session.add(project)
    return project


def find_project(uow: UnitOfWork, project_id: str) -> Project | None:
    """A project by id, or None."""
    return uow.session.scalar(select(Project).where(Project.id == project_id))


def lock_project(uow: UnitOfWork, project_id: str) -> Project | None:
    """A project by id for a change, or None.

    Locks:  the project's row.
    """
    return uow.session.scalar(select(Project).where(Project.id == project_id).with_for_update())


def bump_revision(uow: UnitOfWork, project_id: str | None = None) -> None:
    """A definition changed: processes must read it anew before their next evaluation."""
    uow.session.execute(
        update(Project)
        .where(Project.id == (project_id or uow.project_id))
        .values(revision=Project.revision + 1)
    )


def get_revision(uow: UnitOfWork) -> int:
    """The revision of the definitions of the unit's project; 0 for an unknown one."""
    row = uow.reader.execute(
        "SELECT revision FROM projects WHERE id = %s", (uow.project_id,)
    ).fetchone()
    return 0 if row is None else int(row[0])
