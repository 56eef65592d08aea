"""Rules about the redemption itself: how often, how much, by whom, in which event.

What is tested is the past and the attempt together: `$less_than_or_equal: [1]` on uses by the
customer means "once per customer".

Source: spec rules-and-qualification, sections 6.6 to 6.9.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from kupon.engine.filters import read_path
from kupon.engine.rules.asked import Asked, property_of
from kupon.engine.rules.counters import PERIODS, Counter
from kupon.engine.rules.kinds import NodeDefinition, Reading, RuleKind
from kupon.engine.rules.necessary import SAYS_NOTHING, Necessary
from kupon.engine.rules.subject import Match, Subject
from kupon.engine.rules.verdict import MISSING_CUSTOMER, REDEMPTION_VIOLATED, Failure

_ORDERS: Final = Counter("campaign.orders.amount")
_DISCOUNTS: Final = Counter("campaign.orders.amount_discounted")
_CREDITS: Final = Counter("redemption.gift.amount")
_BY_USER: Final = Counter("redemption.count.per_user")

# What the attempt adds to a counter; None where that isn't known yet.
_Addition = Callable[[Subject], int | None]


def _one(_subject: Subject) -> int:
    return 1


def _order_amount(subject: Subject) -> int:
    # UNCERTAIN: the attempt's own amount counts (section 6.9); without an order there is none.
    return (subject.projected or subject.order).amount or 0


def _discounted(subject: Subject) -> int | None:
    return subject.discounted


def _read_counter(
    counter: Counter, added: _Addition, *, is_by_customer: bool = False
) -> Callable[[NodeDefinition], Reading]:
    def read(node: NodeDefinition) -> Reading:
        hold = node.read("number").hold

        def check(subject: Subject, _match: Match) -> bool | Failure | None:
            if is_by_customer and subject.customer is None:
                return MISSING_CUSTOMER
            addition = added(subject)
            if addition is None:
                return None
            return hold(subject.counters.get(counter, 0) + addition, subject.moment)

        return Reading(
            check=check,
            counter=counter,
            needs_customer=is_by_customer,
            needs_projection=added is not _one,
            necessary=Necessary(needs_customer=True) if is_by_customer else SAYS_NOTHING,
        )

    return read


def _read_user_counter(node: NodeDefinition) -> Reading:
    """Uses by a person; a call of the API is made by none, and has nothing to count."""
    hold = node.read("number").hold

    def check(subject: Subject, _match: Match) -> bool:
        count = subject.counters.get(_BY_USER, 0) + 1
        return subject.user is not None and hold(count, subject.moment)

    return Reading(check=check, counter=_BY_USER)


def _read_points(node: NodeDefinition) -> Reading:
    hold = node.read("number").hold

    def check(subject: Subject, _match: Match) -> bool | None:
        if subject.points_used is None:
            return None if subject.projected is None else False
        return hold(subject.points_used, subject.moment)

    return Reading(check=check, needs_projection=True)


def _read_api_key(node: NodeDefinition) -> Reading:
    """The key under any of its names (UNCERTAIN: which of them the reference compares)."""
    hold = node.read("string").hold

    def check(subject: Subject, _match: Match) -> bool:
        return hold(subject.api_keys, subject.moment)

    return Reading(check=check)


def _read_user(node: NodeDefinition) -> Reading:
    hold = node.read("string").hold

    def check(subject: Subject, _match: Match) -> bool:
        return hold(subject.user, subject.moment)

    return Reading(check=check)


def _read_metadata(node: NodeDefinition) -> Reading:
    hold, name = node.read_metadata("redemption").hold, node.property

    def check(subject: Subject, _match: Match) -> bool:
        return hold(read_path(subject.metadata, name), subject.moment)

    return Reading(check=check, asked=Asked(property_of(node.name, name), hold))


def _read_event(node: NodeDefinition) -> Reading:
    hold, name = node.read_metadata("custom_event").hold, node.property

    def check(subject: Subject, _match: Match) -> bool:
        event = subject.event
        return event is not None and hold(read_path(event, name), subject.moment)

    return Reading(check=check)


def _kind(read: Callable[[NodeDefinition], Reading], *, needs_property: bool = False) -> RuleKind:
    return RuleKind(read=read, violated=REDEMPTION_VIOLATED, needs_property=needs_property)


def _counts(name: str, *periods: str | None, is_by_customer: bool = False) -> dict[str, RuleKind]:
    counters = [Counter(name, period) for period in periods]
    return {
        counter.rule: _kind(_read_counter(counter, _one, is_by_customer=is_by_customer))
        for counter in counters
    }


KINDS: Final = {
    _ORDERS.rule: _kind(_read_counter(_ORDERS, _order_amount)),
    _DISCOUNTS.rule: _kind(_read_counter(_DISCOUNTS, _discounted)),
    _CREDITS.rule: _kind(_read_counter(_CREDITS, _discounted)),
    **_counts("campaign.redemptions.count", None, *PERIODS),
    **_counts("campaign.redemptions.customers_count", None, *PERIODS, is_by_customer=True),
    **_counts("redemption.count", *PERIODS),
    **_counts("redemption.count.per_customer", None, *PERIODS, is_by_customer=True),
    **_counts("redemption.count.per_api_key", None),
    _BY_USER.rule: _kind(_read_user_counter),
    "redemption.reward.pay_with_points.points_used": _kind(_read_points),
    "redemption.api_key": _kind(_read_api_key),
    "redemption.user.login": _kind(_read_user),
    "redemption.metadata": _kind(_read_metadata, needs_property=True),
    "custom_event.metadata": _kind(_read_event, needs_property=True),
}
