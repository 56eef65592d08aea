"""`kupon projects`: creating projects and their first keys."""

from __future__ import annotations

import json

import click

from kupon.cli.environment import read_settings
from kupon.runtime.log import configure_logging


@click.group()
def projects() -> None:
    """Manage projects."""


@projects.command()
@click.argument("name")
def create(name: str) -> None:
    """Create a project and print its keys as JSON; their secrets are not shown again."""
    from kupon.bootstrap import provision

    settings = read_settings()
    configure_logging(settings)
    click.echo(json.dumps(provision(settings, name), indent=2))
