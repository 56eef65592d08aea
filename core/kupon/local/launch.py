"""Launch: a stand-alone script that turns into another program which dies with its parent.

Python runs it by path between the supervisor and each server. A function between fork and exec
(`preexec_fn`) would do the same but isn't safe in a process with threads.
Source: prctl(2), capabilities(7); the parent-death signal is cleared when a process changes its
user, therefore the order in `main`. Everything is imported at the top: later the account may not
be allowed to read Python's own files.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_SECUREBITS = 28
_SECBIT_NO_SETUID_FIXUP = 1 << 2
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAP_DAC_OVERRIDE = 1
_CAPABILITY_VERSION_3 = 0x20080522


@dataclass(frozen=True)
class Account:
    """The user that a server runs as when the supervisor is root.

    `keeps_file_access` leaves it root's right to pass folders that are closed to the account,
    and nothing else of root's rights.
    """

    uid: int
    gid: int
    keeps_file_access: bool = False


def command(
    argv: list[str], *, folder: Path, dies_with: int | None, account: Account | None = None
) -> list[str]:
    """Build the command line that runs `argv` in `folder`.

    Shapes:  `dies_with` is the signal sent when the caller's thread ends; None lets it live on.
    """
    plan = {
        "folder": str(folder),
        "dies_with": dies_with,
        "parent": os.getpid(),
        "account": None if account is None else asdict(account),
    }
    return [sys.executable, "-I", "-S", __file__, json.dumps(plan), *argv]


def main() -> None:
    plan, argv = json.loads(sys.argv[1]), sys.argv[2:]
    if plan["account"] is not None:
        _become(Account(**plan["account"]))
    if plan["dies_with"] is not None:
        die_with_parent(plan["dies_with"], plan["parent"])
    os.chdir(plan["folder"])
    os.execv(argv[0], argv)  # noqa: S606  # becoming the given program is this script's purpose


def die_with_parent(signal_number: int, parent: int) -> None:
    """Have the system send this process a signal when its parent ends; on Linux only."""
    if not sys.platform.startswith("linux"):
        return
    _prctl(_PR_SET_PDEATHSIG, signal_number)
    if os.getppid() != parent:
        sys.exit("the parent ended before the program could start")


def _become(account: Account) -> None:
    if account.keeps_file_access:
        # Rights stay over the change of user, and access(2), by which PostgreSQL looks for its own
        # programs, regards them.
        _prctl(_PR_SET_SECUREBITS, _SECBIT_NO_SETUID_FIXUP)
    os.setgroups([])
    os.setgid(account.gid)
    os.setuid(account.uid)
    if account.keeps_file_access:
        _keep_only_file_access()


def _keep_only_file_access() -> None:
    bit = 1 << _CAP_DAC_OVERRIDE
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    effective_permitted_inheritable = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.capset(header, effective_permitted_inheritable):
        sys.exit(f"capset: {os.strerror(ctypes.get_errno())}")
    _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_OVERRIDE)


def _prctl(*arguments: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    padded = [ctypes.c_ulong(number) for number in (*arguments, 0, 0, 0, 0)[:5]]
    if libc.prctl(*padded):
        sys.exit(f"prctl{arguments}: {os.strerror(ctypes.get_errno())}")


if __name__ == "__main__":
    main()
