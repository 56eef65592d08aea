"""Rewards that programmes redeem by themselves: when, how many, how often, and what stops them."""

from __future__ import annotations

import pytest

from kupon.testing.builders import (
    assign_reward,
    make_campaign,
    make_campaign_reward,
    make_customer,
    make_material_reward,
    make_member,
    make_programme,
)


@pytest.fixture
def programme(api):
    return make_programme(api)


@pytest.fixture
def customer(api):
    return make_customer(api)


@pytest.fixture
def member(api, programme, customer):
    return make_member(api, programme, customer)


@pytest.fixture
def add(api, member):
    """Adds points to the member's card; what is left of them."""

    def post(points):
        path = f"/v1/loyalties/members/{member['id']}/balance"
        api.post(path, json={"points": points}).expect()
        card = api.get(f"/v1/vouchers/{member['id']}").expect()
        return card["loyalty_card"]["balance"]

    return post


@pytest.fixture
def redemptions(api):
    """Reads all redemptions, the newest first."""
    return lambda: api.get("/v1/redemptions", query={"limit": 100}).expect()["redemptions"]


@pytest.fixture
def coupons(api, programme):
    """A coupon for 50 points each that redeems itself; its assignment."""
    reward = make_campaign_reward(api, make_campaign(api, type="AUTO_UPDATE"))
    return assign_reward(api, reward, programme, 50, auto_redeem=True)


def test_points_become_a_coupon_at_once(api, customer, member, coupons, add, redemptions):
    assert add(49) == 49
    assert redemptions() == []
    assert add(24) == 23
    [done] = redemptions()
    assert done["amount"] == 50
    assert done["customer_id"] == customer["id"]
    assert done["channel"] == {"channel_id": coupons["id"], "channel_type": "AUTO_REDEEM"}
    assert done["reward"]["assignment_id"] == coupons["id"]
    code = done["reward"]["voucher"]
    assert code["holder_id"] == customer["id"]
    path = f"/v1/loyalties/members/{member['id']}/transactions"
    line, *_ = api.get(path).expect()["data"]
    assert (line["type"], line["source"]) == ("POINTS_REDEMPTION", None)
    balance = line["details"]["balance"]
    assert (balance["points"], balance["total"], balance["balance"]) == (-50, 73, 23)
    assert balance["operation_type"] == "AUTOMATIC"


def test_several_come_in_one_redemption(api, coupons, add, redemptions, events):
    assert add(274) == 24
    [done] = redemptions()
    assert done["amount"] == 250
    published = api.get("/v1/publications").expect()
    given = [row for row in published["publications"] if len(row["vouchers_id"]) == 5]
    assert len(given) == 1
    assert [name for name, _ in events()].count("customer.rewarded") == 1


def test_twenty_five_at_once_and_no_more_than_ten_times_a_day(
    api, coupons, add, redemptions, move_time
):
    assert add(50 * 26) == 0
    assert [row["amount"] for row in redemptions()] == [50, 1250]
    assert add(50 * 25 * 9) == 50 * 25
    assert len(redemptions()) == 10
    move_time(days=2)
    # One too many on a day ends it until somebody looks into it.
    assert add(50) == 50 * 26
    assert len(redemptions()) == 10


def test_ten_a_day_are_fine(coupons, add, redemptions, move_time):
    for _ in range(10):
        assert add(50) == 0
    move_time(days=1)
    assert add(50) == 0
    assert len(redemptions()) == 11


def test_what_is_sold_out_is_left_for_later(api, programme, add, redemptions):
    reward = make_material_reward(api, 3)
    assign_reward(api, reward, programme, 10, auto_redeem=True)
    assert add(100) == 70
    assert [row["amount"] for row in redemptions()] == [30]
    assert api.get(f"/v1/rewards/{reward['id']}").expect()["redeemed"] == 3
    api.put(f"/v1/rewards/{reward['id']}", json={"stock": 5}).expect()
    assert add(1) == 51


def test_a_campaign_without_codes_costs_nothing(api, programme, add, redemptions):
    reward = make_campaign_reward(api, make_campaign(api))
    assign_reward(api, reward, programme, 10, auto_redeem=True)
    assert add(25) == 25
    assert {row["result"] for row in redemptions()} == {"FAILURE"}


def test_a_tier_that_is_out_of_reach(api, programme, member, add):
    reward = make_material_reward(api)
    assign_reward(api, reward, programme, 100, auto_redeem=True)
    body = [{"name": "Gold", "points": {"from": 100, "to": 1000}}]
    api.post(f"/v1/loyalties/{programme['id']}/tiers", json=body).expect()
    assert add(60) == 60
    assert add(50) == 10
    held = api.get(f"/v1/loyalties/members/{member['id']}/tiers").expect()
    assert held["data"] == []


def test_only_cards_that_can_be_used(api, member, coupons, add):
    api.post(f"/v1/vouchers/{member['id']}/disable").expect()
    assert add(70) == 70


def test_redeeming_leads_on(api, programme, member, coupons, add):
    other = make_material_reward(api)
    assign_reward(api, other, programme, 5)
    assert add(49) == 49
    path = f"/v1/loyalties/members/{member['id']}/redemption"
    assert api.post(path, json={"reward": {"id": other["id"]}}).expect()["amount"] == 5
    assert add(6) == 0


def test_refusals_are_not_counted(api, programme, add, redemptions):
    campaign = make_campaign(api)
    reward = make_campaign_reward(api, campaign)
    assign_reward(api, reward, programme, 50, auto_redeem=True)
    for _ in range(12):
        add(50)
    api.post(f"/v1/campaigns/{campaign['id']}/vouchers", query={"vouchers_count": 1}).expect()
    assert add(1) == 601
    for number in range(14):
        api.post(f"/v1/campaigns/{campaign['id']}/vouchers/MORE{number}").expect()
    assert add(50) == 1
    assert redemptions()[0]["amount"] == 650


def test_points_come_even_where_nothing_can_be_redeemed(
    api, management_api, project, coupons, add, redemptions
):
    path = f"/management/v1/projects/{project.id}/metadata-schemas"
    color = {"type": "string", "array": False, "optional": False}
    body = {"related_object": "redemption", "allow_defined_only": False}
    management_api.post(path, json={**body, "properties": {"color": color}}).expect()
    assert add(70) == 70
    assert redemptions() == []


def test_a_customer_who_is_gone(api, customer, coupons, add):
    api.delete(f"/v1/customers/{customer['id']}")
    assert add(70) == 70
