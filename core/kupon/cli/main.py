"""The `kupon` command and the list of what it can do."""

from __future__ import annotations

import click

from kupon import __version__
from kupon.cli.dev import dev
from kupon.cli.doctor import doctor
from kupon.cli.processes import relay, scheduler, web, worker
from kupon.cli.projects import projects
from kupon.cli.schema import migrate


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """Kupon, a self-hosted promotion engine.

    `kupon dev` runs everything on this machine. In production run migrate once per release, then
    web, worker, relay and scheduler, with KUPON_DATABASE_URL and KUPON_REDIS_URL set.
    """


for command in (dev, web, worker, relay, scheduler, migrate, projects, doctor):
    main.add_command(command)

if __name__ == "__main__":
    main()
