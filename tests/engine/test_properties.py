"""What holds for every order and every set of codes, tried at random.

`pytest tests/engine -m fuzz` tries orders 10,000 times instead of 500.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from kupon.engine import rollback
from kupon.engine.cart import build_order
from kupon.engine.codes import CodePattern, code_at, draw
from kupon.engine.discounts import parse_discount
from kupon.engine.figures import figures, item_figures
from kupon.engine.limits import Validity, check, parse_validity
from kupon.engine.model import (
    Evaluation,
    Redeemable,
    Snapshot,
    StackingRules,
    Status,
    Step,
    Voucher,
)
from kupon.engine.order import Order
from kupon.engine.periods import Period
from kupon.engine.rollback import RedeemedOrder
from kupon.engine.stored import moments, restore_order
from kupon.engine.validate import evaluate

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ZONES = ["Europe/Warsaw", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"]

money = st.integers(0, 100_000)
maybe_money = st.none() | money
lines = st.fixed_dictionaries(
    {},
    optional={
        "quantity": st.integers(0, 20),
        "price": money,
        "amount": money,
        "discount_amount": money,
    },
)
bodies = st.fixed_dictionaries(
    {"items": st.lists(lines, max_size=4)},
    optional={"amount": st.integers(0, 1_000_000), "discount_amount": money},
)
effects = st.sampled_from(["APPLY_TO_ORDER", "APPLY_TO_ITEMS"])
discounts = st.one_of(
    st.fixed_dictionaries(
        {
            "type": st.just("AMOUNT"),
            "effect": effects,
            "amount_off": money,
            "aggregated_amount_limit": maybe_money,
        }
    ),
    st.fixed_dictionaries(
        {
            "type": st.just("PERCENT"),
            "effect": effects,
            "percent_off": st.decimals(0, 100, places=3).map(str),
            "amount_limit": maybe_money,
            "aggregated_amount_limit": maybe_money,
        }
    ),
    st.fixed_dictionaries({"type": st.just("FIXED"), "effect": effects, "fixed_amount": money}),
)


@st.composite
def redeemables(draw_one: Any, max_size: int = 7) -> tuple[Redeemable, ...]:
    definitions = draw_one(st.lists(st.tuples(discounts, st.booleans()), max_size=max_size))
    return tuple(
        redeemable(f"{place}", definition, is_active)
        for place, (definition, is_active) in enumerate(definitions)
    )


def redeemable(name: str, definition: dict[str, Any], is_active: bool) -> Redeemable:
    worth = parse_discount(definition)
    voucher = Voucher(id=name, code=name, worth=worth, validity=Validity(), is_active=is_active)
    return Redeemable(object="voucher", id=name, source=voucher)


def judge(order: Order, redeemables: tuple[Redeemable, ...], mode: str) -> Evaluation:
    rules = StackingRules(redeemables_application_mode=mode)
    return evaluate(
        Snapshot(now=NOW, timezone=UTC, order=order, redeemables=redeemables, rules=rules)
    )


evaluations = st.builds(
    lambda body, redeemables, mode: judge(build_order(body, {}), redeemables, mode),
    bodies,
    redeemables(),
    st.sampled_from(["ALL", "PARTIAL"]),
)


def figures_hold(evaluation: Evaluation) -> None:
    moments = [*((step.after, step.before) for step in evaluation.steps)]
    for order, since in [*moments, (evaluation.end, evaluation.start)]:
        answer = figures(order, since=since)
        number = defaultdict(int, answer)
        items = [item_figures(*pair) for pair in zip(order.items, since.items, strict=True)]
        for kind in ("", "applied_"):
            assert number[f"items_{kind}discount_amount"] == sum(
                item.get(f"{kind}discount_amount", 0) for item in items
            )
            assert (
                number[f"total_{kind}discount_amount"]
                == number[f"{kind}discount_amount"] + number[f"items_{kind}discount_amount"]
            )
            assert number[f"{kind}discount_amount"] >= 0
        assert ("total_amount" in answer) == ("amount" in answer)
        if "amount" in answer:
            left = answer["amount"] - number["total_discount_amount"]
            assert answer["total_amount"] == max(0, left)
        for item in items:
            off = item.get("discount_amount", 0)
            assert 0 <= off <= item.get("amount", 0)
            assert item.get("subtotal_amount", 0) == item.get("amount", 0) - off


def steps_add_up(evaluation: Evaluation) -> None:
    root = figures(evaluation.end, since=evaluation.start)
    steps = [figures(step.after, since=step.before) for step in evaluation.steps]
    for name in ("applied", "items_applied", "total_applied"):
        key = f"{name}_discount_amount"
        assert sum(step.get(key, 0) for step in steps) == root.get(key, 0)


def order_level_discounts_stop_at_what_is_left(evaluation: Evaluation) -> None:
    for step in evaluation.steps:
        taken = step.after.discount_amount - step.before.discount_amount
        assert taken <= (step.before.total_amount or 0)


def statuses_follow_the_mode(evaluation: Evaluation) -> None:
    statuses = [step.status for step in evaluation.steps]
    assert statuses.count(Status.APPLICABLE) <= 5
    if evaluation.rules.redeemables_application_mode == "ALL":
        failed = Status.INAPPLICABLE in statuses
        assert evaluation.is_valid == (not failed)
        if failed:
            later = statuses[statuses.index(Status.INAPPLICABLE) + 1 :]
            assert set(later) <= {Status.SKIPPED}
    else:
        assert evaluation.is_valid == (Status.APPLICABLE in statuses)
    for step in evaluation.steps:
        assert (step.refusal is not None) == (step.status is Status.INAPPLICABLE)
        assert (step.skip is not None) == (step.status is Status.SKIPPED)
        assert step.status is Status.APPLICABLE or step.after is step.before


def nothing_but_discounts_changes(evaluation: Evaluation) -> None:
    start, end = evaluation.start, evaluation.end
    assert (end.amount, end.initial_amount) == (start.amount, start.initial_amount)
    for before, after in zip(start.items, end.items, strict=True):
        assert before.discount_amount <= after.discount_amount
        assert (before.amount, before.quantity) == (after.amount, after.quantity)


def rollback_restores(evaluation: Evaluation) -> None:
    for before, after in (
        (evaluation.start, evaluation.end),
        moments(answered(evaluation)),
    ):
        left = taken_back(evaluation.end, before, after)
        assert left.discount_amount == evaluation.start.discount_amount
        assert left.items == evaluation.start.items


def taken_back(stored: Order, before: Order, after: Order) -> Order:
    return rollback.without(RedeemedOrder(stored=stored, status="PAID", before=before, after=after))


def answered(evaluation: Evaluation) -> dict[str, Any]:
    pairs = zip(evaluation.end.items, evaluation.start.items, strict=True)
    items = [item_figures(item, since) for item, since in pairs]
    return {**figures(evaluation.end, since=evaluation.start), "items": items}


def an_answer_sent_back_is_the_same_order(evaluation: Evaluation) -> None:
    answer = answered(evaluation)
    for again in (build_order(answer, {}), restore_order(answer)):
        assert again.amount == evaluation.end.amount
        assert again.discount_amount == evaluation.end.discount_amount
        assert again.items == evaluation.end.items


PROPERTIES = [
    figures_hold,
    steps_add_up,
    order_level_discounts_stop_at_what_is_left,
    statuses_follow_the_mode,
    nothing_but_discounts_changes,
    rollback_restores,
    an_answer_sent_back_is_the_same_order,
]
quick = settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
long = settings(quick, max_examples=10_000)


@quick
@given(evaluation=evaluations)
def test_always(evaluation: Evaluation) -> None:
    for holds in PROPERTIES:
        holds(evaluation)


@pytest.mark.fuzz
@long
@given(evaluation=evaluations)
def test_always_long(evaluation: Evaluation) -> None:
    for holds in PROPERTIES:
        holds(evaluation)


def outcome(step: Step) -> tuple[Status, Order]:
    return step.status, step.after


@quick
@given(body=bodies, others=redeemables(5), place=st.integers(0, 5), data=st.data())
def test_inapplicable_one_changes_nothing_in_mode_partial(
    body: dict[str, Any], others: tuple[Redeemable, ...], place: int, data: st.DataObject
) -> None:
    bad = redeemable("bad", data.draw(discounts), is_active=False)
    order = build_order(body, {})
    without = judge(order, others, "PARTIAL")
    with_bad = judge(order, (*others[:place], bad, *others[place:]), "PARTIAL")
    assert with_bad.end == without.end
    assert with_bad.is_valid == without.is_valid
    assert [outcome(step) for step in with_bad.steps if step.redeemable is not bad] == [
        outcome(step) for step in without.steps
    ]


@quick
@given(body=bodies, first=redeemables(3), second=redeemables(3))
def test_rolling_the_first_request_back_leaves_the_second_s_part(
    body: dict[str, Any], first: tuple[Redeemable, ...], second: tuple[Redeemable, ...]
) -> None:
    one = judge(build_order(body, {}), first, "PARTIAL")
    two = judge(one.end, second, "PARTIAL")
    left = taken_back(two.end, *moments(answered(one)))
    part = two.end.discount_amount - one.end.discount_amount
    assert left.discount_amount == one.start.discount_amount + part
    for item, start, middle, end in zip(
        left.items, one.start.items, one.end.items, two.end.items, strict=True
    ):
        part = end.discount_amount - middle.discount_amount
        assert item.discount_amount == start.discount_amount + part


periods = st.builds(
    Period,
    st.integers(0, 30),
    st.integers(0, 60),
    st.timedeltas(timedelta(0), timedelta(days=3)),
).filter(bool)
instants = st.timedeltas(timedelta(0), timedelta(days=36_525)).map(
    lambda passed: datetime(1980, 1, 1, tzinfo=UTC) + passed
)


@quick
@given(
    period=periods,
    start=instants,
    steps=st.integers(0, 60),
    part=st.floats(0, 0.999),
    zone=st.sampled_from(ZONES),
)
def test_last_step_is_the_latest_not_after_now(
    period: Period, start: datetime, steps: int, part: float, zone: str
) -> None:
    timezone = ZoneInfo(zone)
    opened = start if not steps else period.after(start, timezone, steps)
    following = period.after(start, timezone, steps + 1)
    now = opened + (following - opened) * part
    # Where the clocks change, a period shorter than the change may step on the spot.
    assume(start <= now < following)
    assert period.last_step(start, now, timezone) == opened


@quick
@given(
    start=instants,
    days=st.integers(1, 40),
    hours=st.integers(1, 30),
    ahead=st.timedeltas(timedelta(0), timedelta(days=900)),
    zone=st.sampled_from(ZONES),
)
def test_windows_agree_with_counting_them_one_by_one(
    start: datetime, days: int, hours: int, ahead: timedelta, zone: str
) -> None:
    timezone, now = ZoneInfo(zone), start + ahead
    validity = parse_validity(
        {
            "start_date": start,
            "validity_timeframe": {"interval": f"P{days}D", "duration": f"PT{hours}H"},
        }
    )
    wall = start.astimezone(timezone).replace(tzinfo=None)
    opened = start
    for count in range(1, 901):
        following = (wall + timedelta(days=days * count)).replace(tzinfo=timezone).astimezone(UTC)
        if following > now:
            break
        opened = following
    is_open = now < opened + timedelta(hours=hours)
    assert (check(validity, now, timezone) is None) == is_open


@quick
@given(
    pattern=st.text("#%sab-", max_size=8),
    charset=st.sets(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=4),
    prefix=st.text("#%s", max_size=3),
    data=st.data(),
)
def test_codes_are_numbered_without_gap_or_repetition(
    pattern: str, charset: set[str], prefix: str, data: st.DataObject
) -> None:
    codes = CodePattern(pattern=pattern, charset="".join(charset), prefix=prefix)
    numbers = data.draw(st.sets(st.integers(0, codes.capacity - 1), max_size=20))
    made = {code_at(codes, number) for number in numbers}
    assert len(made) == len(numbers)
    for code in made:
        assert len(code) == len(prefix) + len(pattern)
        assert code.startswith(prefix)
    for code in draw(codes, 3, bytes):
        assert code == code_at(codes, 0)


@quick
@given(st.decimals(0, 100, places=4))
def test_a_percentage_and_the_rest_make_the_whole(percent: Decimal) -> None:
    order = build_order({"amount": 10_000_000}, {})
    both = [
        parse_discount({"type": "PERCENT", "percent_off": str(part)}).apply(order).discount_amount
        for part in (percent, 100 - percent)
    ]
    assert sum(both) in (10_000_000, 10_000_001)
