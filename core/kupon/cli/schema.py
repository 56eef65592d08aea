"""`kupon migrate`: bringing the database's schema up to this program's."""

from __future__ import annotations

import click

from kupon.cli.environment import read_settings
from kupon.runtime.log import configure_logging


@click.command()
def migrate() -> None:
    """Upgrade the database's schema; does nothing when it is current."""
    from kupon.storage.migrations import upgrade

    settings = read_settings()
    configure_logging(settings)
    upgrade(settings.database_url)
    click.echo("the schema is current")
