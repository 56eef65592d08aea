"""`kupon plugins`: what is installed, and for which projects it is active."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TextIO

import click

from kupon.cli.administration import administer, load_tenants
from kupon.cli.environment import read_settings

if TYPE_CHECKING:
    from collections.abc import Iterable

_COLUMNS = ("name", "version", "distribution", "hooks", "projects")


@click.group(invoke_without_command=True)
@click.option("--json", "is_json", is_flag=True, help="Print JSON.")
@click.pass_context
def plugins(context: click.Context, is_json: bool) -> None:
    """List the installed plugins in the order in which their hooks are called.

    KUPON_PLUGINS names those that may be loaded, with commas between them; unset means all. Those
    without a version are active for projects, and not installed.
    """
    if context.invoked_subcommand is not None:
        return
    from kupon.features.plugins import service

    settings = read_settings()
    tenants = load_tenants(settings)
    with administer(settings) as uow:
        found = service.overview(uow, tenants)
    if is_json:
        click.echo(json.dumps(found, indent=2))
    else:
        rows = [[_cell(each.get(column, "-")) for column in _COLUMNS] for each in found]
        _print_table([[*_COLUMNS], *rows])


@plugins.command()
@click.argument("project_id")
@click.argument("plugin")
@click.option("--settings", "file", type=click.File(), help="JSON with all settings; - is stdin.")
@click.option(
    "--set", "pairs", multiple=True, metavar="NAME=VALUE", help="One setting, maybe JSON."
)
def activate(project_id: str, plugin: str, file: TextIO | None, pairs: tuple[str, ...]) -> None:
    """Activate a plugin for a project, or replace its settings there."""
    from kupon.features.plugins import service

    chosen = _read_settings(file) | dict(map(_read_pair, pairs))
    settings = read_settings()
    tenants = load_tenants(settings)
    with administer(settings) as uow:
        body = service.activate(uow, tenants, project_id, plugin, chosen)
    click.echo(json.dumps(body, indent=2))


@plugins.command()
@click.argument("project_id")
@click.argument("plugin")
def deactivate(project_id: str, plugin: str) -> None:
    """Deactivate a plugin for a project and forget its settings."""
    from kupon.features.plugins import service

    settings = read_settings()
    tenants = load_tenants(settings)
    with administer(settings) as uow:
        service.deactivate(uow, tenants, project_id, plugin)


def _read_settings(file: TextIO | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        told = json.load(file)
    except ValueError:
        raise click.ClickException(f"{file.name} is not JSON") from None
    if not isinstance(told, dict):
        raise click.ClickException(f"{file.name} must hold an object")
    return told


def _read_pair(pair: str) -> tuple[str, Any]:
    name, sign, text = pair.partition("=")
    if not sign:
        raise click.BadParameter(f"{pair} is not NAME=VALUE")
    try:
        return name, json.loads(text)
    except ValueError:
        return name, text


def _cell(value: Any) -> str:
    return (", ".join(value) or "-") if isinstance(value, list) else str(value)


def _print_table(rows: Iterable[list[str]]) -> None:
    table = list(rows)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())
