"""Braze's webhooks to Kupon's commands; Kupon's profiles, events and codes to Braze's objects.

Source: spec adapters-marketing, sections 1.9 and 3.5.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from kupon.hooks.adapter import EventItem, Item, MergeItem, OrderItem, ProfileItem
from kupon.hooks.commands import SetAudienceMembership
from kupon.hooks.errors import Unmappable

Json = Mapping[str, Any]

_IS_MEMBER: Final = {"add": True, "delete": False}
_ADDRESS: Final = ("city", "country")
_PLAIN: Final = {"email_address": "email", "phone_number": "phone"}
# Identifiers that stand for nobody: taking one would make one customer of all.
_NOBODY: Final = frozenset(("", "null", "nil", "None", "undefined", "0"))

# Braze's names of the two arrays that Kupon fills.
ARRAYS: Final = {"profiles": "attributes", "events": "events"}

# Limits of event properties.
_LONGEST: Final = 255

_E164: Final = re.compile(r"\+[1-9]\d{6,14}")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")


def text_of(value: Any) -> str:
    """A value of a template as a text without blanks around; empty for what is none."""
    is_text = isinstance(value, str | int) and not isinstance(value, bool)
    return str(value).strip() if is_text else ""


def user_of(value: Any) -> str | None:
    """A Braze user's external id; None for what stands for nobody."""
    user = text_of(value)
    return None if user in _NOBODY else user


def membership_of(call: Json, list_key: str) -> SetAudienceMembership:
    """What a Canvas tells of a user and an audience.

    Shapes:  what a template left empty says nothing.
    Raises:  Unmappable.
    """
    user, audience = user_of(call.get("user_id")), text_of(call.get("audience_id"))
    if user is None:
        raise Unmappable("webhook", "it names no user: anonymous users have no external id")
    if not audience:
        raise Unmappable(user, "it names no audience")
    is_member = _IS_MEMBER.get(text_of(call.get("action")).lower())
    if is_member is None:
        raise Unmappable(user, "its action must be add or delete")
    return SetAudienceMembership(
        source_id=user,
        audience_id=audience,
        is_member=is_member,
        list_key=list_key,
        customer=_profile(call) if is_member else {},
    )


def _profile(call: Json) -> dict[str, Any]:
    """What a call says of its user."""
    fields: dict[str, Any] = {
        ours: text for theirs, ours in _PLAIN.items() if (text := text_of(call.get(theirs)))
    }
    names = [text_of(call.get(f"{part}_name")) for part in ("first", "last")]
    if any(names):
        fields["name"] = " ".join(filter(None, names))
    address = {part: text for part in _ADDRESS if (text := text_of(call.get(part)))}
    return fields | ({"address": address} if address else {})


def publication_of(wish: Json, user: str, customer: Json) -> dict[str, Any]:
    """The body that publishes what a message asks for to a customer, as whom Kupon knows the user.

    Shapes:  one user gets the same code for one source id, however often is asked; without one the
        same code of a campaign always. A source id that names a sending, and not the user too, as
        Voucherify's scripts do, is made to.
    """
    voucher, campaign = text_of(wish.get("voucher")), text_of(wish.get("campaign"))
    sending = text_of(wish.get("source_id")) or f"braze:{voucher or campaign}:"
    body: dict[str, Any] = {
        "customer": dict(customer),
        "channel": text_of(wish.get("channel")) or "Braze",
        "source_id": sending if sending.endswith(user) else f"{sending}{user}",
    }
    return body | (
        {"voucher": voucher} if voucher else {"campaign": {"name": campaign, "count": 1}}
    )


def content_of(publication: Json) -> dict[str, Any]:
    """A publication as a message may have it: without the customer, whom Braze knows better."""
    return {name: value for name, value in publication.items() if name != "customer"}


def object_of(item: Item, settings: Json) -> dict[str, Any] | None:
    """Braze's object for an item; None for one of a customer without a source id."""
    user = None if isinstance(item, OrderItem) else (item.customer or {}).get("source_id")
    if not user:
        return None
    told = {"_update_existing_only": True} if settings["updates_only"] else {}
    if isinstance(item, EventItem):
        told |= _event(item)
    elif isinstance(item, ProfileItem):
        standard = _standard(item.customer) if settings["fills_profiles"] else {}
        told |= standard | dict(item.attributes)
    return {**told, "external_id": user}


def pair_of(item: Item) -> tuple[str, str] | None:
    """The external ids of two users who are one; None where either has none."""
    if not isinstance(item, MergeItem):
        return None
    gone, kept = item.gone.get("source_id"), item.customer.get("source_id")
    return (str(gone), str(kept)) if gone and kept else None


def _event(item: EventItem) -> dict[str, Any]:
    return {
        "name": item.name,
        "time": item.occurred_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "properties": {**_fitting(item.properties), "kupon_event_id": item.id},
    }


def _fitting(properties: Json) -> dict[str, Any]:
    """Properties that Braze takes: it refuses a whole event for one name or text of others."""
    return {
        name: _cut(value)
        for name, value in properties.items()
        if name and len(name) <= _LONGEST and not name.startswith("$") and value is not None
    }


def _cut(value: Any) -> Any:
    match value:
        case str():
            return value[:_LONGEST]
        case Mapping():
            return _fitting(value)
        case list() | tuple():
            return [_cut(each) for each in value]
        case _:
            return value


def _standard(customer: Json) -> dict[str, Any]:
    """A customer as Braze's own attributes; what is unset or in no form that it takes is left."""
    first, _, last = (customer.get("name") or "").strip().partition(" ")
    address = customer.get("address") or {}
    phone, country = customer.get("phone") or "", address.get("country") or ""
    found = {
        "first_name": first,
        "last_name": last.strip(),
        "email": customer.get("email"),
        "phone": phone if _E164.fullmatch(phone) else None,
        "dob": (customer.get("birthdate") or customer.get("birthday") or "")[:10],
        "home_city": address.get("city"),
        "country": country if _COUNTRY.fullmatch(country) else None,
    }
    return {name: value for name, value in found.items() if value}
