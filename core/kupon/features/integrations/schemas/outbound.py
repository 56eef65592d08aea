"""Wire shapes of what platforms are told: what they ask for, and what waits or was not taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import ValidationError

from kupon.kit.complaints import first_complaint
from kupon.kit.errors import invalid_payload
from kupon.kit.timestamps import format_moment
from kupon.storage.queries import outbound_items
from kupon.storage.tables.integrations import OutboundItem
from kupon.web.fields import (
    Flag,
    Json,
    ListBody,
    Many,
    Moment,
    Part,
    Text,
    Whole,
    WireSchema,
    at_most,
    between,
    identifier,
    one_of,
)

_LONGEST = 200


class EventNames(WireSchema):
    """What the platform calls events: a style for all, and names for single types."""

    style = Text(allow_none=True)
    own = Json(allow_none=True)


class ProfileAttribute(WireSchema):
    """One attribute of profiles: what it tells, by which name and as which type.

    `campaign`, by id or name, narrows the codes that are looked at.
    """

    field = Text(required=True)
    attribute = Text(required=True, validate=[*identifier(), at_most(_LONGEST)])
    type = Text(allow_none=True)
    campaign = Text(allow_none=True)


class MirroredCodes(WireSchema):
    """Whose codes are mirrored on the platform: those of campaigns, by id or name."""

    campaigns = Many(Text(), allow_none=True)


class OutboundBody(WireSchema):
    """What a connection's platform is told; what is absent or null is as the adapter has it.

    `events` are types, ["*"] for all but custom events. `age_limit_hours` is for how long a
    platform that fails is told the same.
    """

    events = Many(Text(), allow_none=True)
    names = Part(EventNames, allow_none=True)
    attributes = Many(Part(ProfileAttribute), allow_none=True)
    codes = Part(MirroredCodes, allow_none=True)
    age_limit_hours = Whole(allow_none=True, validate=between(1, 720))


def read_outbound(sent: Any) -> dict[str, Any]:
    """A body that did not come with a request.

    Raises:  invalid_payload.
    """
    try:
        body: dict[str, Any] = OutboundBody().load(sent)
    except ValidationError as error:
        raise invalid_payload(first_complaint(error.messages)) from None
    return body


class ChosenEvent(WireSchema):
    """A type of events, and what the platform calls it."""

    type = Text(required=True)
    name = Text(required=True)


class Outbound(OutboundBody):
    """What a platform is told, and what that comes to."""

    object = Text(required=True)
    event_names = Many(Part(ChosenEvent), required=True)
    items = Json(required=True)
    failures = Whole(required=True)
    blocked_until = Moment()


class OutboundItemQuery(WireSchema):
    """Which items to list; those that were not taken where nothing is asked."""

    state = Text(validate=one_of(*outbound_items.STATES))
    kind = Text(validate=one_of(*outbound_items.KINDS))
    limit = Whole(load_default=20, validate=between(1, 100))
    starting_after = Whole()


class OutboundItemBody(WireSchema):
    """Something that a platform is to be told; `payload` where a single one is asked for."""

    object = Text(required=True)
    id = Whole(required=True)
    kind = Text(required=True)
    item_id = Text(required=True)
    customer_id = Text()
    state = Text(required=True)
    attempts = Whole(required=True)
    reason = Text()
    payload = Json()
    available_at = Moment(required=True)
    created_at = Moment(required=True)


class OutboundItemList(ListBody):
    """A page of items."""

    data = Many(Part(OutboundItemBody), required=True)
    has_more = Flag(required=True)


class OutboundReplay(WireSchema):
    """What to tell again: all of some states, or single items by their numbers."""

    states = Many(Text(validate=one_of(*outbound_items.LEFT)))
    ids = Many(Whole())


class OutboundReplayed(WireSchema):
    """How many items wait anew."""

    object = Text(required=True)
    count = Whole(required=True)


def dump_outbound(
    outbound: Mapping[str, Any],
    names: Sequence[tuple[str, str]],
    items: Mapping[str, int],
) -> dict[str, Any]:
    """The wire's outbound settings with the names of events, and how many items there are."""
    return {
        "object": "connection_outbound",
        **{member: value for member, value in outbound.items() if value is not None},
        "event_names": [{"type": type, "name": name} for type, name in names],
        "items": dict(items),
    }


def dump_item(row: OutboundItem) -> dict[str, Any]:
    """The wire's item without its payload."""
    body: dict[str, Any] = {
        "object": "outbound_item",
        "id": row.seq,
        "kind": row.kind,
        "item_id": row.item_id,
        "state": row.state,
        "attempts": row.attempts,
        "available_at": format_moment(row.available_at),
        "created_at": format_moment(row.created_at),
    }
    for name in ("customer_id", "reason"):
        if getattr(row, name) is not None:
            body[name] = getattr(row, name)
    return body
