"""Rules about the order as a whole: its amounts, its units, its metadata and that of its lines.

Source: spec rules-and-qualification, sections 5 and 6.2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from kupon.engine.filters import read_path
from kupon.engine.rules.asked import Asked, property_of
from kupon.engine.rules.kinds import NodeDefinition, Reading, RuleKind
from kupon.engine.rules.necessary import Necessary, lower_bound
from kupon.engine.rules.subject import Match, Subject
from kupon.engine.rules.verdict import (
    MISSING_AMOUNT,
    MISSING_ITEMS,
    ORDER_VIOLATED,
    Failure,
)

_Quantifier = Callable[[list[bool]], bool]


def _read_amount(node: NodeDefinition) -> Reading:
    """What remains before this redeemable, whatever the name suggests (trap 13)."""
    hold = node.read("number").hold

    def check(subject: Subject, _match: Match) -> bool | Failure:
        amount = subject.order.total_amount
        return MISSING_AMOUNT if amount is None else hold(amount, subject.moment)

    return Reading(check=check, necessary=Necessary(min_amount=lower_bound(node.conditions)))


def _read_initial_amount(node: NodeDefinition) -> Reading:
    hold = node.read("number").hold

    def check(subject: Subject, _match: Match) -> bool | Failure:
        amount = subject.initial_amount
        return MISSING_AMOUNT if amount is None else hold(amount, subject.moment)

    return Reading(check=check)


def _read_total_amount(node: NodeDefinition) -> Reading:
    """What remains after this redeemable; unknown until that has been calculated."""
    hold = node.read("number").hold

    def check(subject: Subject, _match: Match) -> bool | Failure | None:
        if subject.order.amount is None:
            return MISSING_AMOUNT
        if subject.projected is None:
            return None
        return hold(subject.projected.total_amount, subject.moment)

    return Reading(check=check, needs_projection=True)


def _read_count(node: NodeDefinition) -> Reading:
    """The number of units, not of lines (UNCERTAIN)."""
    hold = node.read("number").hold

    def check(subject: Subject, _match: Match) -> bool | Failure:
        items = subject.order.items
        if not items:
            return MISSING_ITEMS
        return hold(sum(item.units for item in items), subject.moment)

    return Reading(check=check)


def _read_price(quantifier: _Quantifier) -> Callable[[NodeDefinition], Reading]:
    def read(node: NodeDefinition) -> Reading:
        hold = node.read("number").hold

        def check(subject: Subject, _match: Match) -> bool | Failure:
            items, moment = subject.order.items, subject.moment
            if not items:
                return MISSING_ITEMS
            # A line of unknown price has none that could fit.
            return quantifier(
                [item.price is not None and hold(item.price, moment) for item in items]
            )

        return Reading(check=check)

    return read


def _read_line_metadata(quantifier: _Quantifier) -> Callable[[NodeDefinition], Reading]:
    def read(node: NodeDefinition) -> Reading:
        hold, name = node.read_metadata("order_item").hold, node.property

        def check(subject: Subject, _match: Match) -> bool | Failure:
            items, moment = subject.order.items, subject.moment
            if not items:
                return MISSING_ITEMS
            return quantifier([hold(read_path(item.metadata, name), moment) for item in items])

        return Reading(check=check)

    return read


def _read_metadata(node: NodeDefinition) -> Reading:
    hold, name = node.read_metadata("order").hold, node.property

    def check(subject: Subject, _match: Match) -> bool:
        return hold(read_path(subject.order.metadata, name), subject.moment)

    return Reading(check=check, asked=Asked(property_of(node.name, name), hold))


def _kind(read: Callable[[NodeDefinition], Reading], *, needs_property: bool = False) -> RuleKind:
    return RuleKind(read=read, violated=ORDER_VIOLATED, needs_property=needs_property)


KINDS: Final = {
    "order.amount": _kind(_read_amount),
    "order.total_amount": _kind(_read_total_amount),
    "order.initial_amount": _kind(_read_initial_amount),
    "order.items.count": _kind(_read_count),
    "order.items.price_any": _kind(_read_price(any)),
    "order.items.price_each": _kind(_read_price(all)),
    "order.metadata": _kind(_read_metadata, needs_property=True),
    "order.items.metadata_any": _kind(_read_line_metadata(any), needs_property=True),
    "order.items.metadata_each": _kind(_read_line_metadata(all), needs_property=True),
}
