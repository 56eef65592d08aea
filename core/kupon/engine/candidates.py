"""Promotions behind an index over their necessary conditions, for thousands of them.

Each promotion stands under the one of its conditions that narrows best; whoever does not meet it
never hears of the promotion. What the index lets through is still to be judged.

Source: performance.md, lesson 3; engine.rules.necessary.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from operator import attrgetter
from typing import Any, Final, NamedTuple

from kupon.engine.customer import Customer, read_field
from kupon.engine.filters import Surroundings
from kupon.engine.model import PromotionTier, Snapshot
from kupon.engine.rules import Failure, Omitted, Rule, Subject
from kupon.engine.rules.asked import Asked, Properties
from kupon.engine.rules.necessary import SAYS_NOTHING, Necessary, texts_of
from kupon.engine.rules.nodes import All, Leaf, Node
from kupon.engine.rules.subject import NO_MATCH
from kupon.engine.segments import Segments


@dataclass(frozen=True, eq=False, slots=True)
class Candidate:
    """A tier that may qualify.

    Shapes: rank puts the newest first; node is all that its rules ask, less those about past uses,
        and asked what of it is quickly told.
    """

    tier: PromotionTier
    created_at: datetime
    rank: tuple[float, str] = field(init=False)
    node: Node | None = field(init=False)
    asked: Asked | None = field(init=False)

    def __post_init__(self) -> None:
        """Work out once what every request needs."""
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
    values, moment = Properties(subject), subject.moment
    # Where no index narrows the search this runs for each of ten thousand tiers, most of which
    # fail the first test.
    for candidate in candidates:
        asked = candidate.asked
        if (
            asked is not None
            and asked.property.rule not in omitted
            and not asked.hold(values[asked.property], moment)
        ):
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
_NONE: Final[frozenset[Any]] = frozenset()


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
        self._buckets: dict[Key, tuple[Candidate, ...]] = {}
        self._by_kind: dict[str, frozenset[Any]] = {}
        self._amounts: tuple[int, ...] = ()
        self._properties: frozenset[str] = frozenset()
        self._later: tuple[tuple[datetime, Candidate], ...] = ()

    def renewed(self, gone: Iterable[Candidate], come: Iterable[Candidate], now: datetime) -> Index:
        """Return an index with other candidates; buckets that nothing changed in are shared."""
        index = Index(self._omitted)
        index._buckets = dict(self._buckets)
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
        for key in keys_of(candidate.tier, self._omitted):
            rest = [each for each in self._buckets.get(key, ()) if each is not candidate]
            if is_in:
                insort(rest, candidate, key=_BY_RANK)
            if rest:
                self._buckets[key] = tuple(rest)
            else:
                self._buckets.pop(key, None)

    def _seal(self) -> None:
        values: dict[str, set[Any]] = {}
        for key in self._buckets:
            values.setdefault(key.kind, set()).add(key.value)
        self._by_kind = {kind: frozenset(found) for kind, found in values.items()}
        self._amounts = tuple(sorted(values.get("amount", ())))
        self._properties = frozenset(name for name, _ in values.get("metadata", ()))

    def find(self, snapshot: Snapshot) -> list[Candidate]:
        """Return the candidates of a request, the newest first."""
        found: list[Candidate] = []
        is_mixed = False
        for key in self._keys(snapshot):
            bucket = self._buckets.get(key)
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

    def _keys(self, snapshot: Snapshot) -> Iterator[Key]:
        yield _ALWAYS
        order, surroundings = snapshot.order, snapshot.surroundings
        names = {name for item in order.items for name in item.product_names | item.sku_names}
        yield from (Key("article", name) for name in names)
        wanted = self._by_kind.get("collection", _NONE)
        found = snapshot.collections.touched(wanted, order.items, surroundings)
        yield from (Key("collection", collection) for collection in found)
        left = order.total_amount
        if left is not None:
            reached = self._amounts[: bisect_right(self._amounts, left)]
            yield from (Key("amount", amount) for amount in reached)
        if snapshot.customer is not None:
            yield _CUSTOMER
            yield from self._keys_of(snapshot.customer, snapshot.segments, surroundings)

    def _keys_of(
        self, customer: Customer, segments: Segments, surroundings: Surroundings
    ) -> Iterator[Key]:
        wanted = self._by_kind.get("segment", _NONE)
        found = segments.held(wanted, customer, surroundings)
        yield from (Key("segment", segment) for segment in found)
        yield from (Key("loyalty_tier", tier) for tier in customer.loyalty_tiers)
        for name in self._properties:
            value = read_field(customer, f"metadata.{name}")
            yield from (Key("metadata", (name, text)) for text in texts_of(value))


def _is_over(tier: PromotionTier, now: datetime) -> bool:
    if not (tier.is_active and tier.is_campaign_active):
        return True
    ends = (tier.validity.expiration_date, tier.campaign_validity.expiration_date)
    return any(end is not None and end < now for end in ends)


def _start(tier: PromotionTier) -> datetime | None:
    starts = (tier.validity.start_date, tier.campaign_validity.start_date)
    return max((start for start in starts if start is not None), default=None)
