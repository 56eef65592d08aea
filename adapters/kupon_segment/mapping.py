"""Segment's calls and profiles to Kupon's commands, and Kupon's events to Segment's calls.

Source: spec adapters-marketing, section 2.1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from kupon.hooks.adapter import EventItem, MergeItem, ProfileItem
from kupon.hooks.commands import (
    Command,
    MergeCustomers,
    Stamp,
    TrackEvent,
    UpsertCustomer,
)
from kupon.hooks.errors import Unmappable
from kupon_segment.people import (
    external_id,
    object_of,
    profile_of,
    source_id_of,
    text_of,
    traits_of,
    user_of,
)

Json = Mapping[str, Any]

_HOPS: Final = "kupon_hops"
_KINDS: Final = ("identify", "group", "track", "page", "screen", "alias")
_VIEWED: Final = {"page": "Viewed {} Page", "screen": "Viewed {} Screen"}


def commands_of(
    call: Json, at: datetime | None, *, merges_aliases: bool, identifier: str
) -> list[Command]:
    """What one call of the destination means, in either of its two forms.

    Shapes:  at is when it was made; the catalogue destination does not tell.
    Raises:  Unmappable for a call without a user, or of another type.
    """
    kind = call.get("type")
    if kind not in _KINDS:
        raise Unmappable(str(call.get("messageId") or "call"), "it is of no type that is known")
    user = user_of(call, identifier)
    if kind == "alias":
        return _merge(call, user, identifier) if merges_aliases else []
    if kind == "identify":
        fields = profile_of(traits_of(call))
        return [UpsertCustomer(source_id=user, fields=fields, stamp=Stamp(at=at))]
    if kind == "group":
        # It says nothing of the user's traits, so that it makes no identify call an old one.
        stamp = Stamp(at=at, part="group")
        fields = {"metadata": _group(call)}
        return [UpsertCustomer(source_id=user, fields=fields, stamp=stamp)]
    return [_event(call, str(kind), user)]


def _group(call: Json) -> dict[str, Any]:
    group = text_of(call.get("group_id") or call.get("groupId"))
    return {**object_of(call.get("traits")), "segment_group_id": group or None}


def _merge(call: Json, user: str, identifier: str) -> list[Command]:
    previous = source_id_of(call.get("previousId"), identifier)
    if previous is None:
        raise Unmappable(str(call.get("messageId") or "call"), "it names no previous user")
    return [MergeCustomers(from_source_id=previous, into_source_id=user)]


def _event(call: Json, kind: str, user: str) -> TrackEvent:
    properties = object_of(call.get("properties"))
    metadata = dict(object_of(call.get("metadata") or properties.get("metadata")))
    if _HOPS in properties:
        # Kupon's own event, on its way back.
        metadata.setdefault(_HOPS, properties[_HOPS])
    # A customer's metadata never changes by an event.
    email = text_of(object_of(call.get("customer")).get("email"))
    return TrackEvent(
        source_id=user,
        event=_event_name(call, kind),
        customer={"email": email} if email else {},
        metadata=metadata,
        referral=_code(call.get("referral") or properties.get("referral"), "referrer_id"),
        loyalty=_code(call.get("loyalty") or properties.get("loyalty")),
    )


def _event_name(call: Json, kind: str) -> str:
    name = text_of(call.get("event"))
    if not name and kind in _VIEWED:
        name = _VIEWED[kind].format(text_of(call.get("name"))).replace("  ", " ")
    if not name:
        raise Unmappable(str(call.get("messageId") or "call"), "it names no event")
    return name


def _code(said: Any, *others: str) -> dict[str, str] | None:
    """A code that an event is about, and what else is said of it; None where there is none."""
    given = object_of(said)
    texts = {name: text for name in ("code", *others) if (text := text_of(given.get(name)))}
    return texts if "code" in texts else None


def customer_of_profile(
    segment_id: str, ids: Sequence[Json], traits: Json, identifier: str
) -> UpsertCustomer:
    """A profile of the space.

    Raises:  Unmappable where it lacks the identifier.
    """
    user = source_id_of(external_id(ids, identifier), identifier)
    if user is None:
        raise Unmappable(segment_id, "it lacks the identifier")
    return UpsertCustomer(source_id=user, fields=profile_of(traits))


def track_call(item: EventItem) -> dict[str, Any] | None:
    """An event as a track call; None for a customer without a source id."""
    user = item.customer.get("source_id")
    if not user:
        return None
    customer = {name: item.customer.get(name) for name in ("id", "email", "source_id", "name")}
    return {
        "type": "track",
        "messageId": f"kupon-{item.id}",
        "userId": user,
        "event": item.name,
        "timestamp": item.occurred_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "properties": {
            "email": item.customer.get("email"),
            "customer": customer,
            **item.properties,
        },
    }


def identify_call(item: ProfileItem) -> dict[str, Any] | None:
    """A profile's projection as an identify call; None for a customer without a source id."""
    user = item.customer.get("source_id")
    if not user:
        return None
    return {
        "type": "identify",
        "messageId": f"kupon-{item.id}",
        "userId": user,
        "traits": dict(item.attributes),
    }


def alias_call(item: MergeItem) -> dict[str, Any] | None:
    """Two customers who are one as an alias call; None where either has no source id."""
    gone, user = item.gone.get("source_id"), item.customer.get("source_id")
    if not gone or not user:
        return None
    return {
        "type": "alias",
        "messageId": f"kupon-{item.id}",
        "previousId": gone,
        "userId": user,
    }
