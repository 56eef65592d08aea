"""Who a call or a profile of Segment's is about, and what it says of the person.

Source: spec adapters-marketing, sections 1.6, 1.7 and 2.1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from kupon.hooks.errors import Unmappable

Json = Mapping[str, Any]

USER_ID: Final = "user_id"
EMAIL: Final = "email"

_PLAIN: Final = ("name", "description", "email", "phone")
# Kupon's name of an address's member by Segment's, in both of its spellings.
_ADDRESS: Final = {
    "street": "line_1",
    "city": "city",
    "state": "state",
    "postal_code": "postal_code",
    "postalCode": "postal_code",
    "country": "country",
}
_NAME_PARTS: Final = ("first", "last")
# Segment's own name of the trait comes second.
_BIRTHDATE: Final = ("birthdate", "birthday")
# Identifiers that stand for nobody: taking one would make one customer of all.
_NOBODY: Final = frozenset(("", "null", "undefined", "0"))


def object_of(value: Any) -> Json:
    """What should be an object: an empty one in place of anything else, which says nothing."""
    return value if isinstance(value, Mapping) else {}


def text_of(value: Any) -> str:
    """A text or number as a text without blanks around; empty for what is neither."""
    is_text = isinstance(value, str | int | float) and not isinstance(value, bool)
    return str(value).strip() if is_text else ""


def named_of(call: Json, identifier: str) -> Any:
    """What a call names its user by, as it came; None where it names nobody.

    Shapes:  the catalogue destination says the source id itself; whole calls have identifiers of
        several types.
    """
    said = call.get("source_id") or object_of(call.get("customer")).get("source_id")
    if said or identifier == USER_ID:
        return call.get("userId") or said
    context = object_of(call.get("context"))
    listed = context.get("externalIds")
    found = external_id(listed if isinstance(listed, list) else (), identifier)
    return found or _trait(call, context, identifier)


def _trait(call: Json, context: Json, identifier: str) -> Any:
    places = (call.get("traits"), context.get("traits"), call.get("properties"))
    found = (object_of(place).get(identifier) for place in places)
    return next(filter(None, found), None)


def external_id(ids: Sequence[Any], type: str) -> Any:
    """The identifier of a type among several; None where there is none."""
    named = (each for each in ids if isinstance(each, Mapping) and each.get("type") == type)
    return next((each.get("id") for each in named), None)


def source_id_of(named: Any, identifier: str) -> str | None:
    """The source id that somebody is named by; None for what stands for nobody."""
    user = text_of(named)
    if user in _NOBODY:
        return None
    return user.lower() if identifier == EMAIL else user


def user_of(call: Json, identifier: str) -> str:
    """The source id of a call's user.

    Raises:  Unmappable.
    """
    user = source_id_of(named_of(call, identifier), identifier)
    if user is None:
        raise Unmappable(str(call.get("messageId") or "call"), "it names no user")
    return user


def traits_of(call: Json) -> dict[str, Any]:
    """What a call says of its user: its own members in the destination's form, else the traits."""
    if "traits" in call:
        return dict(object_of(call["traits"]))
    return {name: value for name, value in call.items() if name not in ("type", "source_id")}


def profile_of(traits: Json) -> dict[str, Any]:
    """A customer's body of traits; what is absent or no text stays as it is, null clears."""
    fields = _texts(traits, {name: name for name in _PLAIN})
    if "name" not in fields:
        names = [traits.get(f"{part}_name") or traits.get(f"{part}Name") for part in _NAME_PARTS]
        joined = " ".join(filter(None, map(text_of, names)))
        if joined:
            fields["name"] = joined
    born = next((name for name in _BIRTHDATE if name in traits), None)
    if born is not None:
        fields["birthdate"] = _day(traits[born])
    nested = traits.get("address")
    address = _texts(nested if isinstance(nested, Mapping) else traits, _ADDRESS)
    if address:
        fields["address"] = address
    metadata = traits.get("metadata")
    if isinstance(metadata, Mapping):
        fields["metadata"] = dict(metadata)
    return fields


def _texts(given: Json, names: Mapping[str, str]) -> dict[str, Any]:
    """Members under Kupon's names; numbers, such as of streets and phones, are texts there."""
    found: dict[str, Any] = {}
    for theirs, ours in names.items():
        value = given.get(theirs)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if is_number or isinstance(value, str):
            found[ours] = str(value)
        elif theirs in given and value is None:
            found[ours] = None
    return found


def _day(value: Any) -> str | None:
    """A date of a date or a moment; null for any other form, which nobody could tell apart."""
    if not isinstance(value, str):
        return None
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(value).date().isoformat()
    except ValueError:
        return None
