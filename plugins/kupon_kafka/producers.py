"""Producers that stay open between jobs: to open one takes longer than to send a thousand events.

They are made in the process that uses them, when they are first needed: none survives a fork.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from kupon.hooks.addresses import AddressGuard
from kupon_kafka.cluster import check_brokers, look, options_of

if TYPE_CHECKING:
    from confluent_kafka import Producer

# Whatever is not confirmed by then is tried again by Kupon, which knows of it beyond this process.
DELIVERY_S: Final = 15
_MOST: Final = 8

_OPTIONS: Final = {
    "acks": "all",
    "enable.idempotence": True,
    "max.in.flight.requests.per.connection": 5,
    "compression.type": "lz4",
    "linger.ms": 5,
    "delivery.timeout.ms": DELIVERY_S * 1000,
    # As Java's clients have it; librdkafka's own would part what others join.
    "partitioner": "murmur2_random",
    # What is too much is for the brokers to say.
    "message.max.bytes": 10_000_000,
}


def open_producer(settings: Mapping[str, Any], topic: str, guard: AddressGuard) -> Producer:
    """A producer of one's own; nothing has been sent to anybody who may not be called.

    Raises:  AdapterError.
    """
    from confluent_kafka import Producer

    check_brokers(settings, guard)
    producer = Producer({**options_of(settings), **_OPTIONS})
    look(producer, topic, guard)
    return producer


class Producers:
    """The open producers of this process, by whom they serve; the ones used last stay."""

    def __init__(self) -> None:
        """Begin without any."""
        self._lock = Lock()
        self._process = 0
        self._open: OrderedDict[str, tuple[Mapping[str, Any], Producer]] = OrderedDict()

    def get(self, name: str, settings: Mapping[str, Any], guard: AddressGuard) -> Producer:
        """The producer of an endpoint, made anew where its settings have changed.

        Raises:  AdapterError.
        """
        with self._lock:
            if self._process != os.getpid():
                self._process, self._open = os.getpid(), OrderedDict()
            known = self._open.get(name)
            if known is None or known[0] != settings:
                producer = open_producer(settings, settings["topic"], guard)
                known = (dict(settings), producer)
                self._open[name] = known
            self._open.move_to_end(name)
            if len(self._open) > _MOST:
                self._open.popitem(last=False)
            return known[1]

    def drop(self, name: str) -> None:
        """Forget a producer that is of no more use, with what it has not sent."""
        with self._lock:
            known = self._open.pop(name, None)
        if known is not None:
            known[1].purge()
