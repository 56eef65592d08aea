"""Producers that stay open between jobs: to open one takes longer than to send a thousand events.

They are made in the process that uses them, when they are first needed: none survives a fork.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from kupon.hooks.addresses import AddressGuard
from kupon_kafka.cluster import Ear, check_settings, look, open_client, options_of
from kupon_kafka.formats import Writer, open_writer
from kupon_kafka.records import Outgoing
from kupon_kafka.topics import create_topics, topics_of

if TYPE_CHECKING:
    from confluent_kafka import Producer

# Whatever is not confirmed by then is tried again by Kupon, which knows of it beyond this process.
DELIVERY_S: Final = 15
# The producer gives up by itself before.
PATIENCE_S: Final = DELIVERY_S + 5.0
_MOST: Final = 8

_OPTIONS: Final = {
    "acks": "all",
    "enable.idempotence": True,
    "max.in.flight.requests.per.connection": 5,
    "compression.type": "lz4",
    "linger.ms": 20,
    "delivery.timeout.ms": DELIVERY_S * 1000,
    # As Java's clients have it; librdkafka's own would part what others join.
    "partitioner": "murmur2_random",
    # What is too much is for the brokers to say.
    "message.max.bytes": 10_000_000,
}


def open_producer(
    settings: Mapping[str, Any], topics: Sequence[str], guard: AddressGuard
) -> Producer:
    """A producer of one's own; nothing has been sent to anybody who may not be called.

    Raises:  AdapterError.
    """
    from confluent_kafka import Producer

    check_settings(settings, guard)
    ear = Ear()
    producer = open_client(Producer, {**options_of(settings, ear), **_OPTIONS})
    look(producer, topics, guard, ear)
    return producer


@dataclass(frozen=True, slots=True)
class Line:
    """What one endpoint's records go through."""

    settings: Mapping[str, Any]
    producer: Producer
    writer: Writer

    def produce(self, record: Outgoing, note: Callable[[Any, Any], None]) -> None:
        """Have a record sent; note is told the error or None, by a later flush.

        Raises:  KafkaException; BufferError.
        """
        self.producer.produce(
            record.topic,
            key=record.key,
            value=record.value,
            headers=record.headers,
            on_delivery=note,
        )


def open_line(settings: Mapping[str, Any], guard: AddressGuard) -> Line:
    """The way into all topics that settings name.

    Raises:  AdapterError.
    """
    if settings.get("create_topics"):
        create_topics(settings, guard)
    producer = open_producer(settings, list(topics_of(settings)), guard)
    return Line(dict(settings), producer, open_writer(settings, guard))


class Producers:
    """The open producers of this process, by whom they serve; the ones used last stay."""

    def __init__(self) -> None:
        """Begin without any."""
        self._lock = Lock()
        self._process = os.getpid()
        self._open: OrderedDict[str, Line] = OrderedDict()
        self._inherited: OrderedDict[str, Line] | None = None

    def get(self, name: str, settings: Mapping[str, Any], guard: AddressGuard) -> Line:
        """The line of an endpoint, made anew where its settings have changed.

        Raises:  AdapterError.
        """
        with self._lock:
            self._leave_inherited()
            known = self._open.get(name)
            if known is None or known.settings != settings:
                known = self._open[name] = open_line(settings, guard)
            self._open.move_to_end(name)
            if len(self._open) > _MOST:
                self._open.popitem(last=False)
            return known

    def __len__(self) -> int:
        """How many are open."""
        return len(self._open)

    def _leave_inherited(self) -> None:
        """Use nothing that was made before a fork, nor close it: its threads are not here."""
        if self._process != os.getpid():
            self._inherited = self._open
            self._process, self._open = os.getpid(), OrderedDict()

    def drop(self, name: str) -> None:
        """Forget a producer that is of no more use, with what it has not sent."""
        with self._lock:
            known = self._open.pop(name, None)
        if known is not None:
            known.producer.purge()
