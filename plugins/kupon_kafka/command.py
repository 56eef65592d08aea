"""`kupon kafka`: processes that work between Kafka and Kupon."""

from __future__ import annotations

import signal
from importlib.util import find_spec
from pathlib import Path
from threading import Event

import click

from kupon.hooks.errors import Stop
from kupon.hooks.gateway import OpenGateway
from kupon_kafka.foreign import BadMapping, Rules, read_rules


@click.group()
def kafka() -> None:
    """Take commands from Kafka.

    Events go there from the workers, by receivers of the kind `kafka`.
    """


@kafka.command()
@click.argument("project")
@click.argument("connection")
@click.option(
    "--batch",
    type=click.IntRange(1, 10_000),
    default=500,
    show_default=True,
    help="How many records are taken at a time at most.",
)
@click.option(
    "--mapping",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file that says which events of others mean which commands.",
)
@click.option(
    "--into",
    metavar="OTHER",
    help="The connection with a platform that writes the topic in its own words.",
)
@click.pass_obj
def consume(
    open_gateway: OpenGateway,
    project: str,
    connection: str,
    batch: int,
    mapping: Path | None,
    into: str | None,
) -> None:
    """Take the commands of a connection with the adapter `kafka`, until told to stop.

    PROJECT is a project's id, CONNECTION a connection's id or name. Any number of these processes
    may run: the partitions of the topic are divided among them.
    """
    if find_spec("confluent_kafka") is None:
        raise click.ClickException("confluent-kafka is missing: install kupon[kafka]")
    from kupon_kafka.consumer import Subscriber

    if mapping is not None and into is not None:
        raise click.UsageError("--mapping and --into are two ways to understand records")
    rules = None if mapping is None else _read(mapping)
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with open_gateway() as gateway:
        try:
            tap = gateway.open(project, connection, "kafka")
            target = None if into is None else gateway.open(project, into, None)
            Subscriber(gateway, tap, stop, batch, rules=rules, target=target).run()
        except Stop as error:
            raise click.ClickException(str(error)) from None


def _read(mapping: Path) -> Rules:
    if find_spec("jsonpath") is None:
        raise click.ClickException("python-jsonpath is missing: install kupon[kafka]")
    try:
        return read_rules(mapping.read_text(encoding="utf-8"))
    except (BadMapping, OSError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{mapping}: {error}") from None
