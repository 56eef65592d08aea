"""Log files of the processes in a data folder: opened for appending, kept from growing for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

_LARGEST_BYTES = 20 * 1024 * 1024
_TAIL_BYTES = 16_384
_TAIL_LINES = 15


def open_log(path: Path) -> BinaryIO:
    """Open a log at its end; one that has grown too large becomes `<name>.1` first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > _LARGEST_BYTES:
        path.replace(path.with_name(path.name + ".1"))
    return path.open("ab")


def read_tail(path: Path) -> str:
    """Return the last lines of a log, nothing when it can't be read."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-_TAIL_LINES:])
