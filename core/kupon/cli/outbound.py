"""`kupon outbound`: what platforms are told, what they did not take, and telling it again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from kupon.cli.administration import administer, load_tenants
from kupon.cli.environment import read_settings

if TYPE_CHECKING:
    from collections.abc import Callable


@click.group()
def outbound() -> None:
    """Look after what platforms are told.

    PROJECT is a project's id, CONNECTION a connection's id or name. What is printed is JSON.
    """


@outbound.command()
@click.argument("project")
@click.argument("connection")
def show(project: str, connection: str) -> None:
    """Print what a platform is told, and how much waits or was not taken."""
    from kupon.features.integrations import service

    tenants = load_tenants(read_settings())
    _run(lambda uow: service.get_outbound(uow, tenants, project, connection))


@outbound.command("set")
@click.argument("project")
@click.argument("connection")
@click.argument("file", type=click.File("rb"))
def change(project: str, connection: str, file: BinaryIO) -> None:
    """Change what a platform is told by the JSON of FILE (- is stdin); what is absent stays."""
    from kupon.features.integrations import service
    from kupon.features.integrations.schemas.outbound import read_outbound

    try:
        sent = json.load(file)
    except ValueError:
        raise click.ClickException("FILE is not JSON") from None
    tenants = load_tenants(read_settings())
    _run(
        lambda uow: service.update_outbound(uow, tenants, project, connection, read_outbound(sent))
    )


@outbound.command("list")
@click.argument("project")
@click.argument("connection")
@click.option("--state", type=click.Choice(["WAITING", "REJECTED", "PARKED", "DONE"]))
@click.option("--limit", type=click.IntRange(1, 100), default=20, show_default=True)
def list_items(project: str, connection: str, state: str | None, limit: int) -> None:
    """List what a platform did not take, or what is in a certain state, the newest first."""
    from kupon.features.integrations import service

    query: dict[str, Any] = {"limit": limit} | ({} if state is None else {"state": state})
    _run(lambda uow: service.list_items(uow, project, connection, query)["data"])


@outbound.command()
@click.argument("project")
@click.argument("connection")
@click.argument("numbers", nargs=-1, type=int)
@click.option("--rejected", is_flag=True, help="Also what the platform refused.")
def replay(project: str, connection: str, numbers: tuple[int, ...], *, rejected: bool) -> None:
    """Tell again what was given up, or the items of some numbers."""
    from kupon.features.integrations import service

    body: dict[str, Any] = {"states": ["PARKED", "REJECTED"]} if rejected else {}
    if numbers:
        body["ids"] = list(numbers)
    _run(lambda uow: service.replay_items(uow, project, connection, body))


@outbound.command()
@click.argument("project")
@click.argument("connection")
def mirror(project: str, connection: str) -> None:
    """Have a platform told of all codes that it is to have, those of before too."""
    from kupon.features.integrations import service

    tenants = load_tenants(read_settings())
    _run(lambda uow: service.mirror_codes(uow, tenants, project, connection))


def _run(work: Callable[[Any], Any]) -> None:
    with administer(read_settings()) as uow:
        answer = work(uow)
    click.echo(json.dumps(answer, indent=2, ensure_ascii=False))
