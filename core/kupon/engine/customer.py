"""A customer as rules and segments see it, and its fields by the names that filters use.

Names of campaigns and events may hold dots and blanks, so a field is split at the prefix that it
begins with.

Source: spec rules-and-qualification, sections 5 (customer merge) and 15 (fields).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from kupon.engine.filters import read_path


@dataclass(frozen=True, kw_only=True, eq=False)
class Customer:
    """The stored customer under what the request says of it.

    Shapes: id is None for a customer who isn't stored; profile is the wire's customer with
        `events: {name: {count, last_at}}`; loyalty_tiers are the ids of the tiers held now.
    """

    id: str | None = None
    profile: Mapping[str, Any] = field(default_factory=dict)
    static_segments: frozenset[str] = frozenset()
    loyalty_tiers: frozenset[str] = frozenset()


def read_field(customer: Customer, name: str) -> Any:
    """Return the value of a field, or None where it is absent or there is no such field."""
    head, _, rest = name.partition(".")
    reader = _READERS.get(head)
    if reader is not None:
        return reader(customer, rest)
    return read_path(customer.profile, _ALIASES.get(name, name))


def _read_tier(customer: Customer, rest: str) -> Any:
    """Every tier held; behind `campaigns.<name>` or `<name>` the one held in that campaign."""
    if not rest:
        return customer.loyalty_tiers
    return _in_campaign(customer, rest.removeprefix("campaigns."), "loyalty_tier")


def _read_points(customer: Customer, rest: str) -> Any:
    """`campaigns.<name>.points`, as the profile's `loyalty` has it."""
    name = rest.removeprefix("campaigns.").removesuffix(".points")
    return _in_campaign(customer, name, "points")


def _in_campaign(customer: Customer, name: str, figure: str) -> Any:
    campaigns = _member(customer.profile.get("loyalty"), "campaigns")
    return _member(_member(campaigns, name), figure)


def _read_event(customer: Customer, rest: str) -> Any:
    """`<event name>.count`: what never happened did so 0 times."""
    name, _, figure = rest.rpartition(".")
    value = _member(_member(customer.profile.get("events"), name), figure)
    return 0 if value is None and figure == "count" else value


def _member(parent: Any, name: str) -> Any:
    return parent.get(name) if isinstance(parent, Mapping) else None


_ALIASES: Final = {"city": "address.city", "birthday": "birthdate"}

_READERS: Final[Mapping[str, Callable[[Customer, str], Any]]] = {
    "loyalty_tier": _read_tier,
    "loyalty_points": _read_points,
    "events": _read_event,
}
