"""What goes wrong when a local process can't be started, told together with the end of its log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kupon.local.logs import read_tail

if TYPE_CHECKING:
    from pathlib import Path


class CannotStart(RuntimeError):
    """A local process can't be brought up; the message is meant for the person at the terminal."""

    def __init__(self, message: str, *, log: Path | None = None) -> None:
        tail = "" if log is None else read_tail(log)
        super().__init__(f"{message}\n--- end of {log}\n{tail}" if tail else message)
