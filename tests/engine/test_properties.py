"""What holds for every order, every stack of incentives and all stacking rules, tried at random.

`pytest tests/engine -m fuzz` tries 10,000 of each instead of 500, in several parts because a test
that takes minutes counts as one that hangs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.engine import strategies as drawn
from tests.engine.asking import NOW, ZONE, Definition, answered, cart, rule, verdict
from tests.engine.reference import positions, within_limits

from kupon.engine import redeem, rollback
from kupon.engine.cart import build_order
from kupon.engine.discounts import parse_discount
from kupon.engine.discounts.amount import AmountDiscount
from kupon.engine.discounts.percent import PercentDiscount
from kupon.engine.discounts.replacing import ReplaceDiscount
from kupon.engine.discounts.unit import UnitDiscount
from kupon.engine.model import Evaluation, Redeemable, Snapshot, StackingRules, Status, Step
from kupon.engine.order import Item, Order
from kupon.engine.rollback import RedeemedOrder
from kupon.engine.selection import limited, select
from kupon.engine.situation import Applied, Situation
from kupon.engine.stacking import stacking_type
from kupon.engine.stored import moments, restore_order
from kupon.engine.validate import evaluate
from kupon.engine.values import NO_VALUE, Value
from kupon.kit.money import split

PARTIAL = StackingRules(redeemables_application_mode="PARTIAL", applicable_redeemables_limit=30)
quick = settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
PARTS = 5
long = settings(quick, max_examples=10_000 // PARTS)
Proof = Callable[..., None]
PROOFS: list[tuple[Proof, dict[str, Any]]] = []


EVALUATION_PROOFS: list[Callable[[Evaluation], None]] = []


def always(**strategies: Any) -> Callable[[Proof], Proof]:
    """What is proven, with what its arguments are drawn from."""

    def register(proof: Proof) -> Proof:
        PROOFS.append((proof, strategies))
        return proof

    return register


def of_evaluations(proof: Callable[[Evaluation], None]) -> Callable[[Evaluation], None]:
    """What is proven of every evaluation; all of it of the same ones, which take long to draw."""
    EVALUATION_PROOFS.append(proof)
    return proof


def evaluated(
    order: Order, redeemables: Sequence[Redeemable], rules: StackingRules = PARTIAL
) -> Evaluation:
    return evaluate(
        Snapshot(
            now=NOW,
            timezone=ZONE,
            order=order,
            redeemables=tuple(redeemables),
            rules=rules,
            collections=drawn.COLLECTIONS,
            articles={name: each for each in drawn.ARTICLES for name in each.names},
        )
    )


def order_of(body: Mapping[str, Any]) -> Order:
    return build_order(body, drawn.PRICES)


orders = drawn.bodies.map(order_of)
evaluations = st.builds(evaluated, orders, drawn.stacks(), drawn.stacking_rules)


# ---- section 2.2: the figures ------------------------------------------------------------
@of_evaluations
def figures_hold(evaluation: Evaluation) -> None:
    pairs = [(step.after, step.before) for step in evaluation.steps]
    for order, since in [*pairs, (evaluation.end, evaluation.start)]:
        printed = answered(order, since)
        number, items = defaultdict(int, printed), printed["items"]
        for kind in ("", "applied_"):
            assert number[f"items_{kind}discount_amount"] == sum(
                item.get(f"{kind}discount_amount", 0) for item in items
            )
            parts = number[f"{kind}discount_amount"] + number[f"items_{kind}discount_amount"]
            assert number[f"total_{kind}discount_amount"] == parts
        assert 0 <= number["applied_discount_amount"] <= number["discount_amount"]
        assert ("total_amount" in printed) == ("amount" in printed)
        left = number["amount"] - number["total_discount_amount"]
        assert number["total_amount"] == max(0, left)
        for item in items:
            line_figures_hold(item)


def line_figures_hold(item: Mapping[str, Any]) -> None:
    off, amount = item.get("discount_amount", 0), item.get("amount", 0)
    assert 0 <= off <= amount
    assert item.get("subtotal_amount", 0) == amount - off
    assert 0 <= item.get("discount_quantity", 0) <= item.get("quantity", 0)


@of_evaluations
def steps_add_up(evaluation: Evaluation) -> None:
    root = answered(evaluation.end, evaluation.start)
    steps = [answered(step.after, step.before) for step in evaluation.steps]
    for name in ("applied", "items_applied", "total_applied"):
        key = f"{name}_discount_amount"
        assert sum(step.get(key, 0) for step in steps) == root.get(key, 0)
    order = evaluation.start
    for step in evaluation.steps:
        assert step.before is order
        order = step.after
    assert evaluation.end is order


@of_evaluations
def order_level_discounts_stop_at_what_is_left(evaluation: Evaluation) -> None:
    for step in evaluation.steps:
        taken = step.after.discount_amount - step.before.discount_amount
        assert 0 <= taken <= (step.before.total_amount or 0)


@of_evaluations
def lines_come_and_go_with_their_amounts(evaluation: Evaluation) -> None:
    for step in evaluation.steps:
        before, after = step.before, step.after
        moved = _sum_of(after.items) - _sum_of(before.items)
        assert (after.amount or 0) - (before.amount or 0) == moved
        assert after.initial_amount == evaluation.start.initial_amount
        if not _is_of_units(step):
            assert [_units(item) for item in after.items] == [_units(item) for item in before.items]
            assert all(_taken(step, place) >= 0 for place in range(len(after.items)))


def _sum_of(items: Sequence[Item]) -> int:
    return sum(item.amount or 0 for item in items)


def _is_of_units(step: Step) -> bool:
    return isinstance(drawn.voucher_of(step.redeemable).worth, UnitDiscount | ReplaceDiscount)


def _units(item: Item) -> tuple[int | None, int | None, int]:
    return item.quantity, item.amount, item.discount_quantity


def _taken(step: Step, place: int) -> int:
    return step.after.items[place].discount_amount - step.before.items[place].discount_amount


# ---- sections 4.3 and 5: lists and limits ------------------------------------------------
@of_evaluations
def limits_are_never_exceeded(evaluation: Evaluation) -> None:
    for step in evaluation.having(Status.APPLICABLE):
        if not _is_of_units(step) and step.after.items:
            own, aggregated = _limits(step)
            places = range(len(step.after.items))
            taken = [_taken(step, place) for place in places]
            _keeps(aggregated, sum(taken))
            for off in taken:
                _keeps(own, off)
            _lists_are_kept(step, taken)


def _limits(step: Step) -> tuple[Value, Value]:
    worth = drawn.voucher_of(step.redeemable).worth
    if isinstance(worth, PercentDiscount):
        return worth.amount_limit, worth.aggregated_amount_limit
    aggregated = worth.aggregated_amount_limit if isinstance(worth, AmountDiscount) else NO_VALUE
    return NO_VALUE, aggregated


def _keeps(limit: Value, off: int) -> None:
    if limit.formula is None and limit.static is not None:
        assert off <= limit.static


def _lists_are_kept(step: Step, taken: Sequence[int]) -> None:
    """Nothing comes off lines that the lists leave out, and each entry's limits hold."""
    if not drawn.voucher_of(step.redeemable).rules:
        return
    by_entry: dict[int, list[int]] = {}
    if any(rule.applicable_to.listed for rule in drawn.voucher_of(step.redeemable).rules):
        covered = {pick.place for pick in step.covered}
        assert all(place in covered for place, off in enumerate(taken) if off)
    for pick in step.covered:
        if pick.entry is not None:
            by_entry.setdefault(id(pick.entry), []).append(taken[pick.place])
            _keeps(pick.entry.amount_limit, taken[pick.place])
            _keeps(pick.entry.aggregated_amount_limit, sum(by_entry[id(pick.entry)]))


situations = st.builds(
    lambda lists: Situation(
        applicability=rule(applicable_to=lists).applicable_to, collections=drawn.COLLECTIONS
    ),
    drawn.lists,
)


@always(order=orders, situation=situations, factor=st.integers(1, 3))
def selection_agrees_with_counting(order: Order, situation: Situation, factor: int) -> None:
    picks = select(order, situation)
    assert [(pick.place, list(pick.units)) for pick in picks] == positions(order, situation)
    entries = situation.applicability.listed
    limits = [(entry.quantity_limit, entry.aggregated_quantity_limit) for entry in entries]
    if all(limit.formula is None for pair in limits for limit in pair):
        kept = limited(picks, order, situation, factor)
        assert [(pick.place, list(pick.units)) for pick in kept] == within_limits(picks, factor)


# ---- section 1: numbers -------------------------------------------------------------------
@always(
    total=st.integers(0, 10**12),
    weights=st.lists(st.integers(0, 10**9) | st.fractions(0, 10**6), max_size=8),
)
def parts_make_the_whole(total: int, weights: list[Any]) -> None:
    parts = split(total, weights)
    whole = sum(weights)
    assert sum(parts) == (total if whole else 0)
    for part, weight in zip(parts, weights, strict=True):
        assert part >= 0
        assert not whole or abs(part - total * weight / whole) < 1


@always(order=orders, off=drawn.money, by=st.sampled_from(["", "_BY_QUANTITY"]))
def a_split_takes_what_it_is_told(order: Order, off: int, by: str) -> None:
    effect = f"APPLY_TO_ITEMS_PROPORTIONALLY{by}"
    applied = apply({"type": "AMOUNT", "effect": effect, "amount_off": off}, order)
    open_lines = sum(item.subtotal_amount or 0 for item in order.items)
    taken = applied.items_discount_amount - order.items_discount_amount
    assert taken <= min(off, open_lines)
    # What is cut where a line is too cheap for its units is not given to others.
    assert taken == min(off, open_lines) or by


@always(percent=st.decimals(0, 100, places=4))
def a_percentage_and_the_rest_make_the_whole(percent: Decimal) -> None:
    order = cart(amount=10_000_000)
    both = [
        apply({"type": "PERCENT", "percent_off": str(part)}, order).discount_amount
        for part in (percent, 100 - percent)
    ]
    assert sum(both) in (10_000_000, 10_000_001)


def apply(definition: Definition, order: Order) -> Order:
    outcome = parse_discount(definition).apply(order)
    assert isinstance(outcome, Applied)
    return outcome.order


# ---- sections 9 and 10: stacking -----------------------------------------------------------
@of_evaluations
def statuses_follow_the_mode(evaluation: Evaluation) -> None:
    rules = evaluation.rules
    statuses = [step.status for step in evaluation.steps]
    assert statuses.count(Status.APPLICABLE) <= rules.applicable_redeemables_limit
    if rules.redeemables_application_mode == "ALL" and Status.INAPPLICABLE in statuses:
        assert not evaluation.is_valid
        later = statuses[statuses.index(Status.INAPPLICABLE) + 1 :]
        assert set(later) <= {Status.SKIPPED}
    else:
        assert evaluation.is_valid == (Status.APPLICABLE in statuses)
    for step in evaluation.steps:
        is_applied = step.status is Status.APPLICABLE
        assert (step.refusal is not None) == (step.status is Status.INAPPLICABLE)
        assert (step.skip is not None) == (step.status is Status.SKIPPED)
        assert (step.applied is not None) == is_applied
        assert is_applied or step.after is step.before


@of_evaluations
def exclusive_ones_stand_alone(evaluation: Evaluation) -> None:
    groups = [
        _group(step.redeemable, evaluation.rules) for step in evaluation.having(Status.APPLICABLE)
    ]
    assert groups.count("EXCLUSIVE") <= evaluation.rules.applicable_exclusive_redeemables_limit
    assert "EXCLUSIVE" not in groups or None not in groups


def _group(redeemable: Redeemable, rules: StackingRules) -> str | None:
    category = drawn.voucher_of(redeemable).category
    return None if category is None else stacking_type(category.id, rules)


@of_evaluations
def redemption_writes_what_validation_said(evaluation: Evaluation) -> None:
    again = evaluated(
        evaluation.start, [step.redeemable for step in evaluation.steps], evaluation.rules
    )
    assert again == evaluation
    decision = redeem.decide(evaluation)
    if evaluation.is_valid:
        assert decision.applied == evaluation.having(Status.APPLICABLE)
        assert len(decision.effects) == len(decision.applied)
    else:
        assert (decision.applied, decision.effects) == ((), ())
    assert (decision.refusal is None) == evaluation.is_valid


@always(order=orders, redeemables=drawn.stacks(), rules=drawn.stacking_rules)
def what_does_not_apply_in_mode_partial_changes_no_number(
    order: Order, redeemables: tuple[Redeemable, ...], rules: StackingRules
) -> None:
    rules = replace(rules, redeemables_application_mode="PARTIAL")
    evaluation = evaluated(order, redeemables, rules)
    for step in evaluation.steps:
        if step.status is not Status.APPLICABLE and not _arranges(step.redeemable, evaluation):
            without = [each for each in redeemables if each is not step.redeemable]
            others = [each for each in evaluation.steps if each is not step]
            assert list(evaluated(order, without, rules).steps) == others


def _arranges(redeemable: Redeemable, evaluation: Evaluation) -> bool:
    """Whether it is the only exclusive one: the joint ones come last only where there is any.

    UNCERTAIN: spec discounts-and-stacking, section 9.3.
    """
    groups = [_group(step.redeemable, evaluation.rules) for step in evaluation.steps]
    is_only = groups.count("EXCLUSIVE") == 1
    return is_only and _group(redeemable, evaluation.rules) == "EXCLUSIVE" and "JOINT" in groups


@always(order=orders, redeemables=drawn.stacks(), rules=drawn.stacking_rules, data=st.data())
def hierarchies_may_be_sent_in_any_order(
    order: Order, redeemables: tuple[Redeemable, ...], rules: StackingRules, data: st.DataObject
) -> None:
    rules = replace(rules, redeemables_sorting_rule="CATEGORY_HIERARCHY")
    shuffled = data.draw(st.permutations([_hierarchy(each) for each in redeemables]))
    queues = {
        number: iter([each for each in redeemables if _hierarchy(each) == number])
        for number in shuffled
    }
    permuted = [next(queues[number]) for number in shuffled]
    assert evaluated(order, permuted, rules) == evaluated(order, redeemables, rules)


def _hierarchy(redeemable: Redeemable) -> int:
    category = drawn.voucher_of(redeemable).category
    return 1 if category is None else category.hierarchy


# A request of its own takes the units that an earlier one has added for the client's own, so that
# its initial amount is another: rules about that, and the calculation from initial amounts after
# an effect on units, are left out.
LATER = ("order.amount", "order.total_amount")


@always(
    order=orders,
    redeemables=drawn.stacks(categories=st.none(), amounts=LATER),
    rules=drawn.stacking_rules,
)
def a_stack_is_one_after_the_other(
    order: Order, redeemables: tuple[Redeemable, ...], rules: StackingRules
) -> None:
    _assert_sequence(order, redeemables, "DISCOUNTED_AMOUNT", rules)


@always(
    order=orders,
    redeemables=drawn.stacks(
        worth=st.one_of(drawn.moneys, drawn.gifts, drawn.coins), categories=st.none()
    ),
    rules=drawn.stacking_rules,
)
def a_stack_that_adds_no_units_is_one_after_the_other_in_both_modes(
    order: Order, redeemables: tuple[Redeemable, ...], rules: StackingRules
) -> None:
    _assert_sequence(order, redeemables, "INITIAL_AMOUNT", rules)


def _assert_sequence(
    order: Order, redeemables: Sequence[Redeemable], mode: str, rules: StackingRules
) -> None:
    rules = replace(
        PARTIAL,
        discount_calculation_mode=mode,
        redeemables_products_application_mode=rules.redeemables_products_application_mode,
        redeemables_no_effect_rule=rules.redeemables_no_effect_rule,
    )
    for step in evaluated(order, redeemables, rules).steps:
        (alone,) = evaluated(order, [step.redeemable], rules).steps
        assert verdict(alone) == verdict(step)
        assert numbers(alone.after) == numbers(step.after)
        assert _paid(alone) == _paid(step)
        order = order_of(answered(alone.after, alone.before))


def _paid(step: Step) -> tuple[int | None, int | None]:
    return (None, None) if step.applied is None else (step.applied.credits, step.applied.points)


def numbers(order: Order) -> Any:
    """What is told of an order, apart from what the client sent."""
    return (
        order.amount,
        order.discount_amount,
        [(item.discount_amount, *_units(item)) for item in order.items],
    )


# ---- printing, storing, rolling back --------------------------------------------------------
@of_evaluations
def what_is_printed_is_read_back(evaluation: Evaluation) -> None:
    for order, since in _moments_of(evaluation):
        printed = answered(order, since)
        sent_again, restored = build_order(printed, {}), restore_order(printed)
        for again in (sent_again, restored):
            assert numbers(again) == numbers(order)
            assert [_identity(item) for item in again.items] == list(map(_identity, order.items))
        assert list(map(_initial, restored.items)) == list(map(_initial, order.items))
        before, after = moments(printed)
        assert numbers(after) == numbers(order)
        assert _there(before) == _there(since)


def _moments_of(evaluation: Evaluation) -> Iterator[tuple[Order, Order]]:
    yield evaluation.end, evaluation.start
    for step in evaluation.steps:
        yield step.after, step.before


def _identity(item: Item) -> tuple[Any, ...]:
    return item.id, item.product_names, item.sku_names, item.price, item.metadata


def _initial(item: Item) -> tuple[int | None, int | None]:
    return item.initial_quantity, item.initial_amount


def _there(order: Order) -> Any:
    """The numbers without lines of no units; an unknown amount is none at all.

    Of a replaced line that never said how many units it has, a line of unknown units worth nothing
    is left.
    """
    amount, off, lines = numbers(order)
    nothing = ((0, 0), (0, None), (None, 0))
    return amount or 0, off, [line for line in lines if line[1:3] not in nothing]


@of_evaluations
def rollback_restores_the_order(evaluation: Evaluation) -> None:
    start, end = evaluation.start, evaluation.end
    for before, after in ((start, end), moments(answered(end, start))):
        left = taken_back(end, before, after)
        assert _there(left) == _there(start)
        assert left.has_order_discount == bool(start.discount_amount)
        assert left.has_item_discount == bool(start.items_discount_amount)


def taken_back(stored: Order, before: Order, after: Order) -> Order:
    return rollback.without(RedeemedOrder(stored=stored, status="PAID", before=before, after=after))


@always(
    order=orders,
    first=drawn.stacks(3, worth=drawn.moneys),
    second=drawn.stacks(3, worth=drawn.moneys),
)
def rolling_one_request_back_leaves_the_other_s_part(
    order: Order, first: tuple[Redeemable, ...], second: tuple[Redeemable, ...]
) -> None:
    one = evaluated(order, first)
    two = evaluated(one.end, second)
    left = taken_back(two.end, *moments(answered(one.end, one.start)))
    part = two.end.discount_amount - one.end.discount_amount
    assert left.discount_amount == order.discount_amount + part
    for item, start, middle, end in zip(
        left.items, order.items, one.end.items, two.end.items, strict=True
    ):
        part = end.discount_amount - middle.discount_amount
        assert item.discount_amount == start.discount_amount + part


@always(order=orders, first=drawn.stacks(3), second=drawn.stacks(3))
def whatever_is_rolled_back_first_the_figures_hold(
    order: Order, first: tuple[Redeemable, ...], second: tuple[Redeemable, ...]
) -> None:
    one = evaluated(order, first)
    two = evaluated(one.end, second)
    for evaluation in (one, two):
        told = moments(answered(evaluation.end, evaluation.start))
        for item in answered(left := taken_back(two.end, *told), left)["items"]:
            line_figures_hold(item)
        assert left.discount_amount >= 0
    left = taken_back(taken_back(two.end, two.start, two.end), one.start, one.end)
    assert _there(left) == _there(order)


@always(evaluation=evaluations)
def every_evaluation(evaluation: Evaluation) -> None:
    for proof in EVALUATION_PROOFS:
        proof(evaluation)


names = [proof.__name__ for proof, _ in PROOFS]


@pytest.mark.parametrize(("proof", "strategies"), PROOFS, ids=names)
def test_always(proof: Proof, strategies: dict[str, Any]) -> None:
    quick(given(**strategies)(proof))()


@pytest.mark.fuzz
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize(("proof", "strategies"), PROOFS, ids=names)
def test_always_long(proof: Proof, strategies: dict[str, Any], part: int) -> None:
    long(given(**strategies)(proof))()
