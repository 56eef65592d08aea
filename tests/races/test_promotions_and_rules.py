"""Many clients at once on promotions, and on the counters that rules look at."""

from __future__ import annotations

import pytest
from tests.races.shop import outcomes

from kupon.runtime import ids
from kupon.testing.builders import (
    amount_off,
    percent_off,
    promotion_stack,
    promotion_tier,
    redeemable,
    tier,
)

pytestmark = pytest.mark.race

MOST_OF_CAMPAIGN = 100
TIMES = 20


def named(kind):
    return ids.new_id(f"race-{kind}-")


def at_most(rule, most):
    node = {"name": rule, "conditions": {"$less_than_or_equal": [most]}}
    return {"name": named("rule"), "rules": {"1": node, "logic": "1"}}


@pytest.fixture
def promotion(shop):
    """A campaign with a tier of 10 % off and one of 1.00 off: its id and theirs."""
    tiers = [tier(discount=percent_off(10)), tier(discount=amount_off(100))]
    body = {"name": named("promotion"), "campaign_type": "PROMOTION"}
    made = shop.make("/v1/campaigns", body | {"promotion": {"tiers": tiers}})
    return made["id"], [each["id"] for each in made["promotion"]["tiers"]]


def summary(shop, tier_id):
    told = shop.call("GET", f"/v1/promotions/tiers/{tier_id}").json()["summary"]
    return (
        told["redemptions"]["total_redeemed"],
        told["orders"]["total_amount"],
        told["orders"]["total_discount_amount"],
    )


def test_every_use_of_a_tier_is_counted(shop, promotion):
    _, (ten, _) = promotion
    answers = shop.at_once(lambda _: shop.redeem(promotion_tier(ten)))
    assert outcomes(answers) == {"ok": 64}
    assert summary(shop, ten) == (64, 64_000, 6400)
    done = [answer.json()["redemptions"][0]["id"] for answer in answers]

    def roll_back(number):
        return shop.call("POST", f"/v1/redemptions/{done[number]}/rollbacks", {})

    assert outcomes(shop.at_once(roll_back, 32)) == {"ok": 32}
    assert summary(shop, ten) == (32, 32_000, 3200)


def test_tiers_and_codes_in_any_order_do_not_wait_for_each_other_forever(shop, promotion):
    campaign_id, (ten, one) = promotion
    codes = [named("code") for _ in range(2)]
    for code in codes:
        shop.make_voucher(code, redemption={"quantity": 40})
    body = {"name": named("stack"), "tiers": {"ids": [one, ten]}}
    stack = shop.make(f"/v1/promotions/{campaign_id}/stacks", body)
    parts = [promotion_tier(ten), redeemable(codes[0]), promotion_tier(one), redeemable(codes[1])]

    def redeem(number):
        turn = number % 5
        if turn == 4:
            return shop.redeem(promotion_stack(stack["id"]))
        return shop.redeem(*parts[turn:], *parts[:turn])

    assert outcomes(shop.at_once(redeem, 50)) == {"ok": 50}
    assert [shop.redeemed(code) for code in codes] == [40, 40]
    assert [summary(shop, each)[0] for each in (ten, one)] == [50, 50]


def test_a_campaigns_count_is_never_overshot(shop):
    rule = shop.make(
        "/v1/validation-rules", at_most("campaign.redemptions.count", MOST_OF_CAMPAIGN)
    )
    campaign = shop.make(
        "/v1/campaigns",
        {
            "name": named("campaign"),
            "campaign_type": "DISCOUNT_COUPONS",
            "voucher": {"type": "DISCOUNT_VOUCHER", "discount": amount_off(100)},
            "validation_rules": [rule["id"]],
        },
    )
    codes = [named("code") for _ in range(2 * 64)]
    for code in codes:
        shop.make(f"/v1/campaigns/{campaign['id']}/vouchers/{code}", {})

    def redeem_two(number):
        return [shop.redeem(redeemable(code)) for code in codes[2 * number : 2 * number + 2]]

    answers = [answer for pair in shop.at_once(redeem_two) for answer in pair]
    assert outcomes(answers) == {
        "ok": MOST_OF_CAMPAIGN,
        "redemption_rules_violated": len(codes) - MOST_OF_CAMPAIGN,
    }
    used = [code for code in codes if shop.redeemed(code)]
    assert len(used) == MOST_OF_CAMPAIGN

    done = [answer.json()["redemptions"][0]["id"] for answer in answers if answer.ok][:TIMES]
    backs = shop.at_once(
        lambda number: shop.call("POST", f"/v1/redemptions/{done[number]}/rollback", {}), TIMES
    )
    assert outcomes(backs) == {"ok": TIMES}
    again = shop.at_once(lambda number: shop.redeem(redeemable(codes[number])))
    assert outcomes(again)["ok"] == TIMES


@pytest.fixture
def once(shop):
    """A code that each customer may use once."""
    rule = shop.make("/v1/validation-rules", at_most("redemption.count.per_customer", 1))
    return shop.make_voucher(named("once"), validation_rules=[rule["id"]])["code"]


@pytest.mark.parametrize("is_known", [True, False], ids=["known", "new"])
def test_once_per_customer_is_once(shop, once, is_known):
    customer = {"source_id": named("customer")}
    if is_known:
        shop.make("/v1/customers", customer)

    def redeem(_):
        return shop.redeem(redeemable(once), customer=customer)

    answers = shop.at_once(redeem, TIMES)
    assert outcomes(answers)["ok"] == 1
    assert shop.redeemed(once) == 1
    done = next(answer.json() for answer in answers if answer.ok)["redemptions"][0]
    back = shop.call("POST", f"/v1/redemptions/{done['id']}/rollback", {})
    assert back.status_code == 200, back.text
    assert shop.redeemed(once) == 0
    assert outcomes(shop.at_once(redeem, TIMES)) == {
        "ok": 1,
        "redemption_rules_violated": TIMES - 1,
    }
    other = shop.redeem(redeemable(once), customer={"source_id": named("customer")})
    assert other.status_code == 200, other.text
