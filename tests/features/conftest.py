"""What tests of several features share: a project that ignores case, and what was staged."""

from __future__ import annotations

import pytest

from kupon.runtime import clock
from kupon.storage.uow import UnitOfWork


@pytest.fixture
def folding_api(new_project, connect_api, engine):
    """A client of a project whose codes ignore case."""
    project = new_project()
    with UnitOfWork(engine, project_id=project.id, now=clock.now()) as uow:
        uow.driver.execute(
            "UPDATE projects SET case_sensitive_codes = false WHERE id = %s", (project.id,)
        )
        uow.commit()
    return connect_api(project)


@pytest.fixture
def events(engine, project):
    """Call it for the (name, payload) of what the project has staged, in order."""

    def read():
        with UnitOfWork(engine, project_id=project.id, now=clock.now()) as uow:
            return uow.reader.execute(
                "SELECT name, payload FROM events WHERE project_id = %s ORDER BY seq",
                (project.id,),
            ).fetchall()

    return read
