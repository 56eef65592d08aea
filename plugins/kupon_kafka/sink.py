"""The kind `kafka`: an event has arrived when all replicas in sync have it, and not before.

Source: spec adapters-marketing, section 5.2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from marshmallow import Schema

from kupon.hooks.errors import AdapterError
from kupon.hooks.http import HttpClient
from kupon.hooks.types import Endpoint, EventEnvelope, Sent
from kupon_kafka.cluster import understood
from kupon_kafka.config import SinkSettings
from kupon_kafka.producers import DELIVERY_S, Producers
from kupon_kafka.records import headers_of, key_of, value_of

ARRIVED: Final = Sent(is_done=True)
_NOT_TRIED: Final = Sent(is_done=False)
# The producer gives up by itself before.
_PATIENCE_S: Final = DELIVERY_S + 5.0


class KafkaSink:
    """Writes events into a topic."""

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
            producer = self._producers.get(endpoint.id, endpoint.settings, http.guard)
        except AdapterError as error:
            return _failed({}, len(events), str(error))
        results: dict[int, Sent] = {}
        reason = _write(producer, endpoint, events, results)
        if producer.flush(_PATIENCE_S) or len(results) < len(events) or reason:
            self._producers.drop(endpoint.id)
        return _failed(results, len(events), reason or "Kafka has not answered in time")


def _write(
    producer: Any, endpoint: Endpoint, events: Sequence[EventEnvelope], results: dict[int, Sent]
) -> str:
    """Hand events to the producer; why not all, empty where all were."""
    from confluent_kafka import KafkaException

    settings = endpoint.settings
    try:
        for place, event in enumerate(events):
            producer.produce(
                settings["topic"],
                key=key_of(event),
                value=value_of(event, settings["largest_bytes"]),
                headers=headers_of(event),
                on_delivery=_note(results, place),
            )
    except KafkaException as error:
        return str(understood(error.args[0]))
    except BufferError:
        return "too much is waiting to be sent"
    return ""


def _note(results: dict[int, Sent], place: int) -> Callable[[Any, Any], None]:
    def note(error: Any, _: Any) -> None:
        if error is None:
            results[place] = ARRIVED
        else:
            results[place] = Sent(is_done=False, reason=str(understood(error)))

    return note


def _failed(results: dict[int, Sent], count: int, reason: str) -> Sequence[Sent]:
    """What became of each; one try failed, however many events were in it."""
    answers: list[Sent] = []
    has_failed = False
    for place in range(count):
        sent = results.get(place) or Sent(is_done=False, reason=reason)
        answers.append(_NOT_TRIED if has_failed and not sent.is_done else sent)
        has_failed = has_failed or not sent.is_done
    return answers
