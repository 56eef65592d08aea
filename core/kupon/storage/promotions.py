"""A project's tiers compiled and indexed, renewed by what changed of them.

Source: performance.md, lesson 3 (promotions behind an index over their cheap conditions).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from kupon.engine.candidates import Candidate, Index
from kupon.engine.model import Category
from kupon.engine.rules import Omitted
from kupon.storage.programmes import Programmes, tier_to_engine
from kupon.storage.queries.promotions import TierFacts


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A tier with what it was compiled from, to tell whether that is still the same."""

    facts: TierFacts
    candidate: Candidate


@dataclass(frozen=True, slots=True)
class Promotions:
    """The tiers of a project as candidates for qualification.

    Shapes: indexes by the rules that are not asked; one is made when a scenario first asks, from
        then on each renewed state has it too. programmes and categories are what it was compiled
        from.
    """

    programmes: Programmes = field(default_factory=Programmes)
    categories: Mapping[str, Category] = field(default_factory=dict)
    compiled: Mapping[str, _Compiled] = field(default_factory=dict)
    indexes: dict[Omitted, Index] = field(default_factory=dict)

    def index(self, omitted: Omitted, now: datetime) -> Index:
        """The index for one way of asking."""
        index = self.indexes.get(omitted)
        if index is None:
            candidates = [each.candidate for each in self.compiled.values()]
            index = Index(omitted).renewed((), candidates, now)
            # Threads may build it twice; either is right.
            self.indexes[omitted] = index
        return index

    def candidate(self, tier_id: str) -> Candidate | None:
        """The candidate of a tier, or None."""
        found = self.compiled.get(tier_id)
        return None if found is None else found.candidate


def compile_promotions(
    programmes: Programmes,
    categories: Mapping[str, Category],
    known: Promotions,
    now: datetime,
) -> Promotions:
    """Compile what is new or changed; what stayed is taken over.

    Shapes:  known is the state before, empty at first.
    """
    compiled = dict(known.compiled)
    gone = [compiled.pop(tier_id) for tier_id in compiled.keys() - programmes.tiers.keys()]
    come = []
    for tier_id in _suspects(programmes, categories, known):
        before = compiled.get(tier_id)
        after = _compile(programmes.tiers[tier_id], programmes, categories, before)
        if after is not before:
            compiled[tier_id] = after
            come.append(after.candidate)
            gone += [] if before is None else [before]
    if not (gone or come):
        return known
    left = [each.candidate for each in gone]
    indexes = {omitted: index.renewed(left, come, now) for omitted, index in known.indexes.items()}
    return Promotions(programmes, categories, compiled, indexes)


def _suspects(
    programmes: Programmes, categories: Mapping[str, Category], known: Promotions
) -> Iterable[str]:
    """The tiers that may have to be compiled anew."""
    tiers = programmes.tiers
    if categories != known.categories:
        return tiers
    before = known.programmes.tiers
    found = {tier_id for tier_id, facts in tiers.items() if before.get(tier_id) is not facts}
    related = _with_other_rules(programmes, known.programmes)
    if related:
        found |= {
            tier_id
            for tier_id, facts in tiers.items()
            if ("promotion_tier", tier_id) in related or ("campaign", facts.campaign.id) in related
        }
    return found


def _with_other_rules(programmes: Programmes, known: Programmes) -> set[tuple[str, str]]:
    """What has another rule than before, by type and id, or a renewed one."""
    if programmes.rules is known.rules and programmes.assigned is known.assigned:
        return set()
    return {
        related
        for related in programmes.assigned.keys() | known.assigned.keys()
        if programmes.rule_of(related) is not known.rule_of(related)
    }


def _compile(
    facts: TierFacts,
    programmes: Programmes,
    categories: Mapping[str, Category],
    known: _Compiled | None,
) -> _Compiled:
    rules = programmes.rules_of("promotion_tier", facts.id, facts.campaign.id)
    category = categories.get(facts.effective_category_id or "")
    if known is not None and known.facts is facts:
        tier = known.candidate.tier
        # Rules compare by identity: a renewed one is another.
        if tier.category == category and tier.rules == rules:
            return known
    tier = tier_to_engine(facts, rules, category)
    return _Compiled(facts=facts, candidate=Candidate(tier=tier, created_at=facts.created_at))
