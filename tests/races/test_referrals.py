"""Many referees at once: each counts once, and each milestone is paid once."""

from __future__ import annotations

import time

import pytest
from tests.races.shop import outcomes

from kupon.runtime import ids
from kupon.testing.builders import amount_off, redeemable

pytestmark = pytest.mark.race

REFEREES = 32
EACH, MILESTONE = 50, 200


def named(kind):
    return ids.new_id(f"race-{kind}-")


@pytest.fixture
def programme(shop):
    """A referral programme, and the loyalty programme that its referrers get points of."""
    stars = shop.make(
        "/v1/loyalties",
        {
            "name": named("stars"),
            "type": "AUTO_UPDATE",
            "voucher": {"type": "LOYALTY_CARD", "loyalty_card": {"points": 0}},
        },
    )
    reward = {"id": stars["id"], "name": stars["name"], "object": "CAMPAIGN"}
    friends = shop.make(
        "/v1/campaigns",
        {
            "name": named("friends"),
            "campaign_type": "REFERRAL_PROGRAM",
            "type": "AUTO_UPDATE",
            "voucher": {"type": "DISCOUNT_VOUCHER", "discount": amount_off(100)},
            "referral_program": {
                "conversion_event_type": "redemption",
                "referee_reward": {
                    "related_object_parent": reward,
                    "type": "LOYALTY_CARD",
                    "amount": 5,
                },
            },
        },
    )
    for points, tier in (
        (EACH, {"criterion": "EACH"}),
        (MILESTONE, {"criterion": "MINIMUM", "threshold": REFEREES // 2}),
    ):
        parameters = {"campaign": {"id": stars["id"], "balance": points}}
        given = shop.make("/v1/rewards", {"name": named("reward"), "parameters": parameters})
        shop.make(f"/v1/referrals/{friends['id']}/tiers", tier | {"reward_id": given["id"]})
    return friends, stars


def publish(shop, campaign, source_id):
    body = {"campaign": campaign["id"], "customer": {"source_id": source_id}}
    return shop.make("/v1/publications", body)["voucher"]["code"]


def points(shop, source_id):
    loyalty = shop.call("GET", f"/v1/customers/{source_id}").json()["loyalty"]
    return loyalty["points"], loyalty["referred_customers"]


def wait_for(read, wanted):
    ends_at = time.monotonic() + 60
    while (seen := read()) != wanted and time.monotonic() < ends_at:
        time.sleep(0.2)
    return seen


def test_every_referee_counts_once_and_is_paid_for_once(shop, programme):
    friends, _ = programme
    ada = named("ada")
    code = publish(shop, friends, ada)
    referees = [named("referee") for _ in range(REFEREES)]

    def redeem(number):
        customer = {"source_id": referees[number % REFEREES]}
        return shop.redeem(redeemable(code), customer=customer)

    assert outcomes(shop.at_once(redeem, 2 * REFEREES)) == {"ok": 2 * REFEREES}
    earned = (REFEREES * EACH + MILESTONE, REFEREES)
    assert wait_for(lambda: points(shop, ada), earned) == earned
    for referee in referees:
        assert wait_for(lambda name=referee: points(shop, name)[0], 5) == 5


def test_two_who_refer_each_other_do_not_wait_for_each_other_forever(shop, programme):
    friends, _ = programme
    pairs = [(named("a"), named("b")) for _ in range(8)]
    codes = {name: publish(shop, friends, name) for pair in pairs for name in pair}

    def redeem(number):
        a, b = pairs[number // 2]
        referrer, referee = (a, b) if number % 2 else (b, a)
        return shop.redeem(redeemable(codes[referrer]), customer={"source_id": referee})

    assert outcomes(shop.at_once(redeem, 16)) == {"ok": 16}
    for name in codes:
        assert wait_for(lambda name=name: points(shop, name), (EACH + 5, 1)) == (EACH + 5, 1)


def test_a_referee_is_added_once(shop, programme):
    friends, _ = programme
    code = publish(shop, friends, named("ada"))
    bob = named("bob")

    def add(_):
        body = {"holders": [{"source_id": bob}]}
        return shop.call("POST", f"/v1/referrals/members/{code}/holders", body)

    answers = shop.at_once(add, 32)
    assert outcomes(answers) == {"ok": 1, "holder_assignement_duplication": 31}
    held = shop.call("GET", f"/v1/referrals/members/{code}/holders").json()
    assert held["total"] == 2
