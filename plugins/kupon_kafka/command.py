"""`kupon kafka`: processes that work between Kafka and Kupon."""

from __future__ import annotations

import signal
from importlib.util import find_spec
from threading import Event

import click

from kupon.hooks.errors import Stop
from kupon.hooks.gateway import OpenGateway


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
@click.pass_obj
def consume(open_gateway: OpenGateway, project: str, connection: str, batch: int) -> None:
    """Take the commands of a connection with the adapter `kafka`, until told to stop.

    PROJECT is a project's id, CONNECTION a connection's id or name. Any number of these processes
    may run: the partitions of the topic are divided among them.
    """
    if find_spec("confluent_kafka") is None:
        raise click.ClickException("confluent-kafka is missing: install kupon[kafka]")
    from kupon_kafka.consumer import Subscriber

    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with open_gateway() as gateway:
        try:
            tap = gateway.open(project, connection, "kafka")
            Subscriber(gateway, tap, stop, batch).run()
        except Stop as error:
            raise click.ClickException(str(error)) from None
