"""`kupon dev`: the whole program on this machine, with its own PostgreSQL and Redis."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kupon.cli.environment import read_settings
from kupon.local.failure import CannotStart
from kupon.local.stack import Stack, open_stack
from kupon.local.supervisor import StopRequested, signals_as_requests
from kupon.runtime.log import configure_logging
from kupon.runtime.settings import BadSetting

if TYPE_CHECKING:
    from kupon.runtime.settings import Settings

_COMMAND_PATIENCE_S = 10.0


@click.command()
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="0 takes a free one.  [default: 8000]")
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(".kupon"),
    show_default=True,
    help="Holds database, logs and credentials.json.",
)
@click.option("--web-processes", type=click.IntRange(1), help="Web processes.  [default: 2]")
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True)
@click.option("--run", "command_line", help="Run this with KUPON_CREDENTIALS set, then stop.")
def dev(
    host: str | None,
    port: int | None,
    data_dir: Path,
    web_processes: int | None,
    workers: int,
    command_line: str | None,
) -> None:
    """Run everything until Ctrl-C, starting PostgreSQL and Redis unless their URLs are set."""
    chosen = {"host": host, "port": port, "web_processes": web_processes}
    given = {name: value for name, value in chosen.items() if value is not None}
    try:
        settings = replace(read_settings(needs_servers=False), **given)  # type: ignore[arg-type]  # the option types are the fields' types
        configure_logging(settings)
        with signals_as_requests():
            code = _run(data_dir, settings, workers, command_line)
    except (CannotStart, BadSetting) as problem:
        raise click.ClickException(str(problem)) from None
    sys.exit(code)


def _run(data_dir: Path, settings: Settings, workers: int, command_line: str | None) -> int:
    from kupon.cli.credentials import ensure_credentials
    from kupon.storage.migrations import upgrade

    try:
        with open_stack(data_dir, settings, workers=workers) as stack:
            stack.start_servers()
            upgrade(stack.settings.database_url)
            stack.start_processes()
            path = stack.data_dir / "credentials.json"
            ensure_credentials(path, stack.settings, stack.base_url)
            click.echo(
                f"kupon is ready at {stack.base_url} (data in {stack.data_dir})",
                # The output of a command that is run belongs to that command alone.
                err=command_line is not None,
            )
            if command_line is None:
                stack.watch(lambda: False)
            return _run_command(stack, command_line or "", path)
    except StopRequested as request:
        asked_politely = request.signal_number in (signal.SIGTERM, signal.SIGINT)
        is_done = command_line is None and asked_politely
        return 0 if is_done else 128 + request.signal_number


def _run_command(stack: Stack, command_line: str, credentials: Path) -> int:
    environment = stack.environment(
        KUPON_CREDENTIALS=str(credentials), KUPON_BASE_URL=stack.base_url
    )
    # The command line is the user's own, as in `sh -c`.
    command = subprocess.Popen(command_line, shell=True, env=environment)  # noqa: S602 - see above
    try:
        stack.watch(lambda: command.poll() is not None)
    finally:
        _end(command)
    return command.returncode if command.returncode >= 0 else 128 - command.returncode


def _end(command: subprocess.Popen[bytes]) -> None:
    if command.poll() is None:
        command.terminate()
        try:
            command.wait(_COMMAND_PATIENCE_S)
        except subprocess.TimeoutExpired:
            command.kill()
            command.wait()
