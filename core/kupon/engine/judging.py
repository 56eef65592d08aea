"""One redeemable judged on its own: its checks, its rules, what it takes off.

Source: spec discounts-and-stacking, sections 3 and 9.5 to 9.7; rules-and-qualification,
sections 5, 6.9, 11 and 13.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from kupon.engine.applicability import EVERYTHING, Applicability
from kupon.engine.bundles import BundleResult, allocate
from kupon.engine.checks import refuse
from kupon.engine.discounts import STANDARD_KINDS
from kupon.engine.filters import Surroundings
from kupon.engine.formulas import Operands
from kupon.engine.giftcards import GiftCredits
from kupon.engine.model import (
    Incentive,
    PromotionTier,
    Redeemable,
    Snapshot,
    StackingRules,
    Status,
    Step,
    Voucher,
)
from kupon.engine.order import NOTHING, Order
from kupon.engine.points import PointsSpending
from kupon.engine.refusals import NO_EFFECT, Refusal
from kupon.engine.rules import Failure, Rule, Subject, violation_details
from kupon.engine.selection import Pick, select
from kupon.engine.situation import Applied, Situation
from kupon.engine.usage import past_uses


def judge(
    redeemable: Redeemable, order: Order, snapshot: Snapshot, earlier: Sequence[Step]
) -> Step:
    """Return the verdict on one redeemable, given what the ones before it left.

    Shapes: earlier are the steps so far, whose uses count for the limits of rules.
    """
    refusal = refuse(redeemable, order, snapshot.now, snapshot.timezone, snapshot.customer)
    source = redeemable.source
    if refusal is not None or source is None:
        return _refused(redeemable, order, refusal)
    subject = None
    if source.rules:
        base = base_subject(snapshot, order, redeemable.object)
        subject = particular(base, source, snapshot, earlier)
    refusal = None if subject is None else _violation(source, subject)
    if refusal is not None:
        return _refused(redeemable, order, refusal)
    surroundings = snapshot.surroundings
    bundle = bundle_of(source.rules, order, snapshot, surroundings)
    if bundle is not None and not bundle.quantity:
        return _refused(redeemable, order, _unmet_bundle(source), bundle)
    situation = situation_of(source, order, snapshot, surroundings, bundle)
    if subject is not None:
        situation = marked(situation, source.rules, subject)
    outcome = source.worth.apply(order, situation)
    if isinstance(outcome, Refusal):
        return _refused(redeemable, order, outcome, bundle)
    if subject is not None and any(rule.needs_projection for rule in source.rules):
        refusal = _violation(source, projected(subject, outcome))
        if refusal is not None:
            return _refused(redeemable, order, refusal, bundle)
    if _is_skipped(source, snapshot.rules) and not has_effect(source, order, outcome):
        return Step(
            redeemable=redeemable, status=Status.SKIPPED, before=order, after=order, skip=NO_EFFECT
        )
    return Step(
        redeemable=redeemable,
        status=Status.APPLICABLE,
        before=order,
        after=outcome.order,
        applied=outcome,
        bundle=bundle,
        covered=covered_lines(order, situation),
    )


def _refused(
    redeemable: Redeemable,
    order: Order,
    refusal: Refusal | None,
    bundle: BundleResult | None = None,
) -> Step:
    return Step(
        redeemable=redeemable,
        status=Status.INAPPLICABLE,
        before=order,
        after=order,
        refusal=refusal,
        bundle=bundle,
    )


def kind_of(source: Incentive) -> str:
    """Return the words by which error texts call an incentive (section 13.2)."""
    if isinstance(source, PromotionTier):
        return "Promotion Tier"
    if isinstance(source.worth, GiftCredits):
        return "Gift Card"
    return "Discount Coupon" if source.worth.type in STANDARD_KINDS else "Loyalty Card"


def base_subject(snapshot: Snapshot, order: Order, kind: str) -> Subject:
    """Return what the rules of every redeemable of a kind look at; the kind is the wire's name."""
    surroundings = snapshot.surroundings
    return Subject(
        moment=surroundings.moment,
        customer=snapshot.customer,
        order=order,
        initial_amount=order.initial_amount,
        object=kind,
        metadata=snapshot.metadata,
        api_keys=snapshot.api_keys,
        segments=snapshot.segments,
        collections=snapshot.collections,
        surroundings=surroundings,
    )


def particular(
    subject: Subject, source: Incentive, snapshot: Snapshot, earlier: Sequence[Step] = ()
) -> Subject:
    """Return a base subject with what is particular about one redeemable."""
    return subject.changed(
        kind=kind_of(source),
        holder_ids=source.holder_ids if isinstance(source, Voucher) else frozenset(),
        counters=past_uses(source, snapshot, earlier),
    )


def projected(subject: Subject, applied: Applied) -> Subject:
    """The subject once more, with what the incentive came to (rules-and-qualification, 11)."""
    taken = applied.order.total_discount_amount - subject.order.total_discount_amount
    return subject.changed(
        projected=applied.order,
        # Without an order credits are paid all the same.
        discounted=taken if applied.credits is None else applied.credits,
        points_used=applied.points,
    )


def _violation(source: Incentive, subject: Subject) -> Refusal | None:
    """The first rule that does not hold; one that can't be decided yet does not count."""
    for rule in source.rules:
        judgement = rule.judge(subject)
        if judgement.failure is not None:
            return _violated(rule, judgement.failure, subject.kind)
    return None


def _violated(rule: Rule, failure: Failure, kind: str) -> Refusal:
    return Refusal(
        failure.key,
        violation_details(kind, [rule.id]),
        message=failure.message,
        custom=failure.custom,
    )


def _unmet_bundle(source: Incentive) -> Refusal:
    rule = next(rule for rule in source.rules if rule.bundle is not None)
    # UNCERTAIN: the key (discounts-and-stacking, section 6).
    return Refusal(
        "order_rules_violated",
        violation_details(kind_of(source), [rule.id]),
        custom=rule.message,
    )


def bundle_of(
    rules: Sequence[Rule], order: Order, snapshot: Snapshot, surroundings: Surroundings
) -> BundleResult | None:
    """Return what the cart holds of the bundle that rules ask for; None where they ask for none."""
    for rule in rules:
        if rule.bundle is not None:
            return allocate(rule.bundle, order, snapshot.collections, surroundings)
    return None


def situation_of(
    source: Incentive,
    order: Order,
    snapshot: Snapshot,
    surroundings: Surroundings,
    bundle: BundleResult | None = None,
) -> Situation:
    """Return what an incentive may look at when it is applied to an order."""
    rules = snapshot.rules
    return Situation(
        applicability=applicability_of(source.rules),
        multiplier=bundle.quantity if bundle is not None and source.is_multiplied else 1,
        is_initial=_is_initial(source, rules),
        is_once=rules.redeemables_products_application_mode == "ONCE",
        collections=snapshot.collections,
        surroundings=surroundings,
        articles=snapshot.articles,
        operands=_Late(partial(_operands, source, snapshot, bundle)),
    )


def marked(situation: Situation, rules: Sequence[Rule], subject: Subject) -> Situation:
    """Return a situation with the lines that older rules mark as the only targets."""
    marking = [rule for rule in rules if rule.marks]
    if not marking:
        return situation
    places = frozenset(place for rule in marking for place in rule.marked_lines(subject))
    return replace(situation, places=places) if places else situation


def applicability_of(rules: Sequence[Rule]) -> Applicability:
    """Return the product lists of several rules that must all hold."""
    lists = EVERYTHING
    for rule in rules:
        if rule.applicable_to is not EVERYTHING:
            lists = rule.applicable_to if lists is EVERYTHING else lists.joined(rule.applicable_to)
    return lists


def _is_initial(source: Incentive, rules: StackingRules) -> bool:
    category = None if source.category is None else source.category.id
    if category in rules.initial_amount_mode_categories:
        return True
    if category in rules.discounted_amount_mode_categories:
        return False
    return rules.discount_calculation_mode == "INITIAL_AMOUNT"


class _Late:
    """Operands that are put together when a formula first asks, and kept.

    It costs a tenth of what functools.cache costs for an incentive without formulas.
    """

    __slots__ = ("_kept", "_make")

    def __init__(self, make: Callable[[], Operands]) -> None:
        self._make = make
        self._kept: Operands | None = None

    def __call__(self) -> Operands:
        if self._kept is None:
            self._kept = self._make()
        return self._kept


def _operands(source: Incentive, snapshot: Snapshot, bundle: BundleResult | None) -> Operands:
    customer = snapshot.customer
    profile: Mapping[str, Any] = NOTHING if customer is None else customer.profile
    facts: dict[str, Any] = {}
    if isinstance(source, Voucher):
        facts = {
            "redemption_quantity": source.quantity,
            "redeemed_quantity": source.redeemed_quantity,
            "publish_count": source.publish_count,
            "publication_metadata": source.publication_metadata,
        }
    return Operands(
        now=snapshot.now,
        timezone=snapshot.timezone,
        customer_metadata=profile.get("metadata") or NOTHING,
        customer_birthdate=profile.get("birthdate"),
        order_metadata=snapshot.order.metadata,
        redemption_metadata=snapshot.metadata,
        redeemable_metadata=source.metadata,
        start_date=source.validity.start_date,
        expiration_date=source.validity.expiration_date,
        bundle_quantity=None if bundle is None else bundle.quantity,
        **facts,
    )


def has_effect(source: Incentive, before: Order, applied: Applied) -> bool:
    """Whether applying an incentive changed discounts, quantities or a balance (section 9.7)."""
    if applied.credits:
        return True
    if applied.points and isinstance(source.worth, PointsSpending):
        return True
    return applied.order.differs_from(before)


def _is_skipped(source: Incentive, rules: StackingRules) -> bool:
    """Whether an incentive without effect is passed over rather than used up."""
    category = None if source.category is None else source.category.id
    if category in rules.no_effect_skip_categories:
        return True
    if category in rules.no_effect_redeem_anyway_categories:
        return False
    return rules.redeemables_no_effect_rule == "SKIP"


def covered_lines(order: Order, situation: Situation) -> tuple[Pick, ...]:
    """Return the lines that product lists name, for answers; none where there are no lists."""
    if situation.applicability is EVERYTHING:
        return ()
    return tuple(select(order, situation))
