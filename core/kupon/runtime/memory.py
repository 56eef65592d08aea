"""What Python's collector of cyclic garbage is spared."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Build something large that stays, without the collector walking all of it again and again.

    What was built counts as old afterwards, so that small collections do not walk it either.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        # There and back moves everything to the oldest generation, without looking at it.
        gc.freeze()
        gc.unfreeze()
        if was_enabled:
            gc.enable()
