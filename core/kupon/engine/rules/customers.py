"""Rules about the customer, and about who may use a code.

Without a customer each of them is False, also one that asks for something not to be: else whoever
checks out anonymously would be "not in the segment" (UNCERTAIN).

Source: spec rules-and-qualification, sections 6.1 and 6.8.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from kupon.engine.filters import read_path
from kupon.engine.rules.asked import Asked, property_of
from kupon.engine.rules.kinds import NodeDefinition, Reading, RuleKind
from kupon.engine.rules.necessary import Necessary, plain_texts
from kupon.engine.rules.subject import Match, Subject
from kupon.engine.rules.verdict import (
    CUSTOMER_VIOLATED,
    MISSING_CUSTOMER,
    SEGMENT_VIOLATED,
    Failure,
)

_WANTED: Final = frozenset(("$is", "$in"))
_UNWANTED: Final = frozenset(("$is_not", "$not_in"))


class _Membership(NamedTuple):
    """Sets of ids: the customer has to be in one of each of the wanted ones, in no unwanted."""

    wanted: tuple[frozenset[str], ...]
    unwanted: frozenset[str]

    def holds(self, has: Callable[[str], bool]) -> bool:
        for ids in self.wanted:
            if not any(map(has, ids)):
                return False
        return not any(map(has, self.unwanted))

    @property
    def shortest(self) -> frozenset[str] | None:
        """The wanted set that is the quickest to look up, if any."""
        return min(self.wanted, key=len, default=None)


def _read_membership(node: NodeDefinition) -> _Membership:
    wanted = []
    unwanted: set[str] = set()
    for operator, values in node.conditions.items():
        ids = [_id_of(node, value) for value in node.listed(operator, values)]
        if operator.strip() in _WANTED:
            wanted.append(frozenset(ids))
        elif operator.strip() in _UNWANTED:
            unwanted.update(ids)
        else:
            raise node.error(f"does not support condition '{operator}'")
    return _Membership(tuple(wanted), frozenset(unwanted))


def _id_of(node: NodeDefinition, value: object) -> str:
    found = value.get("id") if isinstance(value, Mapping) else value
    if not isinstance(found, str):
        raise node.error("must have ids in its conditions")
    return found


def _read_segment(node: NodeDefinition) -> Reading:
    membership = _read_membership(node)

    def check(subject: Subject, _match: Match) -> bool | Failure:
        customer = subject.customer
        if customer is None:
            return MISSING_CUSTOMER
        contains, surroundings = subject.segments.contains, subject.surroundings
        return membership.holds(lambda segment: contains(segment, customer, surroundings))

    necessary = Necessary(needs_customer=True, segments=membership.shortest)
    return Reading(check=check, necessary=necessary, needs_customer=True)


def _read_tier(node: NodeDefinition) -> Reading:
    membership = _read_membership(node)

    def check(subject: Subject, _match: Match) -> bool | Failure:
        customer = subject.customer
        if customer is None:
            return MISSING_CUSTOMER
        return membership.holds(customer.loyalty_tiers.__contains__)

    necessary = Necessary(needs_customer=True, loyalty_tiers=membership.shortest)
    return Reading(check=check, necessary=necessary, needs_customer=True)


def _read_metadata(node: NodeDefinition) -> Reading:
    conditions = node.read_metadata("customer")
    hold, name = conditions.hold, node.property

    def check(subject: Subject, _match: Match) -> bool | Failure:
        customer = subject.customer
        if customer is None:
            return MISSING_CUSTOMER
        return hold(read_path(customer.profile.get("metadata"), name), subject.moment)

    is_text = node.type_in("customer") in ("any", "string")
    texts = plain_texts(node.conditions) if is_text else None
    necessary = Necessary(
        needs_customer=True, customer_metadata=None if texts is None else (name, texts)
    )
    asked = Asked(property_of(node.name, name), hold)
    return Reading(check=check, necessary=necessary, asked=asked, needs_customer=True)


def _read_holder(node: NodeDefinition) -> Reading:
    conditions = node.read("boolean")

    def check(subject: Subject, _match: Match) -> bool | Failure:
        customer = subject.customer
        if customer is None:
            return MISSING_CUSTOMER
        is_holder = subject.object == "voucher" and customer.id in subject.holder_ids
        return conditions.hold(is_holder, subject.moment)

    return Reading(check=check, necessary=Necessary(needs_customer=True), needs_customer=True)


KINDS: Final = {
    "customer.segment": RuleKind(read=_read_segment, violated=SEGMENT_VIOLATED),
    "customer.metadata": RuleKind(
        read=_read_metadata, violated=CUSTOMER_VIOLATED, needs_property=True
    ),
    "customer.loyalty.tier": RuleKind(read=_read_tier, violated=CUSTOMER_VIOLATED),
    "publication.redeemable_by_linked_customer": RuleKind(
        read=_read_holder, violated=CUSTOMER_VIOLATED
    ),
}
