"""What the races share."""

from __future__ import annotations

import pytest
from tests.races.shop import Shop


@pytest.fixture
def shop(live_server):
    """A client of the running server that can be many."""
    return Shop(live_server)
