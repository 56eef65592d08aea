"""Rules about which articles are in the cart: nodes that pick lines, for sub-rules to look at.

A cart without lines fails them all, for nobody knows what is in it; also `order.items.none`
(UNCERTAIN).

Source: spec rules-and-qualification, sections 5 and 6.3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from kupon.engine.order import Item
from kupon.engine.references import COLLECTION, References, gather, parse_reference
from kupon.engine.rules.kinds import KEY, NodeDefinition, Picking, RuleKind
from kupon.engine.rules.necessary import Necessary
from kupon.engine.rules.subject import Match, Subject
from kupon.engine.rules.verdict import MISSING_ITEMS, ORDER_VIOLATED, Failure

_WANTED: Final = frozenset(("$is", "$in"))
_UNWANTED: Final = frozenset(("$is_not", "$not_in"))

_Lines = tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Articles:
    """The articles that a node names; None where it doesn't name any in that way.

    Shapes: a line is meant that sells one of `wanted`, none of `unwanted`, and is in one of the
        collections of `within`.
    """

    wanted: References | None
    unwanted: References | None
    within: References | None

    def pool(self, lines: _Lines, subject: Subject) -> _Lines:
        """The lines in the collections of `$from`, or all."""
        return lines if self.within is None else _matching(self.within, lines, subject)

    def pick(self, lines: _Lines, subject: Subject) -> _Lines:
        """The lines that sell what is wanted, wherever they come from."""
        if self.wanted is not None:
            lines = _matching(self.wanted, lines, subject)
        return lines if self.unwanted is None else _others(self.unwanted, lines, subject)

    @property
    def necessary(self) -> Necessary:
        """What a rule needs that asks for one of these lines."""
        return Necessary(items=self.within if self.wanted is None else self.wanted)


def _matching(references: References, lines: _Lines, subject: Subject) -> _Lines:
    collections, surroundings = subject.collections, subject.surroundings
    # A list is made faster than a tuple, and this runs for every rule on every line.
    return tuple([line for line in lines if references.matches(line, collections, surroundings)])


def _others(references: References, lines: _Lines, subject: Subject) -> _Lines:
    collections, surroundings = subject.collections, subject.surroundings
    return tuple(line for line in lines if not references.matches(line, collections, surroundings))


def read_articles(node: NodeDefinition, default: str = "") -> Articles:
    """Read a node's conditions as references to articles.

    Shapes: default is the object of references that don't name theirs.
    Raises: DefinitionError.
    """
    found: dict[str, References] = {}
    for name, values in node.conditions.items():
        operator = name.strip()
        part = "wanted" if operator in _WANTED else "unwanted" if operator in _UNWANTED else None
        if operator == "$from":
            part, kind = "within", COLLECTION
        else:
            kind = default
        if part is None:
            raise node.error(f"does not support condition '{name}'")
        place = f"{node.path}.conditions.{name}"
        references = gather(
            parse_reference(value, f"{place}[{index}]", KEY, kind)
            for index, value in enumerate(node.listed(name, values))
        )
        found[part] = found[part].joined(references) if part in found else references
    return Articles(found.get("wanted"), found.get("unwanted"), found.get("within"))


def _read_any(node: NodeDefinition) -> Picking:
    articles = read_articles(node)

    def select(subject: Subject) -> Match | Failure:
        items = subject.order.items
        if not items:
            return MISSING_ITEMS
        lines = articles.pick(articles.pool(items, subject), subject)
        return Match(bool(lines), lines)

    return Picking(select=select, necessary=articles.necessary)


def _read_every(node: NodeDefinition) -> Picking:
    articles = read_articles(node)

    def select(subject: Subject) -> Match | Failure:
        items = subject.order.items
        if not items:
            return MISSING_ITEMS
        lines = articles.pick(articles.pool(items, subject), subject)
        return Match(len(lines) == len(items), lines, is_each=True)

    return Picking(select=select, necessary=articles.necessary)


def _read_none(node: NodeDefinition) -> Picking:
    articles = read_articles(node)

    def select(subject: Subject) -> Match | Failure:
        items = subject.order.items
        if not items:
            return MISSING_ITEMS
        return Match(not articles.pick(articles.pool(items, subject), subject), ())

    return Picking(select=select)


def _read_extreme(extreme: Callable[..., int]) -> Callable[[NodeDefinition], Picking]:
    def read(node: NodeDefinition) -> Picking:
        articles = read_articles(node)

        def select(subject: Subject) -> Match | Failure:
            items = subject.order.items
            if not items:
                return MISSING_ITEMS
            priced = [line for line in articles.pool(items, subject) if line.price is not None]
            price = extreme((line.price for line in priced), default=None)
            first = tuple(line for line in priced if line.price == price)
            lines = articles.pick(first, subject)
            return Match(bool(lines), lines, is_each=True)

        return Picking(select=select, necessary=articles.necessary)

    return read


def _kind(read: Callable[[NodeDefinition], Picking], *, may_nest: bool = True) -> RuleKind:
    return RuleKind(read=read, violated=ORDER_VIOLATED, may_nest=may_nest)


KINDS: Final = {
    "order.items.any": _kind(_read_any),
    "order.items.every": _kind(_read_every),
    "order.items.none": _kind(_read_none, may_nest=False),
    "order.items.most_expensive": _kind(_read_extreme(max)),
    "order.items.cheapest": _kind(_read_extreme(min)),
}
