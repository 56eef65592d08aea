"""Reading commands: into the inbox first, and only then is it said that they were read.

Whoever dies in between reads the same again, which the inbox knows already. What is no command goes
to the topic of dead letters before it counts as read. Whatever may pass (no database, nobody who
takes dead letters) has the same records read again after a while; nothing is said meanwhile.

Source: spec adapters-marketing, section 5.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Event
from typing import Any, Final

from kupon.hooks.errors import Retry
from kupon.hooks.gateway import Gateway, Tap
from kupon_kafka.cluster import (
    Ear,
    check_settings,
    log,
    look,
    open_client,
    options_of,
    understood,
)
from kupon_kafka.foreign import Rules
from kupon_kafka.intake import Commands, Forwarded, Intake
from kupon_kafka.mapping import Reading, Record, unframed
from kupon_kafka.outlet import Dead, Outlet
from kupon_kafka.registry import open_registry

_POLL_S: Final = 0.5
_SHORTEST_WAIT_S: Final = 1.0
# Well below max.poll.interval.ms: whoever waits stays in the group.
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
    # What waits to be read, of all partitions together, in kilobytes.
    "queued.max.messages.kbytes": 32_768,
}


class Subscriber:
    """Takes the commands of one connection, until it is told to stop."""

    def __init__(
        self,
        gateway: Gateway,
        tap: Tap,
        stop: Event,
        most: int,
        *,
        rules: Rules | None = None,
        target: Tap | None = None,
    ) -> None:
        """Read for a connection, `most` records at a time.

        Rules translate the words of others; a target is the connection whose platform's own words
        the records are in.
        """
        self._gateway = gateway
        self._tap = tap
        self._settings = tap.settings
        self._stop = stop
        self._most = most
        self._rules = rules
        self._target = target
        self._group = f"kupon-{tap.project_id}-{tap.id}"
        self._outlet = Outlet(tap, gateway.guard, self._group)
        self._failures = 0

    def run(self) -> None:
        """Read, round after round.

        Raises:  Stop where somebody has to mend the connection or its settings.
        """
        while not self._stop.is_set():
            try:
                self._round()
            except Retry as error:
                self._wait(error)

    def _wait(self, error: Retry) -> None:
        """Leave everything alone, the longer the more often in a row it has failed."""
        log.warning("commands wait", extra={"connection": self._tap.id, "why": str(error)})
        self._stop.wait(min(_LONGEST_WAIT_S, _SHORTEST_WAIT_S * 2**self._failures))
        self._failures = min(self._failures + 1, 10)

    def _round(self) -> None:
        """Belong to the group until told to stop.

        Raises:  Retry; Stop.
        """
        from confluent_kafka import Consumer, KafkaException

        check_settings(self._settings, self._gateway.guard)
        intake = self._intake()
        ear = Ear()
        options = {**options_of(self._settings, ear), **_OPTIONS, "group.id": self._group}
        consumer = open_client(Consumer, options)
        try:
            look(consumer, [self._settings["topic"]], self._gateway.guard, ear)
            consumer.subscribe([self._settings["topic"]])
            while not self._stop.is_set():
                self._turn(consumer, intake)
        except KafkaException as error:
            raise understood(error.args[0]) from None
        finally:
            consumer.close()

    def _intake(self) -> Intake:
        if self._target is not None:
            return Forwarded(self._target, self._gateway)
        registry = open_registry(self._settings, self._gateway.guard)
        reading = Reading(
            project_id=self._tap.project_id,
            connection_id=self._tap.id,
            is_shared=self._settings["shared"],
            unframe=None if registry is None else lambda record: unframed(record, registry),
            translate=None if self._rules is None else self._rules.translate,
        )
        return Commands(self._tap, reading)

    def _turn(self, consumer: Any, intake: Intake) -> None:
        """Tell what became of earlier commands, and take some more."""
        messages: Sequence[Any] = ()
        try:
            self._tell_results(intake.tap)
            messages = consumer.consume(self._most, _POLL_S)
            if messages:
                self._take(consumer, messages, intake)
        except Retry as error:
            _go_back(consumer, messages)
            self._wait(error)
        else:
            self._failures = 0

    def _take(self, consumer: Any, messages: Sequence[Any], intake: Intake) -> None:
        from confluent_kafka import KafkaException, TopicPartition

        records: list[Record] = []
        for message in messages:
            if message.error() is not None:
                raise KafkaException(message.error())
            records.append(_record(message))
        read = intake.read(records)
        wants_results = bool(self._settings["results_topic"])
        self._gateway.take(intake.tap, read.deliveries, wants_results=wants_results)
        if read.dead:
            self._outlet.bury([Dead(*each, self._failures + 1) for each in read.dead])
        ends = {(record.topic, record.partition): record.offset + 1 for record in records}
        offsets = [TopicPartition(*place, offset) for place, offset in ends.items()]
        consumer.commit(offsets=offsets, asynchronous=False)

    def _tell_results(self, tap: Tap) -> None:
        if not self._settings["results_topic"]:
            return
        with self._gateway.results(tap, self._most) as results:
            if results:
                self._outlet.tell(results)


def _go_back(consumer: Any, messages: Sequence[Any]) -> None:
    """Have records read again from the first one on."""
    from confluent_kafka import TopicPartition

    places: dict[tuple[str, int], int] = {}
    for message in messages:
        places.setdefault((message.topic(), message.partition()), message.offset())
    for place, offset in places.items():
        consumer.seek(TopicPartition(*place, offset))


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
