"""Answers about rewards as the official SDK reads them, and bodies as it writes them."""

from __future__ import annotations

import pytest
import voucherify as sdk

from kupon.testing.builders import (
    make_campaign,
    make_customer,
    make_gift_campaign,
    make_member,
    make_product,
    make_programme,
    make_sku,
)


def parsed(model, answer):
    """What the SDK makes of an answer; it raises for what it can't read."""
    return getattr(sdk, model).from_dict(answer)


def written(model, body):
    """What the SDK sends for a body."""
    return getattr(sdk, model).from_dict(body).to_dict()


@pytest.fixture
def programme(api):
    return make_programme(api, points=1000)


@pytest.fixture
def member(api, programme):
    return make_member(api, programme, make_customer(api))


def coupon(api):
    return {"campaign": {"id": make_campaign(api, type="AUTO_UPDATE")["id"]}}


def credits(api):
    campaign = make_gift_campaign(api, type="AUTO_UPDATE")
    return {"campaign": {"id": campaign["id"], "balance": 500}}


def points(api):
    return {"campaign": {"id": make_programme(api)["id"], "balance": 50}}


def mug(api):
    product = make_product(api)
    return {"product": {"id": product["id"], "sku_id": make_sku(api, product["id"])["id"]}}


@pytest.mark.parametrize("meant", [coupon, credits, points, mug])
def test_a_reward_from_its_making_to_its_rollback(api, programme, member, meant):
    body = {"name": "Treat", "parameters": meant(api), "metadata": {"a": 1}}
    body |= {"stock": 5, "attributes": {"description": "x"}} if meant is mug else {}
    sent = written("RewardsCreateRequestBody", body)
    made = parsed("RewardsCreateResponseBody", api.post("/v1/rewards", json=sent).expect())
    path = f"/v1/rewards/{made.id}"
    sent = written("RewardsUpdateRequestBody", {"name": "Sweet"})
    assert parsed("RewardsUpdateResponseBody", api.put(path, json=sent).expect()).name == "Sweet"
    price = {"parameters": {"loyalty": {"points": 10}}}
    sent = written("RewardsAssignmentsCreateRequestBody", {"campaign": programme["id"], **price})
    answer = api.post(f"{path}/assignments", json=sent).expect()
    assigned = parsed("RewardsAssignmentsCreateResponseBody", answer)
    price = {"parameters": {"loyalty": {"points": 20}}}
    sent = written("RewardsAssignmentsUpdateRequestBody", price)
    answer = api.put(f"{path}/assignments/{assigned.id}", json=sent).expect()
    assert parsed("RewardsAssignmentsUpdateResponseBody", answer).parameters.loyalty.points == 20
    answer = api.get(f"{path}/assignments/{assigned.id}").expect()
    assert parsed("RewardsAssignmentsGetResponseBody", answer).id == assigned.id
    answer = api.get(f"{path}/assignments").expect()
    assert parsed("RewardsAssignmentsListResponseBody", answer).total == 1
    redemption = _redeem(api, member, made.id)
    listed = parsed("RedemptionsListResponseBody", api.get("/v1/redemptions").expect())
    assert [row.id for row in listed.redemptions] == [redemption.id]
    answer = api.post(f"/v1/redemptions/{redemption.id}/rollback").expect()
    assert parsed("RedemptionsRollbackCreateResponseBody", answer).amount == -20


def _redeem(api, member, reward_id):
    body = {"reward": {"id": reward_id}, "metadata": {"b": 2}}
    sent = written("LoyaltiesMembersRedemptionRedeemRequestBody", body)
    answer = api.post(f"/v1/loyalties/members/{member['code']}/redemption", json=sent).expect()
    done = parsed("LoyaltiesMembersRedemptionRedeemResponseBody", answer)
    assert (done.amount, done.loyalty_card.points) == (20, 20)
    assert (done.reward.id, done.reward.name) == (reward_id, "Sweet")
    assert (done.reward.voucher is None) is (done.reward.product is not None)
    return done
