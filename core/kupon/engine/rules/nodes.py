"""The nodes of a rule and the words that join them, judged in three-valued logic.

Each answers True, None for unknown, or the failure that stands in the way; one walk yields both
truth and explanation. The order of the text decides which failure is told.

Source: spec rules-and-qualification, sections 3, 6.3, 13.3 and 14.4.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from typing import Protocol

from kupon.engine.rules.kinds import Picking, Reading
from kupon.engine.rules.necessary import SAYS_NOTHING, Necessary
from kupon.engine.rules.omissions import Omitted
from kupon.engine.rules.subject import Match, Subject
from kupon.engine.rules.verdict import Failure, Outcome


class Node(Protocol):
    """A part of a rule that can be judged."""

    def judge(self, subject: Subject, omitted: Omitted, match: Match) -> Outcome:
        """Return whether it holds; match is that of the item node around it."""

    def walk(self) -> Iterator[NamedNode]:
        """Iterate over the named nodes in it, outer ones first."""

    def necessary(self, omitted: Omitted) -> Necessary:
        """Return the facts without which it is False."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A node with a question of its own.

    Shapes: violated carries the node's text already.
    """

    name: str
    reading: Reading
    violated: Failure

    def judge(self, subject: Subject, omitted: Omitted, match: Match) -> Outcome:
        """Ask the question."""
        if self.name in omitted:
            return None
        outcome = self.reading.check(subject, match)
        if outcome is True or outcome is None:
            return outcome
        return self.violated if outcome is False else outcome.told(self.violated.custom)

    def walk(self) -> Iterator[NamedNode]:
        """Yield the node itself."""
        yield self

    def necessary(self, omitted: Omitted) -> Necessary:
        """Return what its kind read from the conditions."""
        return SAYS_NOTHING if self.name in omitted else self.reading.necessary


@dataclass(frozen=True, slots=True)
class ItemNode:
    """A node that picks lines, and asks its sub-rules about them."""

    name: str
    picking: Picking
    violated: Failure
    nested: Node | None

    def judge(self, subject: Subject, omitted: Omitted, _match: Match) -> Outcome:
        """Pick the lines anew, whatever lines a node around it picked."""
        if self.name in omitted:
            return None
        match = self.picking.select(subject)
        if isinstance(match, Failure):
            return match.told(self.violated.custom)
        if not match.holds:
            return self.violated
        if self.nested is None:
            return True
        outcome = self.nested.judge(subject, omitted, match)
        return outcome.told(self.violated.custom) if isinstance(outcome, Failure) else outcome

    def walk(self) -> Iterator[NamedNode]:
        """Yield the node and its sub-rules."""
        yield self
        if self.nested is not None:
            yield from self.nested.walk()

    def necessary(self, omitted: Omitted) -> Necessary:
        """Return what both the lines and the sub-rules need."""
        if self.name in omitted:
            return SAYS_NOTHING
        own = self.picking.necessary
        return own if self.nested is None else own.both(self.nested.necessary(omitted))

    @property
    def is_marked(self) -> bool:
        """Whether a sub-rule marks the node's lines as targets of the discount."""
        nested = () if self.nested is None else self.nested.walk()
        return any(isinstance(node, Leaf) and node.reading.is_mark for node in nested)


NamedNode = Leaf | ItemNode


@dataclass(frozen=True, slots=True)
class Never:
    """What stands for a rule that cannot be read any more."""

    violated: Failure

    def judge(self, _subject: Subject, _omitted: Omitted, _match: Match) -> Outcome:
        """Fail, whatever is left out."""
        return self.violated

    def walk(self) -> Iterator[NamedNode]:
        """Yield nothing."""
        return iter(())

    def necessary(self, _omitted: Omitted) -> Necessary:
        """Say nothing."""
        return SAYS_NOTHING


@dataclass(frozen=True, slots=True)
class Enclosed:
    """The nested rules of a node that picks no lines; its text is told where theirs is missing."""

    nested: Node
    text: str | None

    def judge(self, subject: Subject, omitted: Omitted, match: Match) -> Outcome:
        """Judge the nested rules."""
        outcome = self.nested.judge(subject, omitted, match)
        return outcome.told(self.text) if isinstance(outcome, Failure) else outcome

    def walk(self) -> Iterator[NamedNode]:
        """Yield the nested nodes."""
        return self.nested.walk()

    def necessary(self, omitted: Omitted) -> Necessary:
        """Return what the nested rules need."""
        return self.nested.necessary(omitted)


@dataclass(frozen=True, slots=True)
class All:
    """Nodes joined by `and`; the first that fails is told."""

    parts: tuple[Node, ...]

    def judge(self, subject: Subject, omitted: Omitted, match: Match) -> Outcome:
        """Return the first failure, else unknown where anything is, else True."""
        outcome: Outcome = True
        for part in self.parts:
            answer = part.judge(subject, omitted, match)
            if answer is None:
                outcome = None
            elif answer is not True:
                return answer
        return outcome

    def walk(self) -> Iterator[NamedNode]:
        """Yield the nodes in the order of the text."""
        for part in self.parts:
            yield from part.walk()

    def necessary(self, omitted: Omitted) -> Necessary:
        """Return what every part needs."""
        return reduce(Necessary.both, (part.necessary(omitted) for part in self.parts))


@dataclass(frozen=True, slots=True)
class Any:
    """Nodes joined by `or`; told is the first failure that brings a text, else the first."""

    parts: tuple[Node, ...]

    def judge(self, subject: Subject, omitted: Omitted, match: Match) -> Outcome:
        """Return True as soon as anything holds, else unknown where anything is."""
        failure: Failure | None = None
        is_unknown = False
        for part in self.parts:
            answer = part.judge(subject, omitted, match)
            if answer is True:
                return True
            if answer is None:
                is_unknown = True
            # UNCERTAIN: which of several failures is told (section 13.3).
            elif failure is None or (failure.custom is None and answer.custom is not None):
                failure = answer
        return None if is_unknown else failure

    def walk(self) -> Iterator[NamedNode]:
        """Yield the nodes in the order of the text."""
        for part in self.parts:
            yield from part.walk()

    def necessary(self, omitted: Omitted) -> Necessary:
        """Return what whichever part holds needs."""
        return reduce(Necessary.either, (part.necessary(omitted) for part in self.parts))
