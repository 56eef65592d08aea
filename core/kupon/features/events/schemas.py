"""Wire shapes of custom events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import validate

from kupon.features.customers.schemas import CustomerBody, dump_simple_customer
from kupon.kit.timestamps import format_moment
from kupon.storage.tables.custom_events import CustomEvent
from kupon.web.fields import Json, Part, Text, WireSchema, at_most

SOMETHING = validate.Length(min=1, error="must NOT have fewer than 1 characters")


class EventReferral(WireSchema):
    """The code that the customer came by; the code knows its referrer."""

    code = Text(required=True)
    referrer_id = Text()


class EventLoyalty(WireSchema):
    """The card that is to earn points."""

    code = Text(required=True)


class EventBody(WireSchema):
    """What happened to whom; the event is named as its schema is."""

    event = Text(required=True, validate=[SOMETHING, at_most(300)])
    customer = Part(CustomerBody, required=True)
    referral = Part(EventReferral)
    loyalty = Part(EventLoyalty)
    metadata = Json()


class EventCustomer(WireSchema):
    """A customer in short."""

    id = Text()
    source_id = Text()
    name = Text()
    email = Text()
    metadata = Json()
    object = Text(required=True)


class Event(WireSchema):
    """An event as it was taken."""

    object = Text(required=True)
    type = Text(required=True)
    customer = Part(EventCustomer, required=True)
    referral = Json(required=True, allow_none=True)
    loyalty = Json(required=True, allow_none=True)
    metadata = Json(required=True)


def dump_event(
    row: CustomEvent,
    customer: Mapping[str, Any],
    referral: dict[str, Any] | None,
    loyalty: dict[str, Any] | None,
) -> dict[str, Any]:
    """The wire's event.

    Shapes:  referral and loyalty are the wire's, None where there was no code of the kind.
    """
    return {
        "object": "event",
        "type": row.name,
        "customer": dump_simple_customer(customer),
        "referral": referral,
        "loyalty": loyalty,
        "metadata": row.event_metadata,
    }


def dump_staged_event(row: CustomEvent, answer: dict[str, Any]) -> dict[str, Any]:
    """The wire's event inside of other events, which name it."""
    return {"id": row.id, **answer, "created_at": format_moment(row.created_at)}
