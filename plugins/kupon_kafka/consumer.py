"""Reading commands: into the inbox first, and only then is it said that they were read.

Whoever dies in between reads the same again, which the inbox knows already. What is no command goes
to the topic of dead letters before it counts as read. Whatever may pass (no database, no broker)
ends the round without anything being said: the next one begins where the last has ended.

Source: spec adapters-marketing, section 5.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event
from typing import Any, Final

from kupon.hooks.adapter import Delivery
from kupon.hooks.errors import Retry, Unavailable
from kupon.hooks.gateway import Gateway, Tap
from kupon_kafka.cluster import check_brokers, log, look, options_of, understood
from kupon_kafka.mapping import NoCommand, Record, delivery_of
from kupon_kafka.producers import DELIVERY_S, open_producer

_POLL_S: Final = 0.5
_SHORTEST_WAIT_S: Final = 1.0
_LONGEST_WAIT_S: Final = 60.0

_OPTIONS: Final = {
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "auto.offset.reset": "earliest",
    "isolation.level": "read_committed",
    "partition.assignment.strategy": "cooperative-sticky",
    "max.poll.interval.ms": 300_000,
    # What a killed one has held is free again after that.
    "session.timeout.ms": 10_000,
    "heartbeat.interval.ms": 3000,
}


@dataclass(frozen=True, slots=True)
class _Dead:
    """A record that is no command, and why."""

    record: Record
    error: NoCommand


class Subscriber:
    """Takes the commands of one connection, until it is told to stop."""

    def __init__(self, gateway: Gateway, tap: Tap, stop: Event, most: int) -> None:
        """Read for a connection, `most` records at a time."""
        self._gateway = gateway
        self._tap = tap
        self._settings = tap.settings
        self._stop = stop
        self._most = most
        self._group = f"kupon-{tap.project_id}-{tap.id}"
        self._wait_s = _SHORTEST_WAIT_S

    def run(self) -> None:
        """Read, round after round.

        Raises:  Stop where somebody has to mend the connection or its settings.
        """
        while not self._stop.is_set():
            try:
                self._round()
            except Retry as error:
                log.warning("commands wait", extra={"connection": self._tap.id, "why": str(error)})
                self._stop.wait(self._wait_s)
                self._wait_s = min(_LONGEST_WAIT_S, 2 * self._wait_s)

    def _round(self) -> None:
        """Belong to the group until told to stop.

        Raises:  Retry; Stop.
        """
        from confluent_kafka import Consumer, KafkaException

        check_brokers(self._settings, self._gateway.guard)
        consumer = Consumer({**options_of(self._settings), **_OPTIONS, "group.id": self._group})
        try:
            look(consumer, self._settings["topic"], self._gateway.guard)
            consumer.subscribe([self._settings["topic"]])
            while not self._stop.is_set():
                messages = consumer.consume(self._most, _POLL_S)
                if messages:
                    self._take(consumer, messages)
        except KafkaException as error:
            raise understood(error.args[0]) from None
        finally:
            consumer.close()

    def _take(self, consumer: Any, messages: Sequence[Any]) -> None:
        from confluent_kafka import TopicPartition

        deliveries: list[Delivery] = []
        dead: list[_Dead] = []
        ends: dict[tuple[str, int], int] = {}
        for message in messages:
            if message.error() is not None:
                raise understood(message.error())
            record = _record(message)
            ends[record.topic, record.partition] = record.offset + 1
            try:
                delivery = delivery_of(record, self._tap.project_id)
            except NoCommand as error:
                dead.append(_Dead(record, error))
            else:
                deliveries += [delivery] if delivery is not None else []
        self._gateway.take(self._tap, deliveries)
        if dead:
            self._bury(dead)
        offsets = [TopicPartition(*place, offset) for place, offset in ends.items()]
        consumer.commit(offsets=offsets, asynchronous=False)
        self._wait_s = _SHORTEST_WAIT_S

    def _bury(self, dead: Sequence[_Dead]) -> None:
        """Put records into the topic of dead letters.

        Raises:  Retry where that has not taken them all.
        """
        producer = open_producer(
            self._settings, self._settings["dead_letter_topic"], self._gateway.guard
        )
        failures: list[Any] = []

        def note(error: Any, _: Any) -> None:
            failures.extend([error] if error is not None else [])

        for each in dead:
            producer.produce(
                self._settings["dead_letter_topic"],
                key=each.record.key,
                value=each.record.value,
                headers=[*each.record.headers, *self._why(each)],
                on_delivery=note,
            )
        left = producer.flush(DELIVERY_S + 5.0)
        if left or failures:
            raise Unavailable("the topic of dead letters takes nothing")

    def _why(self, dead: _Dead) -> list[tuple[str, bytes]]:
        """Where a record lay and what is wrong with it."""
        told = {
            "x-dlq-topic": dead.record.topic,
            "x-dlq-partition": dead.record.partition,
            "x-dlq-offset": dead.record.offset,
            "x-dlq-timestamp": dead.record.timestamp_ms,
            "x-dlq-error-key": dead.error.key,
            "x-dlq-error": str(dead.error)[:1000],
            "x-dlq-attempts": 1,
            "x-dlq-consumer": self._group,
        }
        return [(name, str(value).encode()) for name, value in told.items() if value is not None]


def _record(message: Any) -> Record:
    kind, moment = message.timestamp()
    return Record(
        topic=message.topic(),
        partition=message.partition(),
        offset=message.offset(),
        key=message.key(),
        value=message.value(),
        headers=tuple(message.headers() or ()),
        # Kind 0 says that there is none.
        timestamp_ms=moment if kind else None,
    )
