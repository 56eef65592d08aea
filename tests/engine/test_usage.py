"""Past uses as rules count them, those of the same request included."""

from __future__ import annotations

from typing import Any

import pytest
from tests.engine.asking import HALF, TEN_OFF, asked, cart, code, judge, rule, verdicts

from kupon.engine.giftcards import GiftCredits
from kupon.engine.model import Redeemable, Voucher
from kupon.engine.rules import Counter, Rule
from kupon.engine.usage import EVERY_COUNTER, is_of_campaign, party_of, past_uses, scope_of, use_of

ORDERS = Counter("campaign.orders.amount")
DISCOUNTS = Counter("campaign.orders.amount_discounted")
CREDITS = Counter("redemption.gift.amount")
PER_CUSTOMER = Counter("redemption.count.per_customer")
PER_KEY = Counter("redemption.count.per_api_key")
DAILY = Counter("redemption.count", "daily")
IN_CAMPAIGN = Counter("campaign.redemptions.count")


def at_most(counter: Counter, most: int) -> Rule:
    return rule({"1": {"name": counter.rule, "conditions": {"$less_than_or_equal": [most]}}})


def source(redeemable: Redeemable) -> Voucher:
    assert isinstance(redeemable.source, Voucher)
    return redeemable.source


@pytest.mark.parametrize("counter", EVERY_COUNTER, ids=lambda counter: counter.rule)
def test_whose_uses_are_counted(counter: Counter) -> None:
    of_campaign = is_of_campaign(counter)
    assert of_campaign == counter.name.startswith(("campaign.", "redemption.gift."))
    inside = source(code("A", campaign_id="camp_1"))
    assert scope_of(inside, counter) == ("camp_1" if of_campaign else "v_A")
    if "customer" in counter.name:
        assert party_of(counter, "cust_1", "app_1") == "cust_1"
        assert party_of(counter, None, "app_1") is None
    else:
        everybody = "app_1" if counter == PER_KEY else ""
        assert party_of(counter, "cust_1", "app_1") == everybody


@pytest.mark.uncertain
def test_a_code_without_campaign_stands_for_its_own() -> None:
    assert scope_of(source(code("A")), ORDERS) == "v_A"


def test_every_counter_is_there_once_and_with_its_periods() -> None:
    assert len(set(EVERY_COUNTER)) == len(EVERY_COUNTER) == 20
    assert {DAILY, IN_CAMPAIGN, PER_CUSTOMER, PER_KEY, CREDITS, ORDERS} < set(EVERY_COUNTER)


@pytest.mark.parametrize(
    ("worth", "counter", "used"),
    [
        pytest.param(TEN_OFF, ORDERS, 5000, id="the order's amount"),
        pytest.param(TEN_OFF, DISCOUNTS, 1000, id="what was taken off"),
        pytest.param(GiftCredits(balance=700), CREDITS, 700, id="the credits that were used"),
        pytest.param(GiftCredits(balance=9, asked=0), CREDITS, 0, id="no credits"),
        pytest.param(TEN_OFF, CREDITS, 0, id="no gift card"),
        pytest.param(TEN_OFF, DAILY, 1, id="a use"),
    ],
)
def test_what_a_step_adds(worth: Any, counter: Counter, used: int) -> None:
    (step,) = judge(code("A", worth), order=cart(amount=5000)).steps
    assert use_of(counter, step) == used


def test_steps_that_were_not_applied_add_nothing() -> None:
    (step,) = judge(code("A", is_active=False)).steps
    assert use_of(CREDITS, step) == 0
    (step,) = judge(code("A"), order=cart()).steps
    assert use_of(ORDERS, step) == 0


def test_only_what_the_rules_ask_for_is_counted() -> None:
    redeemable = code("A", campaign_id="camp_1", rules=(at_most(IN_CAMPAIGN, 9), at_most(DAILY, 9)))
    known = {("camp_1", IN_CAMPAIGN): 4, ("v_A", PER_KEY): 8, ("v_B", DAILY): 2}
    snapshot = asked(redeemable, facts={"counters": known})
    assert past_uses(source(redeemable), snapshot, ()) == {IN_CAMPAIGN: 4, DAILY: 0}


def test_earlier_steps_of_the_request_count() -> None:
    first = code("A", TEN_OFF, campaign_id="camp_1")
    refused = code("B", TEN_OFF, campaign_id="camp_1", is_active=False)
    unknown = Redeemable(object="voucher", id="NONE")
    foreign = code("C", HALF, campaign_id="camp_2")
    rules = (at_most(DISCOUNTS, 9999), at_most(DAILY, 9), at_most(IN_CAMPAIGN, 9))
    last = code("D", campaign_id="camp_1", rules=rules)
    redeemables = (first, refused, unknown, foreign, last)
    facts = {"counters": {("camp_1", DISCOUNTS): 50}}
    evaluation = judge(*redeemables, facts=facts, redeemables_application_mode="PARTIAL")
    snapshot = asked(*redeemables, facts=facts)
    past = past_uses(source(last), snapshot, evaluation.steps[:4])
    assert past == {DISCOUNTS: 1050, DAILY: 0, IN_CAMPAIGN: 1}


def test_the_attempt_counts_with_what_came_before_it() -> None:
    rules = (at_most(IN_CAMPAIGN, 5),)
    codes = [code(name, campaign_id="camp_1", rules=rules) for name in "ABC"]
    facts = {"counters": {("camp_1", IN_CAMPAIGN): 3}}
    evaluation = judge(*codes, facts=facts, redeemables_application_mode="PARTIAL")
    assert verdicts(evaluation) == ["APPLICABLE", "APPLICABLE", "redemption_rules_violated"]
