"""`kupon projects`: creating projects, their first keys and restricted ones."""

from __future__ import annotations

import json

import click

from kupon.cli.environment import read_settings
from kupon.kit.errors import KuponError
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


@projects.command()
@click.argument("project_id")
@click.argument("name")
@click.option("--area", "areas_ids", multiple=True, help="An area's id; may be repeated.")
@click.option(
    "--all-stores",
    "area_all_stores_ids",
    multiple=True,
    help="The id of an area whose stores are meant, those to come included.",
)
@click.option("--store", "area_stores_ids", multiple=True, help="A store's id.")
def add_restricted_key(project_id: str, name: str, **named: tuple[str, ...]) -> None:
    """Print a new key for the campaigns of some areas and stores; its secret is not shown again."""
    from kupon import bootstrap

    settings = read_settings()
    configure_logging(settings)
    try:
        key = bootstrap.add_restricted_key(settings, project_id, name, named)
    except KuponError as error:
        raise click.ClickException(error.details or error.message) from None
    click.echo(json.dumps(key, indent=2))


@projects.command()
@click.argument("project_id")
@click.argument("name")
def add_integration_key(project_id: str, name: str) -> None:
    """Print a new server key for one integration; its secret is not shown again."""
    from kupon import bootstrap

    settings = read_settings()
    configure_logging(settings)
    try:
        key = bootstrap.add_integration_key(settings, project_id, name)
    except KuponError as error:
        raise click.ClickException(error.details or error.message) from None
    click.echo(json.dumps(key, indent=2))
