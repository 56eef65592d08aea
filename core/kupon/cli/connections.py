"""`kupon connections`: connecting projects with platforms, and looking after what comes in."""

from __future__ import annotations

import json
import re
import tomllib
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from kupon.cli.administration import administer, load_tenants
from kupon.cli.environment import read_settings
from kupon.kit.errors import KuponError
from kupon.runtime.settings import read_variable

if TYPE_CHECKING:
    from collections.abc import Callable

_STATES = ("WAITING", "DONE", "IGNORED", "PARKED")
_VARIABLE = re.compile(r"\$\{(\w+)\}")
# What PostgreSQL can hold.
_NUMBER = click.IntRange(1, 2**63 - 1)


@click.group()
def connections() -> None:
    """Connect projects with platforms.

    PROJECT is a project's id, CONNECTION a connection's id or name. What is printed is JSON.
    """


@connections.command()
def adapters() -> None:
    """List the platforms that can be connected, with the settings that each needs."""
    from kupon.features.integrations import service

    _print(service.list_adapters(load_tenants(read_settings()))["data"])


@connections.command("list")
@click.argument("project")
def show_all(project: str) -> None:
    """List the connections of a project."""
    from kupon.features.integrations import service

    _run(lambda uow, tenants: service.list_connections(uow, tenants, project)["data"])


@connections.command()
@click.argument("project")
@click.argument("adapter")
@click.argument("name")
@click.option("--set", "pairs", multiple=True, metavar="NAME=VALUE", help="A setting, maybe JSON.")
def create(project: str, adapter: str, name: str, pairs: tuple[str, ...]) -> None:
    """Connect a project; an integration key's secret is shown now only.

    ${VARIABLE} in a value stands for a variable of the environment, so that no secret needs to be
    typed.
    """
    from kupon.features.integrations import service
    from kupon.features.integrations.schemas.connections import read_creation

    body = {"adapter": adapter, "name": name, "settings": dict(map(_read_pair, pairs))}
    _run(lambda uow, tenants: service.create_connection(uow, tenants, project, read_creation(body)))


@connections.command("set")
@click.argument("project")
@click.argument("connection")
@click.argument("pairs", nargs=-1, required=True, metavar="NAME=VALUE...")
def change(project: str, connection: str, pairs: tuple[str, ...]) -> None:
    """Change some settings of a connection; the others stay, and null is what they are by default.

    ${VARIABLE} in a value stands for a variable of the environment.
    """
    from kupon.features.integrations import service

    news = dict(map(_read_pair, pairs))

    def work(uow: Any, tenants: Any) -> Any:
        known = service.get_connection(uow, tenants, project, connection)["settings"]
        merged = {**known, **news}
        body = {"settings": {name: merged[name] for name in merged if merged[name] is not None}}
        return service.update_connection(uow, tenants, project, connection, body)

    _run(work)


@connections.command()
@click.argument("file", type=click.File("rb"))
def apply(file: BinaryIO) -> None:
    """Make the connections of a TOML file what it says, all or none; `-` reads what is piped in.

    \b
    project = "proj_..."
    [[connections]]
    name = "Shop"
    adapter = "shopify"
    settings.shop = "name.myshopify.com"
    settings.client_secret = "${SHOP_SECRET}"
    schedule.orders = { every = "PT15M", full_every = "P7D" }
    outbound.codes.campaigns = ["Spring"]

    Connections, schedules and what platforms are told stay as they are where it does not name them.
    """
    project, listed = _read_document(file)
    _run(lambda uow, tenants: [_put(uow, tenants, project, each) for each in listed])


def _put(uow: Any, tenants: Any, project: str, sent: dict[str, Any]) -> Any:
    """Make a connection what a file says; an error names it."""
    from kupon.features.integrations import service
    from kupon.features.integrations.schemas.connections import read_creation
    from kupon.features.integrations.schemas.outbound import read_outbound

    body = {name: value for name, value in sent.items() if name != "outbound"}
    try:
        made = service.put_connection(uow, tenants, project, read_creation(body))
        if "outbound" in sent:
            told = read_outbound(sent["outbound"])
            service.update_outbound(uow, tenants, project, made["id"], told)
    except KuponError as error:
        raise click.ClickException(f"{sent['name']}: {error.details or error.message}") from None
    return made


@connections.command()
@click.argument("project")
@click.argument("connection")
@click.option("--state", type=click.Choice(_STATES, case_sensitive=False), default="PARKED")
@click.option("--limit", type=click.IntRange(1, 100), default=20, show_default=True)
@click.option("--after", type=_NUMBER, metavar="NUMBER", help="Go on after this delivery.")
def deliveries(project: str, connection: str, state: str, limit: int, after: int | None) -> None:
    """List what the platform told, the newest first: what was given up, unless asked otherwise."""
    from kupon.features.integrations import service

    query = {"state": state, "limit": limit, "starting_after": after}
    _run(lambda uow, _: service.list_deliveries(uow, project, connection, query)["data"])


@connections.command()
@click.argument("project")
@click.argument("connection")
@click.argument("delivery", type=_NUMBER, required=False)
def replay(project: str, connection: str, delivery: int | None) -> None:
    """Have a delivery processed again by its number, or all that were given up."""
    from kupon.features.integrations import service

    _run(lambda uow, _: service.replay(uow, project, connection, delivery))


def _on_one(name: str, verb: str, text: str) -> None:
    """Add a command that does one thing with one connection."""

    @connections.command(name, help=text)
    @click.argument("project")
    @click.argument("connection")
    def command(project: str, connection: str) -> None:
        from kupon.features.integrations import service

        use_case = getattr(service, verb)
        _run(lambda uow, tenants: use_case(uow, tenants, project, connection))


for _name, _verb, _text in (
    ("show", "get_connection", "Show a connection."),
    ("provision", "provision", "Install on the platform what the connection needs."),
    ("deprovision", "deprovision", "Take away from the platform what was installed."),
    ("pause", "pause", "Let everything wait."),
    ("resume", "resume", "Go on, also after what had broken was mended."),
    ("key", "renew_key", "Make a new integration key; the one before opens nothing any more."),
):
    _on_one(_name, _verb, _text)


@connections.command()
@click.argument("project")
@click.argument("connection")
def check(project: str, connection: str) -> None:
    """Look whether the platform can be reached with the settings; ends with 1 if it can't."""
    from kupon.features.integrations import service

    found = _run(lambda uow, tenants: service.check(uow, tenants, project, connection))
    if found["health"] != "OK":
        raise SystemExit(1)


@connections.command()
@click.argument("project")
@click.argument("connection")
@click.option("--force", is_flag=True, help="Even if the platform keeps what was installed.")
def delete(project: str, connection: str, force: bool) -> None:
    """Remove a connection with all that waits in it, and what it installed on the platform."""
    from kupon.features.integrations import service

    _run(
        lambda uow, tenants: service.delete_connection(
            uow, tenants, project, connection, is_forced=force
        )
    )


@connections.command()
@click.argument("project")
@click.argument("connection")
def statistics(project: str, connection: str) -> None:
    """Show what waits in a connection, and what went through it."""
    from kupon.features.integrations import service

    _run(lambda uow, _: service.statistics(uow, project, connection))


def _run(work: Callable[[Any, Any], Any]) -> Any:
    """Print what a piece of work answers, if anything; that answer."""
    settings = read_settings()
    tenants = load_tenants(settings)
    with administer(settings) as uow:
        answer = work(uow, tenants)
    if answer is not None:
        _print(answer)
    return answer


def _print(answer: Any) -> None:
    click.echo(json.dumps(answer, indent=2))


def _read_pair(pair: str) -> tuple[str, Any]:
    name, sign, text = pair.partition("=")
    if not sign:
        raise click.BadParameter(f"{pair} is not NAME=VALUE")
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    # Only now, so that what a variable holds is text, whatever it looks like.
    return name, _filled(value)


def _read_document(file: BinaryIO) -> tuple[str, list[dict[str, Any]]]:
    try:
        document = tomllib.loads(file.read().decode())
    except ValueError as error:
        raise click.ClickException(f"the file can't be read: {error}") from None
    listed = document.get("connections", [])
    if not isinstance(document.get("project"), str) or not _are_tables(listed):
        raise click.ClickException(
            "the file must have project and [[connections]] with name and adapter"
        )
    names = [each["name"] for each in listed]
    repeated = [name for place, name in enumerate(names) if name in names[:place]]
    if repeated:
        raise click.ClickException(f"the file has {repeated[0]} more than once")
    return _fill(document["project"]), [_filled(each) for each in listed]


def _are_tables(listed: Any) -> bool:
    return (
        isinstance(listed, list)
        and bool(listed)
        and all(isinstance(each, dict) and {"name", "adapter"} <= each.keys() for each in listed)
    )


def _filled(value: Any) -> Any:
    if isinstance(value, str):
        return _fill(value)
    if isinstance(value, dict):
        return {name: _filled(member) for name, member in value.items()}
    return [_filled(each) for each in value] if isinstance(value, list) else value


def _fill(text: str) -> str:
    """Put variables of the environment into a text."""

    def read(found: re.Match[str]) -> str:
        value = read_variable(found[1])
        if value is None:
            raise click.ClickException(f"the variable {found[1]} is not set")
        return value

    filled = _VARIABLE.sub(read, text)
    if "\0" in filled:
        raise click.ClickException("a value must not contain a null character")
    return filled
