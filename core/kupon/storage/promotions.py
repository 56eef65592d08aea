"""A project's tiers compiled and indexed, renewed by what changed of them.

Source: performance.md, lesson 3 (promotions behind an index over their cheap conditions).
"""

from __future__ import annotations

from collections.abc import Mapping
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
        then on each renewed state has it too.
    """

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
    compiled = {
        tier_id: _compile(facts, programmes, categories, known.compiled.get(tier_id))
        for tier_id, facts in programmes.tiers.items()
    }
    gone = [
        each.candidate
        for tier_id, each in known.compiled.items()
        if compiled.get(tier_id) is not each
    ]
    come = [
        each.candidate
        for tier_id, each in compiled.items()
        if known.compiled.get(tier_id) is not each
    ]
    if not (gone or come):
        return known
    indexes = {omitted: index.renewed(gone, come, now) for omitted, index in known.indexes.items()}
    return Promotions(compiled=compiled, indexes=indexes)


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
