"""Gift cards and loyalty points: what they refuse, what they pay."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from tests.engine.asking import (
    EVERY_PRODUCT,
    HALF,
    TEN_OFF,
    Definition,
    cart,
    code,
    judge,
    line,
    listed,
    product,
    verdicts,
)

from kupon.engine.balances import Balance
from kupon.engine.definitions import DefinitionError
from kupon.engine.giftcards import Gift, GiftCredits, parse_gift
from kupon.engine.order import Order
from kupon.engine.points import NoReward, PointsPayment, PointsSpending
from kupon.engine.refusals import Refusal
from kupon.engine.situation import Applied, Situation

NO_AMOUNT = cart()
CART = cart(line("a", 2, 1000, discount_amount=500), line("b", 1, 700), discount_amount=200)


def coin(**facts: Any) -> PointsPayment:
    facts = {"exchange_ratio": Decimal(20), "points_ratio": 100, "balance": 5000} | facts
    return PointsPayment(**facts)


@pytest.mark.parametrize(
    ("card", "order", "credits"),
    [
        pytest.param(GiftCredits(balance=800), CART, 800, id="all there is"),
        pytest.param(GiftCredits(balance=9000), CART, 2000, id="all that is needed"),
        pytest.param(GiftCredits(balance=800, asked=300), CART, 300, id="as asked"),
        pytest.param(GiftCredits(balance=800, locked=500), CART, 300, id="but what is locked"),
        pytest.param(GiftCredits(balance=9000, asked=5000), CART, 2000, id="less than asked"),
        pytest.param(GiftCredits(balance=9, asked=0), CART, 0, id="asked for nothing"),
    ],
)
def test_gift_credits_pay_the_order(card: GiftCredits, order: Order, credits: int) -> None:
    assert card.refuse(order) is None
    applied = card.apply(order)
    assert isinstance(applied, Applied)
    assert applied.credits == credits
    assert applied.order.discount_amount == order.discount_amount + credits
    assert applied.order.items == order.items


def test_gift_credits_without_an_amount_to_pay_are_spent_as_asked() -> None:
    card = GiftCredits(balance=9, asked=5)
    assert card.refuse(NO_AMOUNT) is None
    assert card.apply(NO_AMOUNT) == Applied(order=NO_AMOUNT, credits=5)


@pytest.mark.parametrize(
    ("definition", "gift"),
    [
        ({"amount": 500}, Gift(500, "APPLY_TO_ORDER")),
        ({"amount": "500", "effect": None}, Gift(500, "APPLY_TO_ORDER")),
        ({"amount": 0, "balance": 9, "effect": "APPLY_TO_ITEMS"}, Gift(0, "APPLY_TO_ITEMS")),
    ],
)
def test_a_gift_is_read(definition: Definition, gift: Gift) -> None:
    assert parse_gift(definition) == gift


@pytest.mark.parametrize(
    ("definition", "text"),
    [
        (None, "Property .gift must be object"),
        ({}, "Property .gift should have required property 'amount'"),
        ({"amount": -1}, "Property .gift.amount must be >= 0"),
        ({"amount": 0.5}, "Property .gift.amount must be integer"),
        (
            {"amount": 1, "effect": "NONE"},
            "Property .gift.effect must be equal to one of the allowed values:"
            " APPLY_TO_ORDER, APPLY_TO_ITEMS",
        ),
    ],
)
def test_a_broken_gift_is_refused(definition: Any, text: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        parse_gift(definition)
    assert caught.value.details == text


@pytest.mark.parametrize(
    ("sums", "total", "left"),
    [((16_200, 0, 0, 4700), 16_200, 11_500), ((28_786, 0, 4000, 19_630), 24_786, 5156)],
)
def test_a_balance_is_gross_less_what_went(sums: Any, total: int, left: int) -> None:
    balance = Balance(*sums)
    assert (balance.total, balance.left) == (total, left)


@pytest.mark.parametrize(
    ("asked", "settings", "paid"),
    [
        pytest.param(None, {}, [1500, 700], id="every line"),
        pytest.param(1800, {}, [1500, 300], id="line by line"),
        pytest.param(None, {"effect": "APPLY_FROM_CHEAPEST"}, [1500, 700], id="cheapest first"),
        pytest.param(900, {"effect": "APPLY_FROM_CHEAPEST"}, [200, 700], id="as far as it goes"),
        pytest.param(None, {"amount_limit": 600}, [600, 600], id="limited"),
    ],
)
def test_gift_credits_pay_lines(asked: int | None, settings: Any, paid: list[int]) -> None:
    card = GiftCredits(balance=5000, asked=asked, effect="APPLY_TO_ITEMS")
    lists = listed({**EVERY_PRODUCT, **settings}).applicable_to
    applied = card.apply(CART, Situation(applicability=lists))
    assert isinstance(applied, Applied)
    pairs = zip(applied.order.items, CART.items, strict=True)
    assert [item.discount_amount - since.discount_amount for item, since in pairs] == paid
    assert applied.credits == sum(paid)
    assert applied.order.discount_amount == CART.discount_amount


def test_gift_credits_need_a_line_to_pay() -> None:
    card = GiftCredits(balance=5000, effect="APPLY_TO_ITEMS")
    for entry in (product("z"), product("a", quantity_limit=0)):
        situation = Situation(applicability=listed(entry).applicable_to)
        assert card.apply(CART, situation) == Refusal("missing_order_items_amount")


@pytest.mark.parametrize(
    ("worth", "order", "key"),
    [
        pytest.param(GiftCredits(balance=9, asked=10), CART, "gift_amount_exceeded", id="balance"),
        pytest.param(
            GiftCredits(balance=9, locked=5, asked=5), CART, "gift_amount_exceeded", id="locked"
        ),
        pytest.param(
            GiftCredits(balance=100, locked=500), CART, "gift_amount_exceeded", id="more is locked"
        ),
        pytest.param(GiftCredits(balance=0), CART, "gift_amount_exceeded", id="empty"),
        pytest.param(GiftCredits(balance=0, asked=0), CART, "gift_amount_exceeded", id="empty, 0"),
        pytest.param(
            GiftCredits(balance=9),
            NO_AMOUNT,
            "missing_amount",
            id="credits for what",
            marks=pytest.mark.uncertain,
        ),
        pytest.param(coin(asked=5001), CART, "loyalty_card_points_exceeded", id="points"),
        pytest.param(
            coin(balance=99),
            CART,
            "loyalty_card_points_exceeded",
            id="points for all of it",
            marks=pytest.mark.uncertain,
        ),
        pytest.param(coin(), NO_AMOUNT, "missing_amount", id="points for what"),
        pytest.param(
            PointsSpending(points=6, balance=5), CART, "loyalty_card_points_exceeded", id="reward"
        ),
    ],
)
def test_refused(worth: Any, order: Order, key: str) -> None:
    assert worth.refuse(order) == Refusal(key)
    (step,) = judge(code("CARD", worth), order=order).steps
    # The wire names the card, unless it is the order that lacks something.
    assert step.refusal == Refusal(key, None if key == "missing_amount" else "CARD")


@pytest.mark.parametrize(
    ("left", "ratio", "asked", "points", "off"),
    [
        pytest.param(45_000, 20, None, 2300, 45_000, id="E10, whole steps"),
        pytest.param(45_000, 20, 100, 100, 2000, id="E11, as asked"),
        pytest.param(4000, 20, None, 200, 4000, id="to the cent"),
        pytest.param(4000, 20, 1000, 200, 4000, id="no point in vain"),
        pytest.param(4000, 20, 150, 150, 3000, id="part of a step"),
        pytest.param(4000, "0.333", 100, 100, 33, id="rounded down"),
        pytest.param(0, 20, None, 0, 0, id="nothing left"),
        pytest.param(0, 20, 50, 0, 0, id="nothing left and asked"),
        pytest.param(4000, 0, 50, 0, 0, id="points that are worth nothing"),
    ],
)
def test_points_pay(left: int, ratio: Any, asked: int | None, points: int, off: int) -> None:
    card = coin(exchange_ratio=Decimal(ratio), asked=asked)
    order = cart(amount=left)
    assert card.refuse(order) is None
    applied = card.apply(order)
    assert isinstance(applied, Applied)
    assert (applied.points, applied.order.discount_amount) == (points, off)
    assert applied.credits is None


@pytest.mark.parametrize(
    ("multiplier", "asked", "points", "off"),
    [
        pytest.param("1.5", None, 450, 4500, id="dearer, in whole steps"),
        pytest.param("1.5", 300, 300, 4000, id="dearer, as asked"),
        pytest.param("0.5", None, 150, 4500, id="cheaper"),
        pytest.param("0.333", None, 100, 4500, id="no part of a point"),
        pytest.param("0", None, 0, 0, id="for nothing there is nothing"),
    ],
)
def test_a_tier_changes_what_points_pay(
    multiplier: str, asked: int | None, points: int, off: int
) -> None:
    applied = coin(multiplier=Decimal(multiplier), asked=asked).apply(cart(amount=4500))
    assert isinstance(applied, Applied)
    assert (applied.points, applied.order.discount_amount) == (points, off)


@pytest.mark.parametrize(
    ("balance", "locked", "points", "off"),
    [
        pytest.param(5000, 0, 500, 10_000, id="as many as are needed"),
        pytest.param(150, 0, 150, 3000, id="as many as there are"),
        pytest.param(150, 100, 50, 1000, id="but for those that sessions hold"),
    ],
)
def test_a_part_is_paid_where_that_will_do(
    balance: int, locked: int, points: int, off: int
) -> None:
    card = coin(balance=balance, locked=locked, is_partial=True)
    order = cart(amount=10_000)
    assert card.refuse(order) is None
    applied = card.apply(order)
    assert isinstance(applied, Applied)
    assert (applied.points, applied.order.discount_amount) == (points, off)


@pytest.mark.parametrize(
    "worth",
    [
        coin(balance=100, locked=1, asked=100),
        coin(balance=100, locked=100, is_partial=True),
        PointsSpending(points=6, balance=9, locked=4),
    ],
)
def test_what_sessions_hold_is_not_there(worth: Any) -> None:
    assert worth.refuse(CART) == Refusal("loyalty_card_points_exceeded")


def test_a_card_without_a_reward_tells_why() -> None:
    refusal = Refusal("not_found", "Cannot find reward with id r", resource_id="r")
    (step,) = judge(code("CARD", NoReward(refusal))).steps
    assert step.refusal == refusal
    assert NoReward(refusal).apply(CART) == refusal


def test_points_for_a_reward_change_no_money() -> None:
    card = PointsSpending(points=5, balance=5)
    assert card.refuse(NO_AMOUNT) is None
    assert card.apply(CART) == Applied(order=CART, points=5)


@pytest.mark.parametrize(
    ("worth", "verdict"),
    [
        pytest.param(coin(asked=5), "no_effect", id="E14, nothing left to pay"),
        pytest.param(GiftCredits(balance=50), "no_effect", id="a gift card has nothing to pay"),
        pytest.param(PointsSpending(points=5, balance=9), "APPLICABLE", id="a reward all the same"),
        pytest.param(PointsSpending(points=0, balance=9), "no_effect", id="a reward for nothing"),
    ],
)
def test_effect_of_cards(worth: Any, verdict: str) -> None:
    everything = code("ALL", {**HALF, "percent_off": 100})
    evaluation = judge(everything, code("CARD", worth), redeemables_no_effect_rule="SKIP")
    assert verdicts(evaluation) == ["APPLICABLE", verdict]


def test_credits_that_are_spent_are_an_effect_whatever_the_order() -> None:
    card = code("CARD", GiftCredits(balance=9, asked=5))
    evaluation = judge(card, order=NO_AMOUNT, redeemables_no_effect_rule="SKIP")
    assert verdicts(evaluation) == ["APPLICABLE"]


@pytest.mark.parametrize(
    ("first", "second", "paid"),
    [
        pytest.param(TEN_OFF, GiftCredits(balance=50_000), [1000, 9000], id="gift pays the rest"),
        pytest.param(GiftCredits(balance=500), coin(), [500, 9500], id="points pay the rest"),
        pytest.param(coin(asked=100), HALF, [2000, 4000], id="half of the rest"),
    ],
)
def test_cards_stack(first: Definition, second: Any, paid: list[int]) -> None:
    evaluation = judge(code("A", first), code("B", second))
    off = [step.after.discount_amount - step.before.discount_amount for step in evaluation.steps]
    assert off == paid
