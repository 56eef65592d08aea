"""Tells Kafka of events, and takes commands from it.

The event sink `kafka` writes a project's events into a topic, in the order of each customer. The
adapter `kafka` is a connection whose commands `kupon kafka consume` reads from another topic.

Both need confluent-kafka, which the extra `kafka` brings; without it there is neither.

Source: spec adapters-marketing, section 5.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

from kupon.hooks import hookimpl
from kupon.hooks.adapter import Adapter
from kupon.hooks.types import Commands, EventSink
from kupon_kafka.adapter import KafkaAdapter
from kupon_kafka.command import kafka
from kupon_kafka.sink import KafkaSink


def _is_there() -> bool:
    return find_spec("confluent_kafka") is not None


@hookimpl
def register_event_sinks() -> Sequence[EventSink]:
    """The kind `kafka`."""
    return [KafkaSink()] if _is_there() else []


@hookimpl
def register_adapters() -> Sequence[type[Adapter]]:
    """The subscriber of commands."""
    return [KafkaAdapter] if _is_there() else []


@hookimpl
def register_commands() -> Commands:
    """`kupon kafka`."""
    return [kafka]
