"""What tests of rules share: assigning over HTTP, and the revision of the definitions."""

from __future__ import annotations

import pytest

from kupon.runtime import clock
from kupon.storage.queries.projects import get_revision
from kupon.storage.uow import UnitOfWork


@pytest.fixture
def assign(api):
    """Assign a rule, as a client does; the assignment."""

    def post(rule, type, id, **query):
        body = {"related_object_type": type, "related_object_id": id}
        path = f"/v1/validation-rules/{rule['id']}/assignments"
        return api.post(path, json=body, query=query).expect()

    return post


@pytest.fixture
def revision(engine, project):
    """Call it for the revision of the project's definitions."""

    def read():
        with UnitOfWork(engine, project_id=project.id, now=clock.now()) as uow:
            return get_revision(uow)

    return read


@pytest.fixture
def rule_events(events):
    """Call it for what was staged about rules, without the first word of each name."""

    def read():
        prefix = "business_validation_rule."
        return [
            (name.removeprefix(prefix), payload)
            for name, payload in events()
            if name.startswith(prefix)
        ]

    return read
