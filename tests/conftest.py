"""The tests' fixtures are the ones that third parties get; a guard comes with them."""

from __future__ import annotations

import signal

import pytest

pytest_plugins = ["kupon.testing.plugin"]


@pytest.fixture(autouse=True)
def signals_stay_as_they_were():
    """Whoever takes the signals of this process gives them back, or fails here, not elsewhere."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    yield
    assert [signal.getsignal(number) for number in numbers] == before
