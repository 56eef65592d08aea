"""Sub-rules: what is asked of the lines that an item node picked.

Each asks on its own: where any line will do, two sub-rules may be met by different lines
(UNCERTAIN).

Source: spec rules-and-qualification, section 6.4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from kupon.engine.filters import read_path
from kupon.engine.order import Item
from kupon.engine.rules.kinds import NodeDefinition, Reading, RuleKind
from kupon.engine.rules.subject import Match, Subject
from kupon.engine.rules.verdict import ORDER_VIOLATED


def read_sum(figure: Callable[[Item], int]) -> Callable[[NodeDefinition], Reading]:
    """Return the reader of a sub-rule about a sum over the lines."""

    def read(node: NodeDefinition) -> Reading:
        hold = node.read("number").hold

        def check(subject: Subject, match: Match) -> bool:
            return hold(sum(map(figure, match.lines)), subject.moment)

        return Reading(check=check)

    return read


def amount_of(item: Item) -> int:
    """A line's amount before discounts, 0 where it is unknown (UNCERTAIN: not the subtotal).

    Units:  minor units.
    """
    return item.amount or 0


def units_of(item: Item) -> int:
    """How many units a line counts as."""
    return item.units


def read_price(node: NodeDefinition) -> Reading:
    """Read a sub-rule about the unit price of a line."""
    hold = node.read("number").hold

    def check(subject: Subject, match: Match) -> bool:
        moment = subject.moment
        return _quantified(
            match, (line.price is not None and hold(line.price, moment) for line in match.lines)
        )

    return Reading(check=check)


def _read_quantity(node: NodeDefinition) -> Reading:
    hold = node.read("number").hold

    def check(subject: Subject, match: Match) -> bool:
        moment = subject.moment
        return _quantified(match, (hold(line.units, moment) for line in match.lines))

    return Reading(check=check)


def _read_metadata(node: NodeDefinition) -> Reading:
    hold, name = node.read_metadata("order_item").hold, node.property

    def check(subject: Subject, match: Match) -> bool:
        moment = subject.moment
        return _quantified(match, (hold(_metadata_of(line, name), moment) for line in match.lines))

    return Reading(check=check)


def _metadata_of(item: Item, name: str) -> Any:
    # UNCERTAIN: the line's own value, then that of its article (section 6.4).
    value = read_path(item.metadata, name)
    return article_metadata(item, name) if value is None else value


def article_metadata(item: Item, name: str) -> Any:
    """Return a metadata value of a line's article: the SKU's own, else the product's."""
    value = read_path(item.sku_facts.get("metadata"), name)
    return read_path(item.product_facts.get("metadata"), name) if value is None else value


def _quantified(match: Match, answers: Iterable[bool]) -> bool:
    return all(answers) if match.is_each else any(answers)


def _kind(read: Callable[[NodeDefinition], Reading], *, needs_property: bool = False) -> RuleKind:
    return RuleKind(
        read=read, violated=ORDER_VIOLATED, needs_property=needs_property, is_subrule=True
    )


KINDS: Final = {
    "order.items.aggregated_amount": _kind(read_sum(amount_of)),
    "order.items.aggregated_quantity": _kind(read_sum(units_of)),
    "order.items.price": _kind(read_price),
    "order.items.quantity": _kind(_read_quantity),
    "order.items.metadata": _kind(_read_metadata, needs_property=True),
}
