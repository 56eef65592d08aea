"""Validate, redeem, roll back: verdicts in their order, effects, what is left of an order."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.engine import asking
from tests.engine.asking import (
    HALF_OF_ITEMS,
    NOW,
    TEN_OFF,
    Definition,
    answered,
    article,
    cart,
    code,
    line,
    product,
    tier,
)

from kupon.engine import redeem, rollback
from kupon.engine.cart import build_order
from kupon.engine.effects import RestoreTier, RestoreVoucher, UseTier, UseVoucher
from kupon.engine.figures import figures
from kupon.engine.giftcards import GiftCredits
from kupon.engine.model import Evaluation, Redeemable, Status
from kupon.engine.order import Item, Order
from kupon.engine.refusals import PRECEDING_FAILED, REDEEMABLES_LIMIT, Refusal
from kupon.engine.rollback import RedeemedOrder, Rollback
from kupon.engine.stored import moments

CART = {
    "amount": 10000,
    "items": [
        {"id": "ordli_a", "product_id": "prod_a", "quantity": 2, "price": 2000},
        {"id": "ordli_b", "product_id": "prod_b", "quantity": 1, "price": 6000},
    ],
}


def judge(*redeemables: Redeemable, order: Order | None = None, **rules: Any) -> Evaluation:
    return asking.judge(
        *redeemables, order=build_order(CART, {}) if order is None else order, **rules
    )


MISSING = Redeemable(object="voucher", id="NONE")
YESTERDAY = (NOW - timedelta(days=1)).isoformat()
TOMORROW = (NOW + timedelta(days=1)).isoformat()


@pytest.mark.parametrize(
    ("redeemable", "refusal"),
    [
        pytest.param(
            MISSING,
            Refusal(
                "not_found",
                "Cannot find voucher with id NONE",
                resource_id="NONE",
                resource_type="voucher",
            ),
            id="unknown code",
        ),
        pytest.param(
            Redeemable(object="promotion_tier", id="promo_1"),
            Refusal(
                "not_found",
                "Cannot find promotion tier with id promo_1",
                resource_id="promo_1",
                resource_type="promotion_tier",
            ),
            id="unknown tier",
        ),
        pytest.param(
            code("A", is_active=False), Refusal("voucher_disabled", "A"), id="disabled code"
        ),
        pytest.param(
            code("A", is_campaign_active=False),
            Refusal("voucher_disabled", "A"),
            id="disabled campaign",
        ),
        pytest.param(
            code("A", limits={"start_date": TOMORROW}),
            Refusal("voucher_not_active", "A"),
            id="before its start",
        ),
        pytest.param(
            code("A", limits={"expiration_date": YESTERDAY}),
            Refusal("voucher_expired", "A"),
            id="after its end",
        ),
        pytest.param(
            code("A", limits={"validity_day_of_week": [0]}),
            Refusal("voucher_not_active_now", "A"),
            id="on another day",
        ),
        pytest.param(
            code("A", quantity=3, redeemed_quantity=3),
            Refusal("quantity_exceeded", "A"),
            id="used up",
        ),
        pytest.param(
            code("A", quantity=3, redeemed_quantity=1, locked_quantity=2),
            Refusal("quantity_exceeded", "A"),
            id="the rest is locked by others",
        ),
        pytest.param(
            code(
                "A",
                is_active=False,
                limits={"expiration_date": YESTERDAY},
                quantity=1,
                redeemed_quantity=1,
            ),
            Refusal("voucher_disabled", "A"),
            id="disabled comes before time",
        ),
        pytest.param(
            code("A", limits={"expiration_date": YESTERDAY}, quantity=1, redeemed_quantity=1),
            Refusal("voucher_expired", "A"),
            id="time comes before quantity",
        ),
    ],
)
def test_refused_redeemable_leaves_the_order_alone(
    redeemable: Redeemable, refusal: Refusal
) -> None:
    evaluation = judge(redeemable)

    (step,) = evaluation.steps
    assert step.refusal == refusal
    assert step.status is Status.INAPPLICABLE
    assert step.before is step.after is evaluation.start is evaluation.end
    assert not evaluation.is_valid


@pytest.mark.parametrize(
    "redeemable",
    [
        pytest.param(code("A", quantity=3, redeemed_quantity=1, locked_quantity=1), id="one left"),
        pytest.param(code("A", quantity=None, redeemed_quantity=99), id="unlimited"),
        pytest.param(
            code("A", limits={"start_date": NOW, "expiration_date": NOW}), id="both dates count"
        ),
    ],
)
def test_applicable_redeemable(redeemable: Redeemable) -> None:
    evaluation = judge(redeemable)
    assert evaluation.having(Status.APPLICABLE) == evaluation.steps
    assert evaluation.end.discount_amount == 1000


def test_mode_all_skips_what_follows_a_failure() -> None:
    evaluation = judge(code("A"), MISSING, code("B"), code("C"))
    assert [step.skip for step in evaluation.steps] == [
        None,
        None,
        PRECEDING_FAILED,
        PRECEDING_FAILED,
    ]
    assert evaluation.end.discount_amount == 1000
    assert not evaluation.is_valid


def test_limit_skips_without_spoiling_mode_all() -> None:
    evaluation = judge(code("A"), code("B"), applicable_redeemables_limit=1)
    assert [step.skip for step in evaluation.steps] == [None, REDEEMABLES_LIMIT]
    assert evaluation.is_valid


def test_no_redeemables_change_nothing() -> None:
    evaluation = judge()
    assert evaluation.end is evaluation.start
    assert not evaluation.is_valid


def test_redeem_uses_every_applied_voucher_in_order() -> None:
    evaluation = judge(code("B", quantity=9, locked_quantity=4), code("A"))
    decision = redeem.decide(evaluation)
    assert decision.effects == (UseVoucher("v_B", 4), UseVoucher("v_A", 0))
    assert decision.applied == evaluation.steps
    assert decision.refusal is None


def test_redeem_in_mode_all_refuses_everything_with_the_failure() -> None:
    decision = redeem.decide(judge(code("A"), code("B", is_active=False), MISSING))
    assert decision == redeem.Decision(refusal=Refusal("voucher_disabled", "B"))


def test_redeem_in_mode_partial_uses_what_applies() -> None:
    evaluation = judge(MISSING, code("A"), redeemables_application_mode="PARTIAL")
    decision = redeem.decide(evaluation)
    assert decision.effects == (UseVoucher("v_A", 0),)
    assert decision.applied == (evaluation.steps[1],)
    assert decision.refusal is None


def test_redeem_in_mode_partial_with_none_refuses_with_the_first_failure() -> None:
    evaluation = judge(code("A", is_active=False), MISSING, redeemables_application_mode="PARTIAL")
    assert redeem.decide(evaluation) == redeem.Decision(refusal=Refusal("voucher_disabled", "A"))


def test_redeem_refuses_what_was_passed_over_altogether() -> None:
    nothing = {**TEN_OFF, "amount_off": 0}
    evaluation = judge(code("A", nothing), redeemables_no_effect_rule="SKIP")
    assert redeem.decide(evaluation).refusal == Refusal(
        "redeemables_skipped", "Redeemable cannot be applied due to no effect"
    )


def test_redeem_refuses_nothing_at_all() -> None:
    # A promotion stack may have lost its tiers.
    assert redeem.decide(judge()) == redeem.Decision(refusal=Refusal("redeemables_skipped"))


def test_redeem_tells_what_a_tier_came_to() -> None:
    one, other = tier("promo_1"), tier("promo_2", HALF_OF_ITEMS)
    assert redeem.decide(judge(one, other)).effects == (
        UseTier(tier_id="promo_1", amount=10_000, discount_amount=1000),
        UseTier(tier_id="promo_2", amount=10_000, discount_amount=5000),
    )
    nowhere = redeem.decide(judge(one, order=Order()))
    assert nowhere.effects == (UseTier(tier_id="promo_1", amount=0, discount_amount=0),)


def test_redeem_takes_credits_from_cards() -> None:
    card = GiftCredits(balance=800, locked=300)
    decision = redeem.decide(judge(code("CARD", card, quantity=1)))
    assert decision.effects == (
        UseVoucher("v_CARD", locked_quantity=0, credits=500, locked_credits=300),
    )


RESTORED = (RestoreVoucher("v_A"), RestoreTier("promo_1", amount=10_000, discount_amount=1000))


@pytest.mark.parametrize("discount", [TEN_OFF, HALF_OF_ITEMS])
def test_rollback_with_order_takes_the_discounts_off(discount: Definition) -> None:
    evaluation = judge(code("A", discount))
    redeemed = RedeemedOrder(
        stored=evaluation.end, status="PAID", before=evaluation.start, after=evaluation.end
    )
    undone = rollback.decide(RESTORED[:1], "WITH_ORDER", redeemed)
    assert undone == Rollback(effects=RESTORED[:1], order=evaluation.start, status="CANCELED")
    assert undone.order is not None
    assert figures(undone.order, since=undone.order) == {"amount": 10000, "total_amount": 10000}


def test_rollback_without_order_leaves_order_and_status() -> None:
    evaluation = judge(code("A"), code("B", HALF_OF_ITEMS))
    redeemed = RedeemedOrder(
        stored=evaluation.end, status="FULFILLED", before=evaluation.start, after=evaluation.end
    )
    undone = rollback.decide(RESTORED, "WITHOUT_ORDER", redeemed)
    assert undone == Rollback(
        effects=RESTORED,
        order=evaluation.end,
        status="FULFILLED",
    )


def test_rollback_of_a_redemption_without_order() -> None:
    assert rollback.decide(RESTORED[:1], "WITH_ORDER", None) == Rollback(effects=RESTORED[:1])


@pytest.mark.uncertain
def test_rollback_subtracts_only_its_own_request() -> None:
    first = judge(code("A"), code("B", HALF_OF_ITEMS))
    second = judge(code("C"), code("D", HALF_OF_ITEMS), order=first.end)
    before, after = moments(answered(first.end, first.start))
    redeemed = RedeemedOrder(stored=second.end, status="PAID", before=before, after=after)

    undone = rollback.decide(RESTORED, "WITH_ORDER", redeemed)

    assert undone.status == "CANCELED"
    assert undone.order is not None
    assert figures(undone.order, since=undone.order) == {
        "amount": 10000,
        "discount_amount": 1000,
        "applied_discount_amount": 0,
        "items_discount_amount": 2500,
        "items_applied_discount_amount": 0,
        "total_discount_amount": 3500,
        "total_applied_discount_amount": 0,
        "total_amount": 6500,
    }
    assert [item.discount_amount for item in undone.order.items] == [1000, 1500]


def test_rollback_finds_lines_by_id_and_leaves_later_ones() -> None:
    evaluation = judge(code("A", HALF_OF_ITEMS))
    a, b = evaluation.end.items
    later = replace(a, id="ordli_c", discount_amount=700)
    stored = replace(evaluation.end, items=(b, later, a))
    redeemed = RedeemedOrder(
        stored=stored, status="PAID", before=evaluation.start, after=evaluation.end
    )
    assert [item.discount_amount for item in rollback.without(redeemed).items] == [0, 700, 0]


def test_rollback_never_takes_off_more_than_is_there() -> None:
    evaluation = judge(code("A"), code("B", HALF_OF_ITEMS))
    a, b = evaluation.end.items
    stored = replace(
        evaluation.end, discount_amount=300, items=(replace(a, discount_amount=500), b)
    )
    redeemed = RedeemedOrder(
        stored=stored, status="PAID", before=evaluation.start, after=evaluation.end
    )
    left = rollback.without(redeemed)
    assert left.discount_amount == 0
    assert [item.discount_amount for item in left.items] == [0, 0]


ARTICLES = [article("a", 1000), article("b", 2500)]


def unit(effect: str, unit_off: int, unit_type: str) -> Definition:
    return {"type": "UNIT", "effect": effect, "unit_off": unit_off, "unit_type": unit_type}


@pytest.mark.parametrize("is_printed", [False, True])
@pytest.mark.parametrize(
    "worth",
    [
        pytest.param(unit("ADD_NEW_ITEMS", 2, "a"), id="more of a line"),
        pytest.param(unit("ADD_NEW_ITEMS", 2, "b"), id="a new line"),
        pytest.param(unit("ADD_MISSING_ITEMS", 3, "a"), id="missing ones"),
        pytest.param(unit("REPLACE_ITEMS", 2, "b"), id="other ones"),
        pytest.param(unit("ADD_NEW_ITEMS", 2, "z"), id="without price"),
        pytest.param(unit("ADD_NEW_ITEMS", 2, "u"), id="a line of unknown quantity"),
    ],
)
def test_rollback_takes_units_out_again(worth: Definition, is_printed: bool) -> None:
    order = cart(
        line("a", 2, 1000, discount_amount=1800, discount_quantity=1),
        line("empty", 0, 5),
        line("u", None, None, amount=700),
        amount=5000,
    )
    evaluation = judge(code("A", worth, rules=(only_a(),)), order=order, articles=ARTICLES)
    after = evaluation.end
    assert after.differs_from(order)
    told = answered(after, order)
    before, after = moments(told) if is_printed else (order, after)
    assert [told_of(item) for item in before.items[:3]] == [told_of(item) for item in order.items]
    left = rollback.without(
        RedeemedOrder(stored=evaluation.end, status="PAID", before=before, after=after)
    )
    assert (left.amount, left.total_discount_amount) == (5000, 1800)
    assert [told_of(item) for item in left.items] == [told_of(item) for item in order.items]


def only_a() -> Any:
    return asking.listed(product("a"))


def told_of(item: Item) -> Any:
    return (
        item.quantity,
        item.amount,
        item.discount_amount,
        item.discount_quantity,
        item.initial_quantity,
    )


def test_rollback_keeps_a_line_that_was_sent_with_an_amount_for_no_units() -> None:
    order = cart(line("a", 0, 1000, amount=300))
    evaluation = judge(code("A", unit("ADD_NEW_ITEMS", 2, "a")), order=order, articles=ARTICLES)
    redeemed = RedeemedOrder(
        stored=evaluation.end, status="PAID", before=order, after=evaluation.end
    )
    assert rollback.without(redeemed) == order


def test_rollback_in_the_order_of_the_requests_empties_appended_lines() -> None:
    first = judge(
        code("A", unit("ADD_NEW_ITEMS", 2, "b")), order=cart(line("a")), articles=ARTICLES
    )
    second = judge(code("B", unit("ADD_NEW_ITEMS", 3, "b")), order=first.end, articles=ARTICLES)
    order = second.end
    assert [item.quantity for item in order.items] == [1, 5]
    left = []
    for evaluation in (first, second):
        redeemed = RedeemedOrder(
            stored=order, status="PAID", before=evaluation.start, after=evaluation.end
        )
        order = rollback.without(redeemed)
        left.append([item.quantity for item in order.items])
    assert left == [[1, 3], [1]]
    assert (order.amount, order.total_discount_amount) == (1000, 0)


def test_rollback_keeps_later_discounts_within_what_is_left() -> None:
    first = judge(
        code("A", unit("REPLACE_ITEMS", 1, "b"), rules=(only_a(),)),
        order=cart(line("a"), line("b", 1, 2500)),
        articles=ARTICLES,
    )
    everything = {**HALF_OF_ITEMS, "percent_off": 100}
    second = judge(code("B", everything), order=first.end)
    redeemed = RedeemedOrder(stored=second.end, status="PAID", before=first.start, after=first.end)
    left = rollback.without(redeemed)
    assert [(item.quantity, item.amount) for item in left.items] == [(1, 1000), (1, 2500)]
    # The second request took 5000 off two units for 2500, of which one is left.
    assert [item.discount_amount for item in left.items] == [0, 2500]
