"""Which processes go first when the machine is busy."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

BACKGROUND = 10

# Linux shares the processor between sessions first; there the process's own niceness counts only
# within its session, and this file holds that of the session.
_SESSION = Path("/proc/self/autogroup")


def step_back() -> None:
    """Let checkouts go first: background work has time, a shopper has not."""
    with contextlib.suppress(OSError, AttributeError):
        os.nice(BACKGROUND)
    with contextlib.suppress(OSError):
        _SESSION.write_text(str(BACKGROUND))
