"""The kind `webhook`: what is sent, how it is signed, and which answers count.

Source: spec events-webhooks-data, sections 3.2 to 3.5.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event
from typing import Any, Final

from marshmallow import Schema

from kupon.hooks.errors import AdapterError
from kupon.hooks.http import HttpClient, HttpResponse, retry_after_s
from kupon.hooks.signatures import sign, standard_headers
from kupon.hooks.types import Endpoint, EventEnvelope, Sent
from kupon.kit.timestamps import format_moment
from kupon_webhooks.canonical import write
from kupon_webhooks.config import WebhookSettings

SIGNATURE: Final = "x-voucherify-signature"
GONE: Final = 410
TOO_MANY: Final = 429
_AT_ONCE: Final = 5
# A slow receiver gives others their turn after so long.
_TURN_MS: Final = 10_000
_READ: Final = 65_536
_SHOWN: Final = 1024

NOT_TRIED: Final = Sent(is_done=False)


class WebhookSink:
    """Posts events, some at once; those of one subject one after the other."""

    kind = "webhook"
    settings: type[Schema] = WebhookSettings

    def send(
        self, endpoint: Endpoint, events: Sequence[EventEnvelope], http: HttpClient
    ) -> Sequence[Sent]:
        """Post each event; after a failure, or after long, no further ones are begun.

        A receiver that is away would cost its time-out for every event otherwise.
        """
        is_failing = Event()
        results: dict[int, Sent] = {}

        def post_all(lane: Iterable[int]) -> None:
            own = replace(http, _session=None)
            spent_ms = 0
            for place in lane:
                if is_failing.is_set() or spent_ms > _TURN_MS:
                    return
                results[place] = _post(endpoint, events[place], own)
                spent_ms += results[place].took_ms or 0
                if not results[place].is_done:
                    is_failing.set()

        lanes = _lanes(events)
        if len(lanes) == 1:
            post_all(lanes[0])
        elif lanes:
            with ThreadPoolExecutor(len(lanes)) as pool:
                list(pool.map(post_all, lanes))
        return [results.get(place, NOT_TRIED) for place in range(len(events))]


def _lanes(events: Sequence[EventEnvelope]) -> list[list[int]]:
    """The places of the events, divided among those who send; a subject's stay together."""
    subjects: dict[str, list[int]] = {}
    for place, event in enumerate(events):
        subjects.setdefault(event.customer_id or event.entity_id, []).append(place)
    lanes: list[list[int]] = [[] for _ in range(min(_AT_ONCE, len(subjects)))]
    for places in subjects.values():
        min(lanes, key=len).extend(places)
    return lanes


def body_of(endpoint: Endpoint, event: EventEnvelope) -> bytes:
    """The request's body, the same in every try."""
    return write(
        {
            "id": event.delivery_id,
            "project_id": event.project_id,
            "created_at": format_moment(event.queued_at or event.occurred_at),
            "type": event.type,
            "data": event.data,
            "source": {
                "id": endpoint.id,
                "object": "webhook",
                "target_url": endpoint.settings["target_url"],
            },
            "event": {
                "id": event.id,
                "type": event.type,
                "created_at": format_moment(event.occurred_at),
                "entity_id": event.entity_id,
                "group_id": event.group_id,
                "event_source": event.source,
            },
        }
    )


def _post(endpoint: Endpoint, event: EventEnvelope, http: HttpClient) -> Sent:
    body = body_of(endpoint, event)
    headers: Mapping[str, Any] = {
        "User-Agent": http.user_agent,
        **endpoint.settings["headers"],
        "Content-Type": "application/json",
        SIGNATURE: sign(endpoint.signing_key, body),
        **standard_headers(endpoint.signing_keys, event.delivery_id or event.id, body),
    }
    try:
        answer = http.send(
            "POST",
            endpoint.settings["target_url"],
            headers=headers,
            body=body,
            first_bytes=_READ,
        )
    except AdapterError as error:
        return Sent(is_done=False, reason=str(error))
    return _judge(answer)


def _wait_s(answer: HttpResponse) -> float | None:
    # Many tell with each answer when their rate starts anew: that mends no failure.
    return retry_after_s(answer.headers, is_rate=answer.status == TOO_MANY)


def _judge(answer: HttpResponse) -> Sent:
    is_done = 200 <= answer.status < 300
    return Sent(
        is_done=is_done,
        reason="" if is_done else f"answered {answer.status}",
        status=answer.status,
        body=answer.content[:_SHOWN].decode("utf-8", "replace").replace("\0", ""),
        took_ms=answer.took_ms,
        retry_after_s=None if is_done else _wait_s(answer),
        is_gone=answer.status == GONE,
    )
