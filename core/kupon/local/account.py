"""Account: which user PostgreSQL runs as when Kupon is root, since it refuses root itself."""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

from kupon.local.failure import CannotStart
from kupon.local.launch import Account, command

if TYPE_CHECKING:
    from pathlib import Path

# `nobody` exists on every Linux and macOS; the names before it are the better ones if present.
_CANDIDATES = ("kupon", "postgres", "nobody")


def unprivileged_account(folder: Path, program: Path) -> Account | None:
    """Choose the account for a server that keeps its data in the folder.

    Shapes:  None without root. The folder exists; its owner is preferred, so that data keep theirs.
    Raises:  CannotStart when no account can reach both the folder and the program.
    """
    if os.geteuid() != 0:
        return None
    user = _owner(folder) or _candidate()
    plain = Account(user.pw_uid, user.pw_gid)
    own(folder, plain)
    if _try(plain, folder, program) is None:
        return plain
    privileged = replace(plain, keeps_file_access=True)
    problem = _try(privileged, folder, program)
    if problem is None:
        return privileged
    raise CannotStart(
        f"PostgreSQL does not run as root, and the user {user.pw_name!r} can't reach"
        f" {folder} or {program}: {problem}. Make both reachable for that user, or start as"
        " another user than root."
    )


def own(folder: Path, account: Account | None) -> None:
    """Hand a folder and what is in it to the account; does nothing when it has it already."""
    if account is None or folder.stat().st_uid == account.uid:
        return
    for place in folder.rglob("*"):
        os.chown(place, account.uid, account.gid, follow_symlinks=False)
    # The top comes last: its owner tells the next start whether the work was finished.
    os.chown(folder, account.uid, account.gid)


def _owner(folder: Path) -> pwd.struct_passwd | None:
    uid = folder.stat().st_uid
    try:
        return pwd.getpwuid(uid) if uid != 0 else None
    except KeyError:
        return None


def _candidate() -> pwd.struct_passwd:
    for name in _CANDIDATES:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise CannotStart(
        "PostgreSQL does not run as root, and this system has none of the users "
        + ", ".join(_CANDIDATES)
    )


def _try(account: Account, folder: Path, program: Path) -> str | None:
    argv = command([str(program), "--version"], folder=folder, dies_with=None, account=account)
    outcome = subprocess.run(argv, capture_output=True, text=True, check=False)
    if outcome.returncode == 0:
        return None
    lines = outcome.stderr.strip().splitlines()
    return lines[-1] if lines else f"exit code {outcome.returncode}"
