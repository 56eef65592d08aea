"""`kupon checkouts`: platforms' orders, what became of their incentives, and redeeming again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from kupon.cli.administration import administer, install_plugins
from kupon.cli.environment import read_settings

if TYPE_CHECKING:
    from collections.abc import Callable

_STATES = ("LOCKED", "REDEEMED", "REDEEM_FAILED", "ROLLED_BACK", "RELEASED")


@click.group()
def checkouts() -> None:
    """Look after the incentives of platforms' orders.

    PROJECT is a project's id, CONNECTION a connection's id or name, ORDER the platform's id of an
    order. What is printed is JSON.
    """


@checkouts.command("list")
@click.argument("project")
@click.argument("connection")
@click.option("--state", type=click.Choice(_STATES))
@click.option(
    "--troubled", is_flag=True, help="Only those of which somebody should know something."
)
@click.option("--limit", type=click.IntRange(1, 100), default=20, show_default=True)
@click.option("--after", metavar="ORDER", help="Go on after this order.")
def list_all(
    project: str,
    connection: str,
    state: str | None,
    limit: int,
    after: str | None,
    *,
    troubled: bool,
) -> None:
    """List orders with incentives, the newest first."""
    from kupon.features.integrations import service

    asked = {"state": state, "troubled": troubled or None, "starting_after": after}
    query = {name: value for name, value in asked.items() if value is not None}
    _run(
        lambda uow: service.list_checkouts(uow, project, connection, query | {"limit": limit})[
            "data"
        ]
    )


@checkouts.command()
@click.argument("project")
@click.argument("connection")
@click.argument("order")
def show(project: str, connection: str, order: str) -> None:
    """Show what became of an order's incentives."""
    from kupon.features.integrations import service

    _run(lambda uow: service.get_checkout(uow, project, connection, order))


@checkouts.command()
@click.argument("project")
@click.argument("connection")
@click.argument("order")
def redeem(project: str, connection: str, order: str) -> None:
    """Redeem what was refused or passed over, once its cause is mended."""
    from kupon.features.integrations import service

    install_plugins(read_settings())
    _run(lambda uow: service.redeem_again(uow, project, connection, order))


def _run(work: Callable[[Any], Any]) -> None:
    with administer(read_settings()) as uow:
        answer = work(uow)
    click.echo(json.dumps(answer, indent=2, ensure_ascii=False))
