"""A project's rules, tiers and stacks, compiled for the engine and kept up to date piece by piece.

There may be ten thousand tiers, so one changed tier must not cost reading and compiling them all:
a newer copy shares whatever stayed with the older one.

Source: performance.md, lesson 3; rules-and-qualification, sections 3 and 9.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

import orjson

from kupon.engine.metadata import MetadataSchemas, type_of
from kupon.engine.model import Category, PromotionTier
from kupon.engine.rules import Counter, Rule, parse_stored_rule
from kupon.engine.usage import is_of_campaign
from kupon.storage.queries.projects import Change
from kupon.storage.queries.promotions import StackFacts, TierFacts, load_stacks, load_tiers
from kupon.storage.queries.validation_rules import (
    find_campaigns_of_codes,
    load_assignments,
    load_rules,
)
from kupon.storage.stored_definitions import read_discount, read_validity
from kupon.storage.uow import UnitOfWork

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Programmes:
    """Everything that is compiled once per change.

    Shapes: rules by id; assigned gives the rule's id by type and id of what has it, codes
        excepted: theirs are read with each code; tiers and stacks by id; campaign_counters by
        campaign, where not the campaign's own rule but that of a code or tier counts in it.
    """

    rules: Mapping[str, Rule] = field(default_factory=dict)
    assigned: Mapping[tuple[str, str], str] = field(default_factory=dict)
    tiers: Mapping[str, TierFacts] = field(default_factory=dict)
    stacks: Mapping[str, StackFacts] = field(default_factory=dict)
    campaign_counters: Mapping[str, frozenset[Counter]] = field(default_factory=dict)

    @cached_property
    def asks_for_tiers(self) -> bool:
        """Whether any rule asks for the loyalty tiers that a customer is in."""
        return any("customer.loyalty.tier" in rule.names for rule in self.rules.values())

    def counted_in(self, campaign_id: str | None) -> frozenset[Counter]:
        """The counters of a campaign that rules of some of its codes or tiers look at."""
        if campaign_id is None:
            return _NO_COUNTERS
        return self.campaign_counters.get(campaign_id, _NO_COUNTERS)

    def rules_of(self, kind: str, object_id: str, campaign_id: str | None) -> tuple[Rule, ...]:
        """The rules that an object must satisfy: its own and its campaign's."""
        return self.named_rules(
            self.assigned.get((kind, object_id)), self.campaign_rule(campaign_id)
        )

    def named_rules(self, *names: str | None) -> tuple[Rule, ...]:
        """Those of the named rules that there are."""
        return tuple(self.rules[name] for name in names if name is not None and name in self.rules)

    def rule_of(self, related: tuple[str, str]) -> Rule | None:
        """The rule that is assigned to an object, by its type and id; None without one."""
        return self.rules.get(self.assigned.get(related, ""))

    def campaign_rule(self, campaign_id: str | None) -> str | None:
        """The id of a campaign's rule; None where it has none or there is no campaign."""
        return None if campaign_id is None else self.assigned.get(("campaign", campaign_id))


def load_programmes(
    uow: UnitOfWork,
    schemas: MetadataSchemas,
    known: Programmes | None,
    changes: Sequence[Change] | None,
) -> Programmes:
    """Read everything, or what changed since the known state.

    Shapes:  schemas say as what rules compare metadata; changes is None where it is not known
        what changed.
    """
    if known is None or changes is None:
        return _load_all(uow, schemas)
    by_kind: dict[str, list[str]] = {}
    for kind, object_id in changes:
        by_kind.setdefault(kind, []).append(object_id)
    renewed = Programmes(
        rules=_renewed_rules(uow, schemas, known.rules, by_kind),
        assigned=_renewed_assignments(uow, known.assigned, by_kind),
        tiers=_renewed_tiers(uow, known.tiers, by_kind),
        stacks=_renewed_stacks(uow, known.stacks, by_kind),
    )
    return replace(renewed, campaign_counters=_campaign_counters(uow, renewed))


def _load_all(uow: UnitOfWork, schemas: MetadataSchemas) -> Programmes:
    loaded = Programmes(
        rules=_compiled(load_rules(uow), schemas),
        assigned=load_assignments(uow),
        tiers={tier.id: tier for tier in load_tiers(uow)},
        stacks={stack.id: stack for stack in load_stacks(uow)},
    )
    return replace(loaded, campaign_counters=_campaign_counters(uow, loaded))


_NO_COUNTERS: frozenset[Counter] = frozenset()


def _campaign_counters(uow: UnitOfWork, loaded: Programmes) -> dict[str, frozenset[Counter]]:
    counting = {
        rule.id: counters
        for rule in loaded.rules.values()
        if rule.counters and (counters := _of_campaign(rule))
    }
    if not counting:
        return {}
    found: dict[str, frozenset[Counter]] = {}
    pairs = find_campaigns_of_codes(uow, list(counting))
    pairs += [
        (loaded.tiers[object_id].campaign.id, rule_id)
        for (kind, object_id), rule_id in loaded.assigned.items()
        if kind == "promotion_tier" and rule_id in counting and object_id in loaded.tiers
    ]
    for campaign_id, rule_id in pairs:
        found[campaign_id] = found.get(campaign_id, _NO_COUNTERS) | counting[rule_id]
    return found


def _of_campaign(rule: Rule) -> frozenset[Counter]:
    return frozenset(counter for counter in rule.counters if is_of_campaign(counter))


def _compiled(
    definitions: Mapping[str, Mapping[str, Any]], schemas: MetadataSchemas
) -> dict[str, Rule]:
    types = partial(type_of, schemas)
    rules = {
        rule_id: parse_stored_rule(rule_id, definition, types=types)
        for rule_id, definition in definitions.items()
    }
    for rule in rules.values():
        for fault in rule.faults:
            # Written by another version, or by a plugin that is no longer there.
            _log.error("rule %s lets nobody through: %s", rule.id, fault)
    return rules


def _renewed_rules(
    uow: UnitOfWork,
    schemas: MetadataSchemas,
    known: Mapping[str, Rule],
    by_kind: Mapping[str, Sequence[str]],
) -> Mapping[str, Rule]:
    if "metadata_schema" in by_kind:
        return _compiled(load_rules(uow), schemas)
    changed = by_kind.get("validation_rule", ())
    if not changed:
        return known
    kept = {rule_id: rule for rule_id, rule in known.items() if rule_id not in set(changed)}
    return kept | _compiled(load_rules(uow, changed), schemas)


def _renewed_assignments(
    uow: UnitOfWork, known: Mapping[tuple[str, str], str], by_kind: Mapping[str, Sequence[str]]
) -> Mapping[tuple[str, str], str]:
    changed = {
        (kind, object_id)
        for change in by_kind.get("validation_rules_assignment", ())
        for kind, _, object_id in [change.partition(" ")]
    }
    if not changed:
        return known
    kept = {related: rule_id for related, rule_id in known.items() if related not in changed}
    return kept | load_assignments(uow, sorted(object_id for _, object_id in changed))


def _renewed_tiers(
    uow: UnitOfWork, known: Mapping[str, TierFacts], by_kind: Mapping[str, Sequence[str]]
) -> Mapping[str, TierFacts]:
    tier_ids = set(by_kind.get("promotion_tier", ()))
    campaign_ids = set(by_kind.get("campaign", ()))
    if not (tier_ids or campaign_ids):
        return known
    kept = {
        tier_id: tier
        for tier_id, tier in known.items()
        if tier_id not in tier_ids and tier.campaign.id not in campaign_ids
    }
    renewed = load_tiers(uow, tier_ids=sorted(tier_ids), campaign_ids=sorted(campaign_ids))
    return kept | {tier.id: tier for tier in renewed}


def _renewed_stacks(
    uow: UnitOfWork, known: Mapping[str, StackFacts], by_kind: Mapping[str, Sequence[str]]
) -> Mapping[str, StackFacts]:
    if not (by_kind.get("promotion_stack") or by_kind.get("campaign")):
        return known
    return {stack.id: stack for stack in load_stacks(uow)}


def tier_to_engine(
    facts: TierFacts, rules: tuple[Rule, ...], category: Category | None
) -> PromotionTier:
    """The tier as the engine judges it."""
    return PromotionTier(
        id=facts.id,
        worth=read_discount(orjson.dumps(facts.discount)),
        validity=read_validity(facts),
        campaign_validity=read_validity(facts.campaign),
        is_active=facts.is_active,
        is_campaign_active=facts.campaign.is_active,
        category=category,
        campaign_id=facts.campaign.id,
        rules=rules,
        metadata=facts.tier_metadata,
    )
