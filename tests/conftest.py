"""The tests' fixtures are the ones that third parties get; a guard comes with them."""

from __future__ import annotations

import logging
import os
import signal
import sys
from pathlib import Path

import pytest

from kupon.hooks import tenancy
from kupon.runtime import clock

pytest_plugins = ["kupon.testing.plugin"]

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# pytest's own.
VARIABLE = "PYTEST_CURRENT_TEST"


@pytest.fixture(autouse=True)
def process_stays_as_it_was():
    """Whoever changes what all tests of a process share undoes it, or fails here, not elsewhere."""
    root, before = logging.getLogger(), _shared()
    handlers, level = root.handlers[:], root.level
    yield
    # Commands that run in the tests' process have their own idea of logs.
    root.handlers[:] = handlers
    root.setLevel(level)
    after = _shared()
    # The application of the session makes them known, whenever it is first asked for.
    before["plugins"] = before["plugins"] or after["plugins"]
    assert {what: after[what] for what in after if after[what] != before[what]} == {}


def _shared():
    return {
        "signals": [signal.getsignal(number) for number in SIGNALS],
        "environment": {name: text for name, text in os.environ.items() if name != VARIABLE},
        "folder": Path.cwd(),
        "import path": sys.path[:],
        "clock": clock.now,
        "plugins": [id(each) for each in tenancy._installed],
    }
