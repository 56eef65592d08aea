"""What tests of loyalty programmes share: that the balances close, and pending points."""

from __future__ import annotations

import pytest

from kupon.runtime import clock
from kupon.storage.uow import UnitOfWork
from kupon.testing.audit import find_faults


@pytest.fixture(autouse=True)
def closing_books(engine, project):
    """After every test all balances of its project must close."""
    yield
    with UnitOfWork(engine, project_id=project.id, now=clock.now()) as uow:
        assert find_faults(uow) == []
