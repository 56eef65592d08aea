"""One redeemable on its own: its time, its rules, its bundle, what formulas may ask."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.engine.asking import (
    HALF,
    HALF_OF_ITEMS,
    NOW,
    TEN_OFF,
    Definition,
    asked,
    cart,
    category,
    code,
    judge,
    line,
    listed,
    product,
    rule,
    tier,
    verdicts,
)

from kupon.engine.customer import Customer
from kupon.engine.giftcards import GiftCredits
from kupon.engine.model import Redeemable, Status, Step
from kupon.engine.order import Order
from kupon.engine.points import PointsPayment, PointsSpending
from kupon.engine.refusals import Refusal

YESTERDAY = (NOW - timedelta(days=1)).isoformat()
TOMORROW = (NOW + timedelta(days=1)).isoformat()
OUT_OF_TIME = Refusal("promotion_not_active_now", "promo_1")
DISABLED = Refusal("promotion_inactive", "Promotion Tier with id: promo_1 is disabled.")


@pytest.mark.parametrize(
    ("facts", "refusal"),
    [
        pytest.param({"is_active": False}, DISABLED, id="disabled"),
        pytest.param({"is_campaign_active": False}, DISABLED, id="disabled campaign"),
        pytest.param({"limits": {"start_date": TOMORROW}}, OUT_OF_TIME, id="too early"),
        pytest.param({"limits": {"expiration_date": YESTERDAY}}, OUT_OF_TIME, id="too late"),
        pytest.param(
            {"campaign_limits": {"expiration_date": YESTERDAY}}, OUT_OF_TIME, id="campaign over"
        ),
        pytest.param({"limits": {"validity_day_of_week": [0]}}, OUT_OF_TIME, id="another day"),
        pytest.param(
            {"is_active": False, "limits": {"start_date": TOMORROW}},
            DISABLED,
            id="disabled comes before time",
        ),
    ],
)
@pytest.mark.uncertain
def test_refused_tier(facts: Any, refusal: Refusal) -> None:
    evaluation = judge(tier("promo_1", **facts))
    (step,) = evaluation.steps
    assert (step.status, step.refusal) == (Status.INAPPLICABLE, refusal)
    assert evaluation.end is evaluation.start


def test_applied_tier() -> None:
    limits = {"start_date": YESTERDAY, "expiration_date": TOMORROW}
    evaluation = judge(tier("promo_1", limits=limits, campaign_limits=limits))
    assert evaluation.is_valid
    assert evaluation.end.discount_amount == 1000


def amount_above(amount: int, name: str = "order.amount", rule_id: str = "val_1") -> Any:
    return rule({"1": {"name": name, "conditions": {"$more_than": [amount]}}}, rule_id)


CART = cart(line("a", 2, 1000), line("b", 1, 500))
CUSTOM = {"error": {"message": "Spend more!"}}


@pytest.mark.parametrize(
    ("redeemable", "details"),
    [
        pytest.param(code("A", rules=(amount_above(2500),)), "Discount Coupon", id="code"),
        pytest.param(tier("A", rules=(amount_above(2500),)), "Promotion Tier", id="tier"),
        pytest.param(
            code("A", GiftCredits(balance=9), rules=(amount_above(2500),)), "Gift Card", id="gift"
        ),
        *(
            pytest.param(
                code("A", worth, rules=(amount_above(2500),)), "Loyalty Card", id=worth.type
            )
            for worth in (
                PointsPayment(exchange_ratio=1, points_ratio=1, balance=9999),  # type: ignore[arg-type]
                PointsSpending(points=1, balance=1),
            )
        ),
    ],
)
def test_violated_rule(redeemable: Redeemable, details: str) -> None:
    (step,) = judge(redeemable, order=CART).steps
    assert step.status is Status.INAPPLICABLE
    assert step.refusal == Refusal(
        "order_rules_violated",
        f"{details} cannot be redeemed because of violated validation rules: val_1",
        message="order does not match validation rules",
    )
    assert (step.bundle, step.covered, step.applied) == (None, (), None)


def test_violated_rule_may_bring_its_own_text() -> None:
    definition = {"name": "order.amount", "conditions": {"$more_than": [9999]}, **CUSTOM}
    (step,) = judge(code("A", rules=(rule({"1": definition}),)), order=CART).steps
    assert step.refusal is not None
    assert step.refusal.custom == "Spend more!"


def test_every_rule_must_hold_and_the_first_that_does_not_is_told() -> None:
    rules = (amount_above(1), amount_above(8000, rule_id="val_2"), amount_above(9999))
    assert verdicts(judge(code("A", rules=rules[:1]), order=CART)) == ["APPLICABLE"]
    (step,) = judge(code("A", rules=rules), order=CART).steps
    assert step.refusal is not None
    assert str(step.refusal.details).endswith("val_2")


@pytest.mark.parametrize(
    ("name", "above", "expected"),
    [
        pytest.param("order.amount", 1249, ["APPLICABLE"] * 2, id="what the first one left"),
        pytest.param("order.amount", 1250, ["APPLICABLE", "order_rules_violated"], id="no more"),
        pytest.param("order.initial_amount", 2499, ["APPLICABLE"] * 2, id="initial stays"),
        pytest.param("order.total_amount", 249, ["APPLICABLE"] * 2, id="what both leave"),
        pytest.param(
            "order.total_amount", 250, ["APPLICABLE", "order_rules_violated"], id="not less"
        ),
    ],
)
def test_rules_see_the_order_as_it_stands(name: str, above: int, expected: list[str]) -> None:
    second = code("B", rules=(amount_above(above, name),))
    evaluation = judge(code("A", HALF), second, order=CART, redeemables_application_mode="PARTIAL")
    assert verdicts(evaluation) == expected
    taken = 2250 if expected[1] == "APPLICABLE" else 1250
    assert evaluation.end.total_discount_amount == taken


def test_rules_ask_for_points_once_they_are_known() -> None:
    paid = rule(
        {
            "1": {
                "name": "redemption.reward.pay_with_points.points_used",
                "conditions": {"$more_than": [100]},
            }
        }
    )

    def pays(points: int) -> list[str]:
        card = PointsPayment(exchange_ratio=1, points_ratio=100, balance=999, asked=points)  # type: ignore[arg-type]
        return verdicts(judge(code("CARD", card, rules=(paid,)), order=CART))

    assert pays(200) == ["APPLICABLE"]
    assert pays(100) == ["redemption_rules_violated"]


def test_rules_about_the_customer() -> None:
    gold = rule(
        {
            "1": {
                "name": "customer.metadata",
                "property": "tier",
                "conditions": {"$is": ["gold"]},
            }
        }
    )
    redeemable = code("A", rules=(gold,))
    metadata = {"metadata": {"tier": "gold"}}
    facts = {"customer": Customer(id="cust_1", profile=metadata)}
    assert verdicts(judge(redeemable, facts=facts)) == ["APPLICABLE"]
    assert verdicts(judge(redeemable)) == ["missing_customer"]


def bundle(quantity: int, limit: int = 3, **definition: Any) -> Any:
    units = {"name": "order.items.aggregated_quantity", "conditions": {"$is": [quantity]}}
    part = {
        "name": "order.items.any",
        "conditions": {"$is": [{"id": "a", "type": "product_or_sku", "object": "product"}]},
        "rules": {"1": units, "logic": "1"},
    }
    return rule(bundle_rules={"1": part, "limit": limit}, **definition)


@pytest.mark.parametrize(
    ("facts", "quantity", "off"),
    [
        pytest.param({}, 2, 2000, id="once for each"),
        pytest.param({"is_multiplied": False}, 2, 1000, id="once"),
    ],
)
def test_bundle(facts: Any, quantity: int, off: int) -> None:
    rules = (amount_above(1), bundle(1))
    evaluation = judge(code("A", TEN_OFF, rules=rules, **facts), order=CART)
    (step,) = evaluation.steps
    assert step.bundle is not None
    assert step.bundle.quantity == quantity
    assert evaluation.end.discount_amount == off


@pytest.mark.uncertain
def test_missing_bundle() -> None:
    rules = (amount_above(1), bundle(3, **CUSTOM))
    (step,) = judge(code("A", rules=rules), order=CART).steps
    assert step.refusal == Refusal(
        "order_rules_violated",
        "Discount Coupon cannot be redeemed because of violated validation rules: val_1",
        custom="Spend more!",
    )
    assert step.bundle is not None
    assert step.bundle.quantity == 0


def test_what_an_effect_or_its_outcome_refuses_still_tells_of_the_bundle() -> None:
    gift = GiftCredits(balance=9, effect="APPLY_TO_ITEMS")
    nowhere = listed(product("z"))
    (step,) = judge(code("A", gift, rules=(bundle(1), nowhere)), order=CART).steps
    assert step.refusal == Refusal("missing_order_items_amount")
    assert step.bundle is not None
    too_little = amount_above(9999, "order.total_amount")
    (step,) = judge(code("A", rules=(bundle(1), too_little)), order=CART).steps
    assert step.refusal is not None
    assert step.bundle is not None


def test_no_bundle_and_no_rule_leave_the_step_without() -> None:
    (step,) = judge(code("A"), order=CART).steps
    assert (step.bundle, step.covered) == (None, ())


def test_lists_of_several_rules_are_put_together() -> None:
    rules = (listed(product("a")), amount_above(1), listed(product("b")))
    (step,) = judge(code("A", HALF_OF_ITEMS, rules=rules), order=CART).steps
    assert [pick.place for pick in step.covered] == [0, 1]
    assert [item.discount_amount for item in step.after.items] == [1000, 250]
    (step,) = judge(code("A", HALF_OF_ITEMS, rules=rules[:2]), order=CART).steps
    assert [item.discount_amount for item in step.after.items] == [1000, 0]


def marking(is_mark: bool) -> Any:
    marked = {"name": "product.metadata.discount_applicable", "conditions": {"$is": [is_mark]}}
    return rule(
        {
            "1": {
                "name": "product.metadata",
                "property": "color",
                "conditions": {"$is": ["red"]},
                "rules": {"1": {**marked, "property": "color"}},
            }
        }
    )


@pytest.mark.parametrize(
    ("is_mark", "taken"),
    [
        pytest.param(True, [0, 250], id="the marked line only"),
        pytest.param(False, [1000, 250], id="nothing is marked"),
    ],
)
def test_older_rules_mark_the_lines_that_a_discount_is_for(is_mark: bool, taken: list[int]) -> None:
    red = {"id": "b", "metadata": {"color": "red"}}
    order = cart(line("a", 2, 1000), line("b", 1, 500, product=red))
    (step,) = judge(code("A", HALF_OF_ITEMS, rules=(marking(is_mark),)), order=order).steps
    assert step.refusal is None
    assert [item.discount_amount for item in step.after.items] == taken


FULL_FACTS: Any = {
    "customer": Customer(
        id="cust_1", profile={"metadata": {"n": 11}, "birthdate": "1990-03-02", "name": "Ann"}
    ),
    "metadata": {"n": 13},
}


@pytest.mark.parametrize(
    ("formula", "off"),
    [
        pytest.param("ORDER_AMOUNT / 100", 25, id="order"),
        pytest.param('ORDER_METADATA("n")', 1700, id="order metadata"),
        pytest.param('CUSTOMER_METADATA("n")', 1100, id="customer"),
        pytest.param("YEARS_SINCE(CUSTOMER_BIRTHDATE)", 2500, id="birthdate"),
        pytest.param('REDEMPTION_METADATA("n")', 1300, id="redemption"),
        pytest.param('REDEEMABLE_METADATA("n")', 1900, id="code"),
        pytest.param("VOUCHER_REDEMPTION_QUANTITY", 700, id="quantity"),
        pytest.param("VOUCHER_REDEEMED_QUANTITY", 300, id="redeemed"),
        pytest.param("VOUCHER_PUBLISH_COUNT", 200, id="published"),
        pytest.param("DAYS_SINCE(VOUCHER_START_DATE)", 100, id="start"),
        pytest.param("DAYS_UNTIL(VOUCHER_EXPIRATION_DATE)", 100, id="end"),
        pytest.param("DAY_OF_MONTH(TODAY)", 200, id="today"),
        pytest.param("BUNDLE_QUANTITY * 3 / 2", 600, id="bundles, which multiply it"),
    ],
)
def test_what_formulas_may_ask(formula: str, off: int) -> None:
    redeemable = code(
        "A",
        {"type": "AMOUNT", "amount_off_formula": formula, "effect": "APPLY_TO_ORDER"},
        quantity=7,
        redeemed_quantity=3,
        publish_count=2,
        metadata={"n": 19},
        limits={"start_date": YESTERDAY, "expiration_date": TOMORROW},
        rules=(bundle(1),) if "BUNDLE" in formula else (),
    )
    order = cart(line("a", 2, 1000), line("b", 1, 500), metadata={"n": 17})
    evaluation = judge(redeemable, order=order, facts=FULL_FACTS)
    assert evaluation.end.discount_amount == off


def test_formulas_without_customer_or_code() -> None:
    def taken(redeemable: Redeemable) -> int:
        return judge(redeemable).end.discount_amount

    fallback: Definition = {"type": "AMOUNT", "amount_off": 5}
    nobody = code("A", {**fallback, "amount_off_formula": 'CUSTOMER_METADATA("n")'})
    assert taken(nobody) == 5
    of_code = {**fallback, "amount_off_formula": "VOUCHER_PUBLISH_COUNT"}
    assert taken(tier("T", of_code)) == 5
    of_tier = {**fallback, "amount_off_formula": "DAYS_SINCE(PROMOTION_TIER_START_DATE)"}
    assert taken(tier("T", of_tier, limits={"start_date": YESTERDAY})) == 100


def test_formulas_see_what_earlier_ones_left() -> None:
    of_line = {
        "type": "AMOUNT",
        "effect": "APPLY_TO_ITEMS",
        "amount_off_formula": "ORDER_ITEM_SUBTOTAL / 10",
    }
    evaluation = judge(code("A", HALF_OF_ITEMS), code("B", of_line), order=CART)
    taken = [item.discount_amount for item in evaluation.end.items]
    assert taken == [1100, 275]


def test_a_category_that_nobody_mentions_changes_nothing() -> None:
    evaluation = judge(code("A", HALF, category=category("c")), order=CART)
    assert verdicts(evaluation) == ["APPLICABLE"]


def effect_of(worth: Any, order: Order) -> Step:
    redeemable = code("A", worth)
    (step,) = judge(redeemable, order=order, redeemables_no_effect_rule="SKIP").steps
    return step


@pytest.mark.parametrize(
    ("worth", "order", "status"),
    [
        pytest.param(TEN_OFF, CART, Status.APPLICABLE, id="off the order"),
        pytest.param(HALF_OF_ITEMS, CART, Status.APPLICABLE, id="off a line"),
        pytest.param(
            {"type": "UNIT", "unit_off": 1, "unit_type": "z"},
            CART,
            Status.APPLICABLE,
            id="D05, a unit without price",
        ),
        pytest.param(
            {"type": "UNIT", "unit_off": 1, "unit_type": "u"},
            cart(line("u", 1, None)),
            Status.APPLICABLE,
            id="one unit more without price",
        ),
        pytest.param(
            {"type": "UNIT", "unit_off": 1, "unit_type": "u", "effect": "ADD_MISSING_ITEMS"},
            cart(line("u", 1, None)),
            Status.APPLICABLE,
            id="a unit without price becomes free",
        ),
        pytest.param(HALF_OF_ITEMS, cart(amount=5), Status.SKIPPED, id="no line"),
        pytest.param(TEN_OFF, cart(), Status.SKIPPED, id="no amount"),
        pytest.param(
            {**TEN_OFF, "effect": "APPLY_TO_ITEMS"},
            cart(line("a", 1, 500, discount_amount=500)),
            Status.SKIPPED,
            id="lines at zero",
        ),
    ],
)
def test_effect(worth: Any, order: Order, status: Status) -> None:
    step = effect_of(worth, order)
    assert step.status is status
    assert (step.after is step.before) == (status is Status.SKIPPED)


def test_a_snapshot_knows_its_surroundings() -> None:
    snapshot = asked()
    assert snapshot.surroundings.moment.now is NOW
    assert snapshot.surroundings.locations is snapshot.locations
