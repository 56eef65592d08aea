"""Areas, stores and restricted keys to test with."""

from __future__ import annotations

import pytest

from kupon.features.management import service as management
from kupon.runtime import clock
from kupon.storage.uow import UnitOfWork
from kupon.testing.plugin import ProjectKeys


@pytest.fixture
def make_area(api):
    """Makes an area and stores: `area, lyon, paris = make_area("France", "Lyon", "Paris")`; ids."""

    def make(name, *stores):
        area = api.post("/v1/areas", json={"name": name}).expect()["id"]
        path = f"/v1/areas/{area}/stores"
        return area, *(api.post(path, json={"name": each}).expect()["id"] for each in stores)

    return make


@pytest.fixture
def restricted_api(engine, project, connect_api):
    """A client with a restricted key: `restricted_api(areas_ids=[area])`."""

    def connect(**named):
        with UnitOfWork(engine, project_id="", now=clock.now()) as uow:
            key = management.add_restricted_key(uow, project.id, "Till 1", named)
            uow.commit()
        return connect_api(ProjectKeys(project.id, project.credentials | key))

    return connect
