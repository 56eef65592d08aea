"""Sockets: a private folder for Unix sockets whose path the system accepts."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

# sun_path holds 108 bytes on Linux and 104 on the BSDs, one of them for the final zero.
_LONGEST_PATH_BYTES = 103
_LONGEST_NAME = ".s.PGSQL.5432.lock"


def open_socket_folder(data_dir: Path, name: str) -> Path:
    """Return `data_dir/name`, or where that is too long a short folder that it points to.

    Shapes:  the folder exists and is private to its owner.
    Raises:  OSError when neither place can be written.
    """
    wanted = data_dir / name
    if _fits(wanted):
        wanted.mkdir(mode=0o700, exist_ok=True)
        return wanted
    remove_socket_folder(data_dir, name)
    short = _short_folder()
    wanted.symlink_to(short)
    return short


def remove_socket_folder(data_dir: Path, name: str) -> None:
    """Remove a short folder made by `open_socket_folder` together with the link to it."""
    link = data_dir / name
    if link.is_symlink():
        target = link.readlink()
        if _is_ours(target):
            shutil.rmtree(target, ignore_errors=True)
        link.unlink(missing_ok=True)


def _short_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="kupon-"))
    if _fits(folder):
        return folder
    folder.rmdir()
    return Path(tempfile.mkdtemp(prefix="kupon-", dir="/tmp"))  # TMPDIR's path may be too long


def _fits(folder: Path) -> bool:
    return len(bytes(folder / _LONGEST_NAME)) <= _LONGEST_PATH_BYTES


def _is_ours(folder: Path) -> bool:
    # After a reboot somebody else may have taken the name in a world-writable place.
    if folder.is_symlink() or not folder.is_dir() or not folder.name.startswith("kupon-"):
        return False
    return os.geteuid() in (0, folder.stat().st_uid)
