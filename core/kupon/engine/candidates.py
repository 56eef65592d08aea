"""Promotions behind an index over their necessary conditions, for thousands of them.

Each promotion stands under the one of its conditions that narrows best; whoever does not meet it
never hears of the promotion. What the index lets through is still to be judged.

Source: performance.md, lesson 3; engine.rules.necessary.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from operator import attrgetter
from typing import Any, Final, NamedTuple

from kupon.engine.customer import read_field
from kupon.engine.model import PromotionTier, Redeemable, Snapshot
from kupon.engine.rules import Failure, Omitted, Rule, Subject
from kupon.engine.rules.asked import NOT_ASKED, Asked, Properties
from kupon.engine.rules.necessary import SAYS_NOTHING, Necessary, texts_of
from kupon.engine.rules.nodes import All, Leaf, Node
from kupon.engine.rules.subject import NO_MATCH


@dataclass(frozen=True, eq=False, slots=True)
class Candidate:
    """A tier that may qualify.

    Shapes: redeemable is the tier as requests name it; rank puts the newest first; node is all
        that its rules ask, less those about past uses, and asked what of it is quickly told.
    """

    tier: PromotionTier
    created_at: datetime
    redeemable: Redeemable = field(init=False)
    rank: tuple[float, str] = field(init=False)
    node: Node | None = field(init=False)
    asked: Asked | None = field(init=False)

    def __post_init__(self) -> None:
        """Work out once what every request needs."""
        named = Redeemable(object="promotion_tier", id=self.tier.id, source=self.tier)
        object.__setattr__(self, "redeemable", named)
        object.__setattr__(self, "rank", (-self.created_at.timestamp(), self.tier.id))
        object.__setattr__(self, "node", _plain_node(self.tier.rules))
        object.__setattr__(self, "asked", _asked(self.node))


def _plain_node(rules: Sequence[Rule]) -> Node | None:
    nodes = tuple(rule.node for rule in rules if rule.node is not None and not rule.counters)
    return All(nodes) if len(nodes) > 1 else next(iter(nodes), None)


def _asked(node: Node | None) -> Asked | None:
    if isinstance(node, Leaf):
        return node.reading.asked
    parts = node.parts if isinstance(node, All) else ()
    return next((asked for asked in map(_asked, parts) if asked is not None), None)


def promising(
    candidates: Iterable[Candidate], subject: Subject, omitted: Omitted
) -> Iterator[Candidate]:
    """Yield the candidates that no rule stands against at once, one by one as they are asked for.

    Shapes: subject is what the rules of all tiers look at, without past uses.
    """
    values, moment = Properties(subject, omitted), subject.moment
    # Where no index narrows the search this runs for each of ten thousand tiers, most of which
    # fail the first test.
    for candidate in candidates:
        asked = candidate.asked
        if asked is not None:
            wanted, hold = asked
            value = values[wanted]
            if value is not NOT_ASKED and not hold(value, moment):
                continue
        node = candidate.node
        if node is None or type(node.judge(subject, omitted, NO_MATCH)) is not Failure:
            yield candidate


class Key(NamedTuple):
    """Under what a candidate stands: the kind of condition, and its value."""

    kind: str
    value: Hashable = None


_ALWAYS: Final = Key("always")
_CUSTOMER: Final = Key("customer")
_BY_RANK: Final = attrgetter("rank")


def keys_of(tier: PromotionTier, omitted: Omitted) -> tuple[Key, ...]:
    """Return where a tier stands: under one key, or under each of several alternatives."""
    facts = reduce(Necessary.both, (rule.necessary(omitted) for rule in tier.rules), SAYS_NOTHING)
    if facts.items is not None and not facts.items.collections:
        names = facts.items.products | facts.items.skus
        return tuple(Key("article", name) for name in names)
    if facts.customer_metadata is not None:
        name, texts = facts.customer_metadata
        return tuple(Key("metadata", (name, text)) for text in texts)
    if facts.segments is not None:
        return tuple(Key("segment", segment) for segment in facts.segments)
    if facts.loyalty_tiers is not None:
        return tuple(Key("loyalty_tier", held) for held in facts.loyalty_tiers)
    if facts.items is not None:
        names = facts.items.products | facts.items.skus
        articles = [Key("article", name) for name in names]
        return (*articles, *(Key("collection", each) for each in facts.items.collections))
    if facts.min_amount is not None:
        return (Key("amount", facts.min_amount),)
    return (_CUSTOMER,) if facts.needs_customer else (_ALWAYS,)


class Index:
    """The live tiers of a project, for one way of asking; renewed piece by piece.

    Shapes: tiers that are off or over are left out, and those that have not begun are kept apart
        until they do.
    """

    def __init__(self, omitted: Omitted) -> None:
        """Hold nothing yet; omitted is what rules will not be asked."""
        self._omitted = omitted
        # By the kinds of keys, then by their values.
        self._standing: dict[str, dict[Any, tuple[Candidate, ...]]] = {}
        self._amounts: tuple[int, ...] = ()
        self._properties: frozenset[str] = frozenset()
        self._later: tuple[tuple[datetime, Candidate], ...] = ()

    def renewed(self, gone: Iterable[Candidate], come: Iterable[Candidate], now: datetime) -> Index:
        """Return an index with other candidates; buckets that nothing changed in are shared."""
        index = Index(self._omitted)
        index._standing = {kind: dict(buckets) for kind, buckets in self._standing.items()}
        later = list(self._later)
        for candidate, is_in in [(each, False) for each in gone] + [(each, True) for each in come]:
            later = [entry for entry in later if entry[1] is not candidate] if later else later
            if is_in and not _is_over(candidate.tier, now):
                start = _start(candidate.tier)
                if start is not None and start > now:
                    insort(later, (start, candidate), key=lambda entry: entry[0])
                    continue
            elif is_in:
                continue
            index._move(candidate, is_in=is_in)
        index._later = tuple(later)
        index._seal()
        return index

    def _move(self, candidate: Candidate, *, is_in: bool) -> None:
        for kind, value in keys_of(candidate.tier, self._omitted):
            buckets = self._standing.setdefault(kind, {})
            rest = [each for each in buckets.get(value, ()) if each is not candidate]
            if is_in:
                insort(rest, candidate, key=_BY_RANK)
            if rest:
                buckets[value] = tuple(rest)
            else:
                buckets.pop(value, None)

    def _seal(self) -> None:
        self._standing = {kind: buckets for kind, buckets in self._standing.items() if buckets}
        self._amounts = tuple(sorted(self._standing.get("amount", ())))
        self._properties = frozenset(name for name, _ in self._standing.get("metadata", ()))

    def find(self, snapshot: Snapshot) -> list[Candidate]:
        """Return the candidates of a request, the newest first."""
        found: list[Candidate] = []
        is_mixed = False
        for kind, buckets in self._standing.items():
            for value in _VALUES[kind](self, snapshot):
                bucket = buckets.get(value)
                if bucket:
                    is_mixed = is_mixed or bool(found)
                    found += bucket
        started = bisect_right(self._later, snapshot.now, key=lambda entry: entry[0])
        if started:
            is_mixed = True
            found += [candidate for _, candidate in self._later[:started]]
        if is_mixed:
            # One under several alternatives is found by each of them.
            found = list(dict.fromkeys(sorted(found, key=_BY_RANK)))
        return found

    def _articles(self, snapshot: Snapshot) -> Iterable[str]:
        items = snapshot.order.items
        return {name for item in items for name in item.product_names | item.sku_names}

    def _collections(self, snapshot: Snapshot) -> Iterable[str]:
        wanted = self._standing["collection"].keys()
        return snapshot.collections.touched(wanted, snapshot.order.items, snapshot.surroundings)

    def _reached(self, snapshot: Snapshot) -> Iterable[int]:
        left = snapshot.order.total_amount
        return () if left is None else self._amounts[: bisect_right(self._amounts, left)]

    def _segments(self, snapshot: Snapshot) -> Iterable[str]:
        if snapshot.customer is None:
            return ()
        wanted = self._standing["segment"].keys()
        return snapshot.segments.held(wanted, snapshot.customer, snapshot.surroundings)

    def _metadata(self, snapshot: Snapshot) -> Iterator[tuple[str, str]]:
        if snapshot.customer is not None:
            for name in self._properties:
                value = read_field(snapshot.customer, f"metadata.{name}")
                yield from ((name, text) for text in texts_of(value))


# Which values of a kind of key a request has.
_VALUES: Final[Mapping[str, Callable[[Index, Snapshot], Iterable[Any]]]] = {
    "always": lambda index, snapshot: (None,),
    "article": Index._articles,
    "collection": Index._collections,
    "amount": Index._reached,
    "customer": lambda index, snapshot: () if snapshot.customer is None else (None,),
    "segment": Index._segments,
    "loyalty_tier": lambda index, snapshot: (
        () if snapshot.customer is None else snapshot.customer.loyalty_tiers
    ),
    "metadata": Index._metadata,
}


def _is_over(tier: PromotionTier, now: datetime) -> bool:
    if not (tier.is_active and tier.is_campaign_active):
        return True
    ends = (tier.validity.expiration_date, tier.campaign_validity.expiration_date)
    return any(end is not None and end < now for end in ends)


def _start(tier: PromotionTier) -> datetime | None:
    starts = (tier.validity.start_date, tier.campaign_validity.start_date)
    return max((start for start in starts if start is not None), default=None)
