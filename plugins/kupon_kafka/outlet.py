"""What a subscriber writes: dead letters, and what became of commands.

Source: spec adapters-marketing, sections 5.1 and 5.3.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kupon.hooks.addresses import AddressGuard
from kupon.hooks.errors import Unavailable
from kupon.hooks.gateway import Result, Tap
from kupon.kit.timestamps import format_moment
from kupon_kafka.cluster import understood
from kupon_kafka.mapping import NoCommand, Record
from kupon_kafka.producers import PATIENCE_S, Line, open_line
from kupon_kafka.records import Headers, Outgoing, cloud_headers
from kupon_kafka.shapes import RESULT

_PROCESSED: Final = "command.processed"
_SCHEMA: Final = "command-result/1"


@dataclass(frozen=True, slots=True)
class Dead:
    """A record that is no command, and why; how often it was tried."""

    record: Record
    error: NoCommand
    attempts: int = 1


class Outlet:
    """A subscriber's way into the cluster, opened when something is first to be written."""

    def __init__(self, tap: Tap, guard: AddressGuard, consumer: str) -> None:
        """Write for a connection; consumer is what its group is called."""
        self._tap = tap
        self._settings = tap.settings
        self._guard = guard
        self._consumer = consumer
        self._line: Line | None = None

    def bury(self, dead: Sequence[Dead]) -> None:
        """Put records into the topic of dead letters, as they were.

        Raises:  Retry where that has not taken them all; Stop.
        """
        topic = self._settings["dead_letter_topic"]
        self._write(
            Outgoing(
                topic,
                each.record.key,
                each.record.value,
                [*each.record.headers, *self._why(each)],
            )
            for each in dead
        )

    def tell(self, results: Sequence[Result]) -> None:
        """Tell what became of commands.

        Raises:  as bury.
        """
        line = self._open()
        self._write(self._result(line, each) for each in results)

    def _result(self, line: Line, result: Result) -> Outgoing:
        topic = self._settings["results_topic"]
        command_id = str(result.payload.get("id") or result.id)
        told = {
            "command_id": command_id,
            "type": result.event,
            "project_id": self._tap.project_id,
            "result": result.state,
            "error": result.error,
            "processed_at": format_moment(result.processed_at),
        }
        headers = cloud_headers(
            id=f"{result.id}#{result.state}",
            project_id=self._tap.project_id,
            type=_PROCESSED,
            at=result.processed_at,
            subject=command_id,
            content_type=line.writer.content_type,
            schema=_SCHEMA,
        )
        return Outgoing(topic, command_id.encode(), line.writer.write(topic, RESULT, told), headers)

    def _open(self) -> Line:
        if self._line is None:
            self._line = open_line(self._settings, self._guard)
        return self._line

    def _write(self, records: Iterable[Outgoing]) -> None:
        from confluent_kafka import KafkaException

        line = self._open()
        failures: list[Any] = []

        def note(error: Any, _: Any) -> None:
            failures.extend([error] if error is not None else [])

        try:
            for each in records:
                line.produce(each, note)
        except KafkaException as error:
            failures.append(error.args[0])
        if line.producer.flush(PATIENCE_S) or failures:
            self._line = None
            line.producer.purge()
            raise understood(failures[0]) if failures else Unavailable("Kafka has not answered")

    def _why(self, dead: Dead) -> Headers:
        """Where a record lay and what is wrong with it."""
        told: Mapping[str, Any] = {
            "x-dlq-topic": dead.record.topic,
            "x-dlq-partition": dead.record.partition,
            "x-dlq-offset": dead.record.offset,
            "x-dlq-timestamp": dead.record.timestamp_ms,
            "x-dlq-error-key": dead.error.key,
            "x-dlq-error": str(dead.error)[:1000],
            "x-dlq-attempts": dead.attempts,
            "x-dlq-consumer": self._consumer,
        }
        return [(name, str(value).encode()) for name, value in told.items() if value is not None]
