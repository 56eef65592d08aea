"""The verb "qualify": what could this customer use for this cart, each incentive on its own?

Source: spec rules-and-qualification, sections 14.2 to 14.4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Final

from kupon.engine.bundles import BundleResult
from kupon.engine.checks import refuse
from kupon.engine.discounts.effects import APPLY_TO_ORDER, effect_in
from kupon.engine.judging import (
    bundle_of,
    covered_lines,
    marked,
    particular,
    projected,
    situation_of,
)
from kupon.engine.model import Incentive, PromotionTier, Redeemable, Snapshot, Status, Step
from kupon.engine.refusals import Refusal
from kupon.engine.rules import Omitted, Subject, omitted_by
from kupon.engine.rules.omissions import IGNORED
from kupon.engine.selection import select
from kupon.engine.situation import Applied, Situation
from kupon.kit.lean import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One way of asking.

    Shapes: omitted are the names of rules that are not asked; is_about_products wants a line of
        the cart to be named by the rule or its lists, is_about_discounts one that the discount
        itself is for.
    """

    name: str
    omitted: Omitted
    needs_bundle: bool = False
    is_about_products: bool = False
    is_about_discounts: bool = False
    has_campaigns: bool = True
    has_tiers: bool = True
    has_standalone: bool = True
    has_held: bool = True
    has_stacks: bool = False


def scenario_of(name: str, ignored: frozenset[str] = IGNORED) -> Scenario:
    """Return the scenario of a name.

    Shapes: ignored are the rules that the project's qualification never asks.
    Source: spec rules-and-qualification, table 14.3.
    """
    return Scenario(name=name, omitted=omitted_by(name, ignored), **_TRAITS[name])


_TRAITS: Final[Mapping[str, Mapping[str, bool]]] = {
    "ALL": {"needs_bundle": True},
    "CUSTOMER_WALLET": {
        "needs_bundle": True,
        "has_campaigns": False,
        "has_tiers": False,
        "has_standalone": False,
    },
    "AUDIENCE_ONLY": {},
    "PRODUCTS": {"is_about_products": True},
    "PRODUCTS_BY_CUSTOMER": {"is_about_products": True},
    "PRODUCTS_DISCOUNT": {"is_about_discounts": True},
    "PRODUCTS_DISCOUNT_BY_CUSTOMER": {"is_about_discounts": True},
    "PROMOTION_STACKS": {
        "needs_bundle": True,
        "has_campaigns": False,
        "has_tiers": False,
        "has_standalone": False,
        "has_held": False,
        "has_stacks": True,
    },
}
SCENARIOS: Final = tuple(_TRAITS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Qualified:
    """An incentive that qualifies.

    Shapes: omitted are the top-level labels of the nodes that were not asked, by rule; a rule
        without any holds for certain.
    """

    step: Step
    omitted: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of all rules, each once."""
        return tuple(dict.fromkeys(label for labels in self.omitted.values() for label in labels))


@dataclass(frozen=True, slots=True, kw_only=True)
class Promising:
    """An incentive whose checks and rules hold, before its effect is looked at."""

    redeemable: Redeemable
    source: Incentive
    subject: Subject | None
    bundle: BundleResult | None
    omitted: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def first_look(
    redeemable: Redeemable,
    snapshot: Snapshot,
    scenario: Scenario,
    base: Subject,
    earlier: Sequence[Step] = (),
    *,
    is_promising: bool = False,
) -> Promising | None:
    """Return an incentive if its own checks and its rules allow it, else None.

    Shapes: most candidates fail here, so nothing is calculated yet; base is the subject of all
        redeemables of this one's kind; earlier are the steps of a stack before this one;
        is_promising says that `candidates.promising` has let it through.
    """
    source = redeemable.source
    order, customer = snapshot.order, snapshot.customer
    if source is None or refuse(redeemable, order, snapshot.now, snapshot.timezone, customer):
        return None
    if not source.rules:
        if scenario.is_about_products:
            return None
        return Promising(redeemable=redeemable, source=source, subject=None, bundle=None)
    is_plain = _is_plain(source)
    subject = base if is_plain else particular(base, source, snapshot, earlier)
    if not (is_promising and is_plain) and not _hold(source, subject, scenario):
        return None
    bundle = bundle_of(source.rules, snapshot.order, snapshot, subject.surroundings)
    if scenario.needs_bundle and bundle is not None and not bundle.quantity:
        return None
    if scenario.is_about_products and not _names_lines(source, subject, snapshot):
        return None
    return Promising(
        redeemable=redeemable,
        source=source,
        subject=subject,
        bundle=bundle,
        omitted=_left_out(source, scenario),
    )


def _is_plain(source: Incentive) -> bool:
    """Whether rules look at nothing that is particular about the incentive."""
    has_counters = [rule for rule in source.rules if rule.counters]
    return isinstance(source, PromotionTier) and not has_counters


def _hold(source: Incentive, subject: Subject, scenario: Scenario) -> bool:
    return all(rule.judge(subject, scenario.omitted).failure is None for rule in source.rules)


def _left_out(source: Incentive, scenario: Scenario) -> dict[str, tuple[str, ...]]:
    """The labels that were not asked, by rule."""
    return {rule.id: labels for rule in source.rules if (labels := rule.left_out(scenario.omitted))}


def _names_lines(source: Incentive, subject: Subject, snapshot: Snapshot) -> bool:
    if any(rule.names_lines(subject) for rule in source.rules):
        return True
    situation = situation_of(source, snapshot.order, snapshot, subject.surroundings)
    return bool(covered_lines(snapshot.order, situation))


def second_look(promising: Promising, snapshot: Snapshot, scenario: Scenario) -> Qualified | None:
    """Return what a promising incentive comes to, or None if its effect rules it out.

    Shapes: the snapshot has the articles that the incentive may put into the cart.
    """
    source, subject, order = promising.source, promising.subject, snapshot.order
    surroundings = snapshot.surroundings
    situation = situation_of(source, order, snapshot, surroundings, promising.bundle)
    if subject is not None:
        situation = marked(situation, source.rules, subject)
    if scenario.is_about_discounts and not _is_for_lines(source, snapshot, situation):
        return None
    outcome = source.worth.apply(order, situation)
    if isinstance(outcome, Refusal):
        return None
    if subject is not None and not _holds_after(source, subject, outcome, scenario):
        return None
    step = Step(
        redeemable=promising.redeemable,
        status=Status.APPLICABLE,
        before=order,
        after=outcome.order,
        applied=outcome,
        bundle=promising.bundle,
        covered=covered_lines(order, situation),
    )
    return Qualified(step=step, omitted=promising.omitted)


def _is_for_lines(source: Incentive, snapshot: Snapshot, situation: Situation) -> bool:
    """Whether an item-level discount is for some line of the cart (scenario PRODUCTS_DISCOUNT)."""
    unit_types = getattr(source.worth, "unit_types", None)
    if unit_types is not None:
        names = {
            name for item in snapshot.order.items for name in item.product_names | item.sku_names
        }
        return not names.isdisjoint(unit_types)
    if effect_in(source.worth.effect, situation) == APPLY_TO_ORDER:
        return False
    return bool(select(snapshot.order, situation))


def _holds_after(source: Incentive, subject: Subject, applied: Applied, scenario: Scenario) -> bool:
    if not [rule for rule in source.rules if rule.needs_projection]:
        return True
    return _hold(source, projected(subject, applied), scenario)
