"""Validate, redeem, roll back: verdicts in their order, effects, what is left of an order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kupon.engine import redeem, rollback
from kupon.engine.cart import build_order
from kupon.engine.discounts import parse_discount
from kupon.engine.effects import RestoreVoucher, UseVoucher
from kupon.engine.figures import figures, item_figures
from kupon.engine.limits import parse_validity
from kupon.engine.model import (
    Evaluation,
    Redeemable,
    Snapshot,
    StackingRules,
    Status,
    Voucher,
)
from kupon.engine.order import Order
from kupon.engine.refusals import PRECEDING_FAILED, REDEEMABLES_LIMIT, Refusal
from kupon.engine.rollback import RedeemedOrder, Rollback
from kupon.engine.stored import moments
from kupon.engine.validate import evaluate

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
TEN_OFF = {"type": "AMOUNT", "amount_off": 1000}
HALF_OF_ITEMS = {"type": "PERCENT", "effect": "APPLY_TO_ITEMS", "percent_off": 50}
CART = {
    "amount": 10000,
    "items": [
        {"id": "ordli_a", "product_id": "prod_a", "quantity": 2, "price": 2000},
        {"id": "ordli_b", "product_id": "prod_b", "quantity": 1, "price": 6000},
    ],
}


def code(name: str, discount: dict[str, Any] = TEN_OFF, **facts: Any) -> Redeemable:
    limits = parse_validity(facts.pop("limits", {}))
    worth = parse_discount(discount)
    voucher = Voucher(id=f"v_{name}", code=name, worth=worth, validity=limits, **facts)
    return Redeemable(object="voucher", id=name, source=voucher)


def judge(*redeemables: Redeemable, order: Order | None = None, **rules: Any) -> Evaluation:
    return evaluate(
        Snapshot(
            now=NOW,
            timezone=ZoneInfo("Europe/Warsaw"),
            order=build_order(CART, {}) if order is None else order,
            redeemables=redeemables,
            rules=StackingRules(**rules),
        )
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
    assert evaluation.is_valid


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


def answer(evaluation: Evaluation) -> dict[str, Any]:
    """The root order as the wire prints it, numbers and line ids only."""
    ends = zip(evaluation.end.items, evaluation.start.items, strict=True)
    items = [{"id": item.id, **item_figures(item, since)} for item, since in ends]
    return {**figures(evaluation.end, since=evaluation.start), "items": items}


@pytest.mark.parametrize("discount", [TEN_OFF, HALF_OF_ITEMS])
def test_rollback_with_order_takes_the_discounts_off(discount: dict[str, Any]) -> None:
    evaluation = judge(code("A", discount))
    redeemed = RedeemedOrder(
        stored=evaluation.end, status="PAID", before=evaluation.start, after=evaluation.end
    )
    undone = rollback.decide(["v_A"], "WITH_ORDER", redeemed)
    assert undone == Rollback(
        effects=(RestoreVoucher("v_A"),), order=evaluation.start, status="CANCELED"
    )
    assert undone.order is not None
    assert figures(undone.order, since=undone.order) == {"amount": 10000, "total_amount": 10000}


def test_rollback_without_order_leaves_order_and_status() -> None:
    evaluation = judge(code("A"), code("B", HALF_OF_ITEMS))
    redeemed = RedeemedOrder(
        stored=evaluation.end, status="FULFILLED", before=evaluation.start, after=evaluation.end
    )
    undone = rollback.decide(["v_A", "v_B"], "WITHOUT_ORDER", redeemed)
    assert undone == Rollback(
        effects=(RestoreVoucher("v_A"), RestoreVoucher("v_B")),
        order=evaluation.end,
        status="FULFILLED",
    )


def test_rollback_of_a_redemption_without_order() -> None:
    assert rollback.decide(["v_A"], "WITH_ORDER", None) == Rollback(
        effects=(RestoreVoucher("v_A"),)
    )


@pytest.mark.uncertain
def test_rollback_subtracts_only_its_own_request() -> None:
    first = judge(code("A"), code("B", HALF_OF_ITEMS))
    second = judge(code("C"), code("D", HALF_OF_ITEMS), order=first.end)
    before, after = moments(answer(first))
    redeemed = RedeemedOrder(stored=second.end, status="PAID", before=before, after=after)

    undone = rollback.decide(["v_A", "v_B"], "WITH_ORDER", redeemed)

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
