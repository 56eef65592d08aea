"""Wire shapes of receivers of events, and of what was sent to them."""

from __future__ import annotations

from typing import Any

from marshmallow import validate

from kupon.hooks.settings import Kept, show_settings
from kupon.hooks.tenancy import Tenancy
from kupon.hooks.types import Sent
from kupon.kit.event_types import MISSPELT, PUBLIC
from kupon.kit.timestamps import format_moment
from kupon.storage.tables.event_sinks import EventEndpoint, SendOut
from kupon.web.fields import (
    CountedList,
    Flag,
    Json,
    Many,
    Moment,
    Part,
    Text,
    Whole,
    WireSchema,
    one_of,
)
from kupon.web.query import ListQuery

_TYPES = (*sorted(PUBLIC | MISSPELT.keys()), "*")


class WebhookBody(WireSchema):
    """Body of the creation and the update of a webhook; all events are `*`."""

    target_url = Text(required=True)
    events = Many(Text(validate=one_of(*_TYPES)), required=True)
    active = Flag()


class Webhook(WireSchema):
    """A webhook."""

    id = Text(required=True)
    object = Text(required=True)
    created_at = Moment(required=True)
    target_url = Text(required=True)
    events = Many(Text(), required=True)
    active = Flag(required=True)


class WebhookList(CountedList):
    """All webhooks of a project."""

    data = Many(Part(Webhook), required=True)


class EventSinkUpdate(WireSchema):
    """Body of an update; what is absent stays, and so does a secret that is masked."""

    events = Many(Text(validate=validate.Length(max=100)))
    settings = Json()
    active = Flag()


class EventSinkCreate(EventSinkUpdate):
    """Body of a creation; `sink` names the kind."""

    sink = Text(required=True)
    events = Many(Text(validate=validate.Length(max=100)), required=True)
    settings = Json(load_default=dict)
    active = Flag(load_default=True)


class EventSinkBody(WireSchema):
    """A receiver of any kind; secrets are masked."""

    id = Text(required=True)
    object = Text(required=True)
    sink = Text(required=True)
    events = Many(Text(), required=True)
    settings = Json(required=True)
    active = Flag(required=True)
    failures = Whole(required=True)
    blocked_until = Moment()
    disabled_at = Moment()
    disabled_for = Text()
    created_at = Moment(required=True)
    updated_at = Moment()


class EventSinkList(CountedList):
    """All receivers of a project."""

    data = Many(Part(EventSinkBody), required=True)


class SigningKey(WireSchema):
    """What signs events; it can't be read again later."""

    object = Text(required=True)
    key = Text(required=True)
    created_at = Moment(required=True)


class DeliveriesQuery(ListQuery):
    """Which deliveries to list."""

    ORDER = ("created_at",)

    class Meta(ListQuery.Meta):
        exclude = ("updated_at", "start_date", "end_date", "starting_after_id")


class Delivery(WireSchema):
    """An event on its way to a receiver, or there; `answer` is the beginning of what it said.

    `group_id` is the request that caused the event; of events that were erased nothing is known.
    """

    id = Text(required=True)
    object = Text(required=True)
    type = Text(required=True)
    event_id = Text(required=True)
    event_created_at = Moment()
    group_id = Text()
    state = Text(required=True)
    attempts = Whole(required=True)
    status = Whole()
    answer = Text()
    error = Text()
    took_ms = Whole()
    created_at = Moment(required=True)
    executed_at = Moment()
    next_at = Moment()


class WholeDelivery(Delivery):
    """A delivery with the event."""

    event = Json(required=True)


class DeliveryList(CountedList):
    """One page of deliveries."""

    deliveries = Many(Part(Delivery), required=True)


class TestResult(WireSchema):
    """What a receiver made of a made-up event."""

    object = Text(required=True)
    succeeded = Flag(required=True)
    status = Whole()
    answer = Text()
    error = Text()
    took_ms = Whole()


def dump_webhook(row: EventEndpoint) -> dict[str, Any]:
    """The wire's webhook; its events are spelt as they were sent."""
    return {
        "id": row.id,
        "object": "webhook",
        "created_at": format_moment(row.created_at),
        "target_url": row.settings["target_url"],
        "events": row.events,
        "active": row.is_active,
    }


def dump_endpoint(tenants: Tenancy, row: EventEndpoint) -> dict[str, Any]:
    """A receiver of any kind; of one whose sink is gone only what may be shown anyway."""
    sink = tenants.contributions.sinks.get(row.sink)
    kept = Kept(row.settings, row.secrets)
    shown = row.settings if sink is None else show_settings(sink.settings, tenants.vault, kept)
    body = {
        "id": row.id,
        "object": "event_sink",
        "sink": row.sink,
        "events": row.events,
        "settings": shown,
        "active": row.is_active,
        "failures": row.failures,
        "blocked_until": _moment(row.blocked_until),
        "disabled_at": _moment(row.disabled_at),
        "disabled_for": row.disabled_for,
        "created_at": format_moment(row.created_at),
        "updated_at": _moment(row.updated_at),
    }
    return _without_nulls(body)


def dump_delivery(row: SendOut) -> dict[str, Any]:
    """A delivery as lists have it."""
    body = {
        "id": row.id,
        "object": "webhook_delivery",
        "type": row.type,
        "event_id": row.event_id,
        "event_created_at": row.envelope.get("occurred_at"),
        "group_id": row.envelope.get("group_id"),
        "state": row.state,
        "attempts": row.attempts,
        "status": row.status,
        "answer": row.answer,
        "error": row.error,
        "took_ms": row.took_ms,
        "created_at": format_moment(row.created_at),
        "executed_at": _moment(row.executed_at),
        "next_at": _moment(row.next_at),
    }
    return _without_nulls(body)


def dump_whole_delivery(row: SendOut) -> dict[str, Any]:
    """A delivery with the event that it tells of."""
    return {**dump_delivery(row), "event": row.envelope}


def dump_test(sent: Sent) -> dict[str, Any]:
    """What came of a made-up event."""
    body = {
        "object": "webhook_test",
        "succeeded": sent.is_done,
        "status": sent.status,
        "answer": sent.body or None,
        "error": sent.reason or None,
        "took_ms": sent.took_ms,
    }
    return _without_nulls(body)


def _moment(value: Any) -> str | None:
    return None if value is None else format_moment(value)


def _without_nulls(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value is not None}
