"""The kind `kafka`: an event has arrived when all replicas in sync have it, and not before.

Source: spec adapters-marketing, section 5.2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice, takewhile
from typing import Any, Final

from marshmallow import Schema

from kupon.hooks.errors import AdapterError
from kupon.hooks.http import HttpClient
from kupon.hooks.types import Endpoint, EventEnvelope, Sent
from kupon_kafka.cluster import understood
from kupon_kafka.config import SinkSettings
from kupon_kafka.producers import PATIENCE_S, Line, Producers
from kupon_kafka.records import records_of

ARRIVED: Final = Sent(is_done=True)
_NOT_TRIED: Final = Sent(is_done=False)


class KafkaSink:
    """Writes events into topics."""

    kind = "kafka"
    settings: type[Schema] = SinkSettings
    keeps_order = True

    def __init__(self) -> None:
        """Open nothing yet."""
        self._producers = Producers()

    def send(
        self, endpoint: Endpoint, events: Sequence[EventEnvelope], http: HttpClient
    ) -> Sequence[Sent]:
        """Write events in their order; of those that did not arrive, the first says why."""
        try:
            line = self._producers.get(endpoint.id, endpoint.settings, http.guard)
        except AdapterError as error:
            return _answers([], len(events), str(error))
        letters: list[_Letter] = []
        # What is made up for a test is nobody as he is now.
        reason = _write(line, events, letters, most=1 if endpoint.is_test else None)
        line.producer.flush(PATIENCE_S)
        if len(letters) < len(events) or not all(each.has_arrived for each in letters):
            self._producers.drop(endpoint.id)
        return _answers(letters, len(events), reason or "Kafka has not answered in time")


@dataclass(slots=True)
class _Letter:
    """An event on its way, in as many records as tell of it."""

    waiting: int = 0
    failures: list[str] = field(default_factory=list)

    @property
    def has_arrived(self) -> bool:
        return not (self.waiting or self.failures)

    def add(self) -> Callable[[Any, Any], None]:
        """Wait for a record more; what is to be told what became of it."""
        self.waiting += 1

        def note(error: Any, _: Any) -> None:
            self.waiting -= 1
            self.failures += [str(understood(error))] if error is not None else []

        return note


def _write(
    line: Line, events: Sequence[EventEnvelope], letters: list[_Letter], most: int | None
) -> str:
    """Hand events to the producer, of each so many records; why not all, empty where all were."""
    from confluent_kafka import KafkaException

    try:
        for event in events:
            records = list(islice(records_of(event, line.settings, line.writer), most))
            letters.append(letter := _Letter())
            for each in records:
                line.produce(each, letter.add())
    except KafkaException as error:
        return str(understood(error.args[0]))
    except BufferError:
        return "too much is waiting to be sent"
    except AdapterError as error:
        return str(error)
    return ""


def _answers(letters: Sequence[_Letter], count: int, reason: str) -> Sequence[Sent]:
    """What became of each; one try failed, however many events were in it.

    What has arrived behind a failure is sent again: what is read last must be the newest.
    """
    arrived = list(takewhile(lambda letter: letter.has_arrived, letters))
    answers = [ARRIVED] * len(arrived)
    if len(arrived) < count:
        failures = letters[len(arrived)].failures if len(arrived) < len(letters) else []
        answers.append(Sent(is_done=False, reason=failures[0] if failures else reason))
    return answers + [_NOT_TRIED] * (count - len(answers))
