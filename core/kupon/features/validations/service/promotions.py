"""The older calls on promotion tiers: each alone on the cart, nothing is kept.

Source: spec rules-and-qualification, section 14.7 (which rules are the audience's).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from kupon.engine.definitions import DefinitionError
from kupon.engine.filters import Filter, parse_filter, read_path
from kupon.engine.judging import base_subject
from kupon.engine.model import Incentive, Redeemable, Snapshot, Step
from kupon.engine.qualify import Scenario, first_look, scenario_of, second_look
from kupon.engine.rules import NOTHING
from kupon.engine.situation import Article
from kupon.features.customers import service as customers
from kupon.features.validations import schemas
from kupon.features.validations.service.evaluation import (
    assemble,
    read_asked_counters,
)
from kupon.features.validations.service.incentives import find_articles
from kupon.features.validations.service.loading import Loaded, load, snapshot_of
from kupon.features.validations.service.telling import tell
from kupon.features.validations.service.validate import dump_order_of, dump_root_order, new_id
from kupon.kit.errors import KuponError, not_found
from kupon.storage.queries.campaign_access import visibility
from kupon.storage.queries.keys import ProjectFacts
from kupon.storage.queries.promotions import TierFacts
from kupon.storage.uow import UnitOfWork

Body = Mapping[str, Any]

_AUDIENCE: Final = scenario_of("AUDIENCE_ONLY")
_EVERY_RULE: Final = Scenario(name="VALIDATION", omitted=NOTHING, needs_bundle=True)


def validate_tier(
    uow: UnitOfWork, project: ProjectFacts, api_key: str, tier_id: str, body: Body
) -> dict[str, Any]:
    """What one tier would take off.

    Raises:  not_found for the tier, or for a customer or order id.
    """
    request = {**body, "redeemables": [{"object": "promotion_tier", "id": tier_id}]}
    case = assemble(uow, project, api_key, request)
    (step,) = case.evaluation.steps
    facts = case.facts_of(step.redeemable)
    if not isinstance(facts, TierFacts) or step.redeemable.source is None:
        raise not_found("promotion_tier", tier_id)
    tell(uow, case, new_id())
    flat: dict[str, Any] = {
        "valid": case.evaluation.is_valid,
        "tracking_id": case.tracking_id or customers.new_tracking_id(),
    }
    tier = _dump_tier(facts, case)
    if step.applied is None:
        error = _error_of(step, uow.request_id or "")
        return flat | schemas.dump_refused_tier(tier, facts, error)
    source, articles = step.redeemable.source, case.snapshot.articles
    order = dump_root_order(case)
    return flat | schemas.dump_applied_tier(tier, facts, source, step, articles, order)


def _dump_tier(facts: TierFacts, loaded: Loaded) -> dict[str, Any]:
    return schemas.dump_tier(facts, loaded.definitions.category(facts.campaign.category_id))


def _error_of(step: Step, request_id: str) -> dict[str, Any]:
    if step.refusal is not None:
        error = schemas.refusal_error(step.redeemable, step.refusal)
    else:
        error = KuponError("redeemables_skipped", message=step.skip.message if step.skip else None)
    return error.body() | {"request_id": request_id}


def validate_promotions(
    uow: UnitOfWork, project: ProjectFacts, api_key: str, query: Body, body: Body
) -> dict[str, Any]:
    """Every tier that applies to the cart, the first of each campaign's hierarchy first.

    Raises:  invalid_query_params for a filter that makes no sense; not_found for a customer or
        order id.
    """
    chosen = _read_filter(query.get("filters") or {})
    scenario = _AUDIENCE if query.get("audience_rules_only") else _EVERY_RULE
    loaded = load(uow, project, api_key, body)
    search = _Search(uow, loaded, scenario, chosen)
    found = sorted(search.found(), key=_rank)
    tracking_id = loaded.tracking_id or customers.new_tracking_id()
    told = {"valid": "true", "tracking_id": tracking_id}
    return {
        "valid": bool(found),
        "promotions": [told | _dump_found(each, search.articles, loaded) for each in found],
        "tracking_id": tracking_id,
    }


@dataclass(frozen=True, slots=True)
class _Found:
    """A tier that applies."""

    facts: TierFacts
    source: Incentive
    step: Step


def _rank(found: _Found) -> tuple[int, str, str]:
    facts = found.facts
    return facts.hierarchy, facts.campaign_id, facts.id


def _dump_found(found: _Found, articles: Mapping[str, Article], loaded: Loaded) -> dict[str, Any]:
    facts, step = found.facts, found.step
    order = dump_order_of(loaded, step.before, step.after)
    tier = _dump_tier(facts, loaded) | _categories(facts, loaded)
    return schemas.dump_applied_tier(tier, facts, found.source, step, articles, order)


def _categories(facts: TierFacts, loaded: Loaded) -> dict[str, Any]:
    category = loaded.definitions.category(facts.effective_category_id)
    if category is None:
        return {}
    named = {"category_id": category["id"]}
    is_expanded = "category" in ((loaded.body.get("options") or {}).get("expand") or ())
    return named | {"categories": category} if is_expanded else named


class _Search:
    """One request's way through all tiers."""

    def __init__(self, uow: UnitOfWork, loaded: Loaded, scenario: Scenario, chosen: Filter) -> None:
        self._uow = uow
        self._loaded = loaded
        self._scenario = scenario
        self._chosen = chosen
        self._is_visible = visibility(uow)
        self.articles: Mapping[str, Article] = {}

    def found(self) -> Iterator[_Found]:
        """What applies."""
        uow, loaded, scenario = self._uow, self._loaded, self._scenario
        snapshot = snapshot_of(uow, loaded, (), {}, is_about_segments=True)
        tiers = list(self._tiers(snapshot))
        redeemables = [redeemable for redeemable, _ in tiers]
        counters = read_asked_counters(uow, loaded, redeemables, scenario.omitted)
        snapshot = replace(snapshot, counters=counters)
        base = base_subject(snapshot, snapshot.order, "promotion_tier")
        looks = [(first_look(each, snapshot, scenario, base), facts) for each, facts in tiers]
        promising = [(seen, facts) for seen, facts in looks if seen is not None]
        self.articles = find_articles(uow, [seen.redeemable for seen, _ in promising])
        snapshot = replace(snapshot, articles=self.articles)
        for seen, facts in promising:
            qualified = second_look(seen, snapshot, scenario)
            if qualified is not None:
                yield _Found(facts, seen.source, qualified.step)

    def _tiers(self, snapshot: Snapshot) -> Iterator[tuple[Redeemable, TierFacts]]:
        definitions = self._loaded.definitions
        index = definitions.promotions.index(self._scenario.omitted, snapshot.now)
        for candidate in index.find(snapshot):
            tier = candidate.tier
            facts = definitions.programmes.tiers[tier.id]
            if self._is_visible(facts.campaign_id) and self._is_chosen(facts, snapshot):
                yield Redeemable(object="promotion_tier", id=tier.id, source=tier), facts

    def _is_chosen(self, facts: TierFacts, snapshot: Snapshot) -> bool:
        known = {"promotion_id": facts.id, "metadata": facts.tier_metadata}
        return self._chosen.matches(lambda name: read_path(known, name), snapshot.surroundings)


def _read_filter(sent: Body) -> Filter:
    """The filters of a query; those of metadata stand under the names of its keys."""
    flat = {f"metadata.{name}": node for name, node in (sent.get("metadata") or {}).items()}
    if "promotion_id" in sent:
        flat["promotion_id"] = sent["promotion_id"]
    try:
        return parse_filter(flat, ".filters", lambda _: "any", "invalid_query_params")
    except DefinitionError as error:
        raise KuponError(error.key, error.details) from None
