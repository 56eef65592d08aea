"""Projects: creation, settings and the revision of their definitions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from kupon.storage.tables.projects import Project
from kupon.storage.uow import UnitOfWork

# What changed: the wire's name of its kind, and its id.
Change = tuple[str, str]


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


def bump_revision(uow: UnitOfWork, *changes: Change, project_id: str | None = None) -> None:
    """A definition changed: processes must read it anew before their next evaluation.

    Shapes:  changes name what changed; without any, processes read everything anew. The new
        revision is there with the commit.
    """
    uow.note_changes(project_id or uow.project_id, changes or [("", "")])


def find_changes(uow: UnitOfWork, since: int) -> Sequence[Change] | None:
    """What changed after a revision of the unit's project; None where that is not known."""
    rows = uow.reader.execute(
        "SELECT kind, object_id FROM definition_changes WHERE project_id = %s AND revision > %s",
        (uow.project_id, since),
    ).fetchall()
    return None if any(kind == "" for kind, _ in rows) else rows


def purge_changes(uow: UnitOfWork, kept: int) -> None:
    """Forget what changed longer ago than so many revisions, but for that it did."""
    uow.driver.execute(
        "WITH gone AS (DELETE FROM definition_changes d USING projects p"
        "  WHERE p.id = d.project_id AND d.kind <> '' AND d.revision <= p.revision - %(kept)s"
        "  RETURNING d.project_id, d.revision)"
        " INSERT INTO definition_changes (project_id, revision, kind, object_id)"
        " SELECT project_id, max(revision), '', '' FROM gone GROUP BY project_id"
        " ON CONFLICT DO NOTHING",
        {"kept": kept},
    )


def get_revision(uow: UnitOfWork) -> int:
    """The revision of the definitions of the unit's project; 0 for an unknown one."""
    row = uow.reader.execute(
        "SELECT revision FROM projects WHERE id = %s", (uow.project_id,)
    ).fetchone()
    return 0 if row is None else int(row[0])
