"""Rollbacks of what was bought with points: points come back, what was given goes."""

from __future__ import annotations

import pytest

from kupon.testing.builders import (
    amount_off,
    assign_reward,
    make_campaign,
    make_campaign_reward,
    make_customer,
    make_gift_campaign,
    make_material_reward,
    make_member,
    make_programme,
    make_reward,
    make_voucher,
    redeemable,
)


@pytest.fixture
def programme(api):
    return make_programme(api, points=1000)


@pytest.fixture
def customer(api):
    return make_customer(api)


@pytest.fixture
def member(api, programme, customer):
    return make_member(api, programme, customer)


@pytest.fixture
def buy(api, member):
    """Redeems a reward: `buy(reward, order=...)`."""

    def post(reward, points=None, **members):
        wanted = {"id": reward["id"]} | ({} if points is None else {"points": points})
        path = f"/v1/loyalties/members/{member['code']}/redemption"
        return api.post(path, json={"reward": wanted, **members}).expect()

    return post


@pytest.fixture
def undo(api):
    """Rolls a redemption back."""
    return lambda done: api.post(f"/v1/redemptions/{done['id']}/rollback").expect()


def read(api, voucher):
    return api.get(f"/v1/vouchers/{voucher['code']}").expect()


def lines(api, voucher):
    path = f"/v1/vouchers/{voucher['code']}/transactions"
    return [
        (line["type"], line["details"]["balance"].get("points", 0))
        for line in api.get(path).expect()["data"]
    ]


def told(events):
    [body] = [body for name, body in events() if name.endswith("reward_redemptions.rolledback")]
    return body


def test_points_and_an_unused_coupon(api, programme, member, buy, undo, events):
    reward = make_campaign_reward(api, make_campaign(api, type="AUTO_UPDATE"))
    assigned = assign_reward(api, reward, programme, 2)
    done = buy(reward, order={"amount": 2100})
    gone = undo(done)
    assert (gone["amount"], gone["loyalty_card"]) == (-2, {"points": -2})
    assert (gone["result"], gone["status"]) == ("SUCCESS", "SUCCEEDED")
    assert gone["reward"]["id"] == reward["id"]
    order = gone["order"]
    assert (order["status"], order["amount"], order["total_amount"]) == ("CANCELED", 2100, 2100)
    card = read(api, member)
    assert card["loyalty_card"]["balance"] == 1000
    assert (card["redemption"]["redeemed_points"], card["redemption"]["redeemed_quantity"]) == (
        0,
        0,
    )
    assert lines(api, member) == [("POINTS_REFUND", 2), ("POINTS_REDEMPTION", -2)]
    [refund, _] = api.get(f"/v1/vouchers/{member['code']}/transactions").expect()["data"]
    assert refund["details"]["rollback"] == {"id": gone["id"]}
    assert refund["details"]["reward"]["id"] == reward["id"]
    assert read(api, done["reward"]["voucher"])["active"] is False
    body = told(events)
    assert body["reward_redemption"]["state"] == "ROLLED_BACK"
    assert body["reward_assignment"] == assigned
    assert body["balance"]["points"] == 2
    again = api.post(f"/v1/redemptions/{done['id']}/rollback")
    assert again.json["key"] == "already_rolled_back"
    assert read(api, member)["loyalty_card"]["balance"] == 1000


def test_a_used_coupon_stays_what_it_is(api, programme, buy, undo):
    reward = make_campaign_reward(api, make_campaign(api, type="AUTO_UPDATE"))
    assign_reward(api, reward, programme, 2)
    done = buy(reward)
    code = done["reward"]["voucher"]
    body = {"redeemables": [redeemable(code["code"])], "order": {"amount": 1000}}
    api.post("/v1/redemptions", json=body).expect()
    undo(done)
    assert read(api, code)["active"] is True


def test_stock(api, programme, buy, undo):
    reward = make_material_reward(api, 1)
    assign_reward(api, reward, programme, 2)
    done = buy(reward)
    undo(done)
    assert api.get(f"/v1/rewards/{reward['id']}").expect()["redeemed"] == 0
    buy(reward)


def test_credits_as_far_as_they_are_there(api, programme, customer, buy, undo):
    reward = make_campaign_reward(api, make_gift_campaign(api, 100, type="AUTO_UPDATE"), 500)
    assign_reward(api, reward, programme, 2)
    first, second = buy(reward), buy(reward)
    card = first["reward"]["voucher"]
    undo(first)
    assert read(api, card)["gift"]["balance"] == 600
    body = {"redeemables": [redeemable(card["code"])], "order": {"amount": 400}}
    api.post("/v1/redemptions", json=body).expect()
    undo(second)
    assert read(api, card)["gift"]["balance"] == 0


def test_points_as_far_as_they_are_there(api, programme, member, buy, undo):
    reward = make_campaign_reward(api, make_programme(api, points=5), 50)
    assign_reward(api, reward, programme, 2)
    done = buy(reward)
    card = done["reward"]["voucher"]
    path = f"/v1/loyalties/members/{card['code']}/balance"
    api.post(path, json={"points": -20}).expect()
    undo(done)
    assert read(api, card)["loyalty_card"]["balance"] == 0
    assert read(api, member)["loyalty_card"]["balance"] == 1000


def test_what_is_gone_does_not_stand_in_the_way(api, programme, member, buy, undo):
    gifts = make_gift_campaign(api, 100, type="AUTO_UPDATE")
    rewards = [
        make_campaign_reward(api, make_campaign(api, type="AUTO_UPDATE")),
        make_campaign_reward(api, gifts, 500),
        make_campaign_reward(api, make_programme(api), 50),
        make_material_reward(api, 5),
    ]
    for reward in rewards:
        assigned = assign_reward(api, reward, programme, 2)
        done = buy(reward)
        code = done["reward"]["voucher"]
        if code is not None:
            api.delete(f"/v1/vouchers/{code['code']}", query={"force": "true"})
        api.delete(f"/v1/loyalties/{programme['id']}/rewards/{assigned['id']}")
        assert api.delete(f"/v1/rewards/{reward['id']}").status == 204
        assert undo(done)["amount"] == -2
    assert read(api, member)["loyalty_card"]["balance"] == 1000


def test_points_go_back_to_where_they_were_taken_from(api, customer, move_time):
    rules = {"period_type": "MONTH", "period_value": 1}
    programme = make_programme(api, points=30, expiration_rules=rules)
    move_time.freeze("2026-03-01T12:00:00+00:00")
    member = make_member(api, programme, customer)
    path = f"/v1/loyalties/members/{member['code']}"
    api.post(f"{path}/balance", json={"points": 40, "expiration_type": "NON_EXPIRING"}).expect()
    reward = make_material_reward(api, 5)
    assign_reward(api, reward, programme, 50)
    done = api.post(f"{path}/redemption", json={"reward": {"id": reward["id"]}}).expect()
    assert "next_expiration_date" not in done["voucher"]["loyalty_card"]
    api.post(f"/v1/redemptions/{done['id']}/rollback").expect()
    card = read(api, member)["loyalty_card"]
    assert (card["next_expiration_date"], card["next_expiration_points"]) == ("2026-04-01", 30)


def test_a_whole_stack(api, programme, member, customer):
    coin = make_reward(api, parameters={"coin": {"exchange_ratio": 1, "points_ratio": 1}})
    assign_reward(api, coin, programme)
    code = make_voucher(api, discount=amount_off(1000))
    body = {
        "redeemables": [
            redeemable(member["code"], reward={"id": coin["id"], "points": 20}),
            redeemable(code["code"]),
        ],
        "customer": {"id": customer["id"]},
        "order": {"amount": 10000},
    }
    done = api.post("/v1/redemptions", json=body).expect()
    assert done["order"]["total_amount"] == 7000
    path = f"/v1/redemptions/{done['parent_redemption']['id']}/rollbacks"
    gone = api.post(path).expect()
    assert [row.get("amount") for row in gone["rollbacks"]] == [-20, None]
    assert gone["rollbacks"][0]["loyalty_card"] == {"points": -20}
    assert (gone["order"]["status"], gone["order"]["total_amount"]) == ("CANCELED", 10000)
    assert read(api, member)["loyalty_card"]["balance"] == 1000


def test_a_customer_who_was_erased(api, programme, customer, member, buy, undo):
    reward = make_material_reward(api, 1)
    assign_reward(api, reward, programme, 2)
    done = buy(reward)
    api.post(f"/v1/customers/{customer['id']}/permanent-deletion").expect()
    read_again = api.get(f"/v1/redemptions/{done['id']}").expect()
    assert read_again["reward"]["customer"] is None
    undo(done)
    assert read(api, member)["loyalty_card"]["balance"] == 1000
    assert api.get(f"/v1/rewards/{reward['id']}").expect()["redeemed"] == 0
