"""Segment's calls and profiles to Kupon's commands, and Kupon's events to Segment's calls.

Source: spec adapters-marketing, section 2.1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from kupon.hooks.adapter import EventItem, ProfileItem
from kupon.hooks.commands import (
    Command,
    MergeCustomers,
    Stamp,
    TrackEvent,
    UpsertCustomer,
)
from kupon.hooks.errors import Unmappable

Json = Mapping[str, Any]

_PLAIN: Final = ("name", "description", "email", "phone", "birthdate")
# Kupon's name of an address's member by Segment's, in both of its spellings.
_ADDRESS: Final = {
    "street": "line_1",
    "city": "city",
    "state": "state",
    "postal_code": "postal_code",
    "postalCode": "postal_code",
    "country": "country",
}
_VIEWED: Final = {"page": "Viewed {} Page", "screen": "Viewed {} Screen"}
# Identifiers that stand for nobody: taking one would make one customer of all.
_NOBODY: Final = frozenset(("", "null", "undefined", "0"))


def commands_of(call: Json, at: datetime | None, *, merges_aliases: bool) -> list[Command]:
    """What one call of the destination means, in either of its two forms.

    Shapes:  at is when it was made; the catalogue destination does not tell.
    Raises:  Unmappable for a call without a user.
    """
    kind = call.get("type")
    if kind == "alias":
        return _merge(call) if merges_aliases else []
    if kind == "identify":
        fields = profile_of(traits_of(call))
        return [UpsertCustomer(source_id=user_of(call), fields=fields, stamp=Stamp(at=at))]
    if kind == "group":
        # It says nothing of the user's traits, so that it makes no identify call an old one.
        stamp = Stamp(at=at, part="group")
        fields = {"metadata": _group(call)}
        return [UpsertCustomer(source_id=user_of(call), fields=fields, stamp=stamp)]
    if kind in ("track", "page", "screen"):
        return [_event(call, str(kind))]
    return []


def user_of(call: Json) -> str:
    """The source id of a call's user.

    Raises:  Unmappable.
    """
    customer = call.get("customer") or {}
    named = call.get("userId") or call.get("source_id") or customer.get("source_id")
    user = str(named if named is not None else "").strip()
    if user in _NOBODY:
        raise Unmappable(str(call.get("messageId") or "call"), "it names no user")
    return user


def traits_of(call: Json) -> dict[str, Any]:
    """What a call says of its user: its own members in the destination's form, else the traits."""
    if "traits" in call:
        return dict(call["traits"] or {})
    return {name: value for name, value in call.items() if name not in ("type", "source_id")}


def profile_of(traits: Json) -> dict[str, Any]:
    """A customer's body of traits; what is absent stays as it is, null clears."""
    fields = {name: traits[name] for name in _PLAIN if name in traits}
    if "name" not in fields:
        names = [traits.get(f"{part}_name") or traits.get(f"{part}Name") for part in _NAME_PARTS]
        joined = " ".join(str(each).strip() for each in names if each)
        if joined:
            fields["name"] = joined
    nested = traits.get("address")
    address = nested if isinstance(nested, Mapping) else traits
    found = {ours: address[theirs] for theirs, ours in _ADDRESS.items() if theirs in address}
    if found:
        fields["address"] = found
    metadata = traits.get("metadata")
    if isinstance(metadata, Mapping):
        fields["metadata"] = dict(metadata)
    return fields


_NAME_PARTS: Final = ("first", "last")


def _group(call: Json) -> dict[str, Any]:
    group = call.get("group_id") or call.get("groupId")
    traits = call.get("traits") or {}
    return {**traits, "segment_group_id": group}


def _merge(call: Json) -> list[Command]:
    previous = str(call.get("previousId") or "").strip()
    if previous in _NOBODY:
        raise Unmappable(str(call.get("messageId") or "call"), "it names no previous user")
    return [MergeCustomers(from_source_id=previous, into_source_id=user_of(call))]


def _event(call: Json, kind: str) -> TrackEvent:
    properties = call.get("properties") or {}
    referral = call.get("referral") or properties.get("referral") or None
    loyalty = call.get("loyalty") or properties.get("loyalty") or None
    name = call.get("event") or _VIEWED[kind].format(call.get("name") or "").replace("  ", " ")
    metadata = call.get("metadata") or properties.get("metadata") or {}
    # A customer's metadata never changes by an event.
    customer = {"email": each} if (each := (call.get("customer") or {}).get("email")) else {}
    return TrackEvent(
        source_id=user_of(call),
        event=str(name),
        customer=customer,
        metadata=dict(metadata),
        referral=referral if referral and referral.get("code") else None,
        loyalty=loyalty if loyalty and loyalty.get("code") else None,
    )


def customer_of_profile(
    ids: Sequence[Json], traits: Json, identifier: str
) -> UpsertCustomer | None:
    """A profile of the space; None where it lacks the identifier."""
    named = next((each["id"] for each in ids if each.get("type") == identifier), None)
    if named is None or str(named).strip() in _NOBODY:
        return None
    fields = profile_of(traits)
    return UpsertCustomer(source_id=str(named).strip(), fields=fields)


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
