"""Lock: one supervisor per data folder; the system frees it when the process ends, however."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kupon.local.failure import CannotStart

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def folder_lock(data_dir: Path) -> Iterator[None]:
    """Hold the data folder for this process.

    Raises:  CannotStart naming the process that holds it already.
    """
    path = data_dir / "lock"
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise CannotStart(
                f"another Kupon (process {holder}) is running in {data_dir};"
                " stop it, or choose another --data-dir"
            ) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        # The file stays: removing it would let two processes lock two files of the same name.
        yield
