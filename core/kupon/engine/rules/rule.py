"""A validation rule: read once, judged for every order.

Source: spec rules-and-qualification, sections 1, 3, 11 and 13.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from kupon.engine.applicability import EVERYTHING, Applicability
from kupon.engine.bundles import Bundle
from kupon.engine.order import Item
from kupon.engine.rules.counters import Counter
from kupon.engine.rules.necessary import SAYS_NOTHING, Necessary
from kupon.engine.rules.nodes import ItemNode, Leaf, NamedNode, Node
from kupon.engine.rules.omissions import NOTHING, Omitted
from kupon.engine.rules.subject import NO_MATCH, Match, Subject
from kupon.engine.rules.verdict import Failure, Judgement

_HOLDS: Final = Judgement(True)
_UNKNOWN: Final = Judgement(None)


@dataclass(frozen=True, kw_only=True, eq=False)
class Rule:
    """A validation rule, ready to be judged.

    Shapes: node is None for a rule without conditions; labels are those that its logic mentions,
        each with the names of the rules behind it; message is told where no node brings its own;
        faults say what could not be read in a stored rule, and is False therefore.
    """

    id: str
    node: Node | None = None
    labels: tuple[tuple[str, frozenset[str]], ...] = ()
    message: str | None = None
    applicable_to: Applicability = EVERYTHING
    bundle: Bundle | None = None
    faults: tuple[str, ...] = ()

    def judge(self, subject: Subject, omitted: Omitted = NOTHING) -> Judgement:
        """Return whether the rule holds, as far as its nodes say; the bundle is not looked at.

        Shapes: omitted holds the names of rules that are left out; their truth is unknown.
        """
        outcome = True if self.node is None else self.node.judge(subject, omitted, NO_MATCH)
        if isinstance(outcome, Failure):
            return Judgement(False, outcome.told(self.message))
        if omitted is NOTHING:
            return _HOLDS if outcome else _UNKNOWN
        return Judgement(outcome, None, self.left_out(omitted))

    def left_out(self, omitted: Omitted) -> tuple[str, ...]:
        """Return the labels of the top-level nodes that are not asked in full."""
        if omitted is NOTHING:
            return ()
        return tuple(
            [label for label, names in self.labels if any(map(omitted.__contains__, names))]
        )

    def necessary(self, omitted: Omitted = NOTHING) -> Necessary:
        """Return the facts without which the rule is False."""
        return SAYS_NOTHING if self.node is None else self.node.necessary(omitted)

    def names_lines(self, subject: Subject) -> bool:
        """Whether an item node or a part of the bundle names any line of the cart.

        Source: spec rules-and-qualification, section 14.3 (scenario PRODUCTS).
        """
        cart = (subject.order, subject.collections, subject.surroundings)
        if self.bundle is not None and self.bundle.names_lines(*cart):
            return True
        return any(_lines_of(node, subject) for node in self._item_nodes)

    def marked_lines(self, subject: Subject) -> frozenset[int]:
        """The places of the lines that older nodes about metadata mark as the discount's targets.

        Shapes: empty where the rule marks none; articles marked by name are in applicable_to.
        """
        lines = {id(line) for node in self.marks for line in _lines_of(node, subject)}
        return frozenset(
            place for place, item in enumerate(subject.order.items) if id(item) in lines
        )

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of the rules that it asks."""
        return frozenset(node.name for node in self._nodes)

    @cached_property
    def counters(self) -> tuple[Counter, ...]:
        """The counters that it looks at, each once."""
        found = (leaf.reading.counter for leaf in self._leaves)
        return tuple(dict.fromkeys(counter for counter in found if counter is not None))

    @cached_property
    def needs_customer(self) -> bool:
        """Whether any of its nodes asks about a customer."""
        return any(leaf.reading.needs_customer for leaf in self._leaves)

    @cached_property
    def needs_projection(self) -> bool:
        """Whether it has to be judged again when the redeemable's effect is known."""
        return any(leaf.reading.needs_projection for leaf in self._leaves)

    @cached_property
    def _nodes(self) -> tuple[NamedNode, ...]:
        return () if self.node is None else tuple(self.node.walk())

    @cached_property
    def _leaves(self) -> tuple[Leaf, ...]:
        return tuple(node for node in self._nodes if isinstance(node, Leaf))

    @cached_property
    def marks(self) -> tuple[ItemNode, ...]:
        """Its nodes whose lines are marked as targets; articles that are marked by name aside."""
        return tuple(
            node for node in self._item_nodes if node.is_marked and not node.picking.targets
        )

    @cached_property
    def _item_nodes(self) -> tuple[ItemNode, ...]:
        return tuple(node for node in self._nodes if isinstance(node, ItemNode))


def _lines_of(node: ItemNode, subject: Subject) -> tuple[Item, ...]:
    match = node.picking.select(subject)
    return match.lines if isinstance(match, Match) else ()
