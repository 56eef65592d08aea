"""Members redeeming rewards: what each type gives, what it costs, and what is refused."""

from __future__ import annotations

import pytest

from kupon.testing.builders import (
    assign_reward,
    cart,
    make_campaign,
    make_campaign_reward,
    make_customer,
    make_gift_campaign,
    make_material_reward,
    make_member,
    make_programme,
    make_reward,
    make_sku,
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
def buy(api, programme, member):
    """Redeems a reward: `buy(reward, points=5, order=...)`; the answer, whatever it is."""

    def post(reward, points=None, **members):
        wanted = {"id": reward["id"]} | ({} if points is None else {"points": points})
        path = f"/v1/loyalties/{programme['id']}/members/{member['code']}/redemption"
        return api.post(path, json={"reward": wanted, **members})

    return post


@pytest.fixture
def card(api, member):
    """Reads the member's card."""
    return lambda: api.get(f"/v1/vouchers/{member['code']}").expect()


@pytest.fixture
def ledger(api, member):
    """Reads the member's ledger, the newest first."""
    path = f"/v1/loyalties/members/{member['code']}/transactions"
    return lambda: api.get(path).expect()["data"]


def orders(api):
    return api.get("/v1/orders").expect()["orders"]


# -- codes ----------------------------------------------------------------------------------------


def test_a_coupon_for_points(api, programme, member, customer, buy, card, ledger):
    campaign = make_campaign(api, type="AUTO_UPDATE")
    reward = make_campaign_reward(api, campaign, name="Coupon", metadata={"a": 1})
    assigned = assign_reward(api, reward, programme, 300)
    done = buy(reward, metadata={"note": "x"}).expect()
    assert (done["amount"], done["loyalty_card"]) == (300, {"points": 300})
    assert (done["result"], done["status"], done["redemption"]) == ("SUCCESS", "SUCCEEDED", None)
    assert (done["related_object_type"], done["related_object_id"]) == ("voucher", member["id"])
    assert (done["customer_id"], done["order"]) == (customer["id"], None)
    assert done["metadata"] == {"note": "x"}
    assert done["channel"]["channel_type"] == "API"
    assert done["voucher"]["holder"]["id"] == customer["id"]
    assert done["voucher"]["loyalty_card"]["balance"] == 700
    assert done["voucher"]["redemption"]["redeemed_points"] == 300
    assert done["voucher"]["redemption"]["redeemed_quantity"] == 1
    given = done["reward"]
    assert given == {
        "id": reward["id"],
        "name": "Coupon",
        "type": "CAMPAIGN",
        "parameters": reward["parameters"],
        "metadata": {"a": 1},
        "created_at": reward["created_at"],
        "object": "reward",
        "assignment_id": assigned["id"],
        "loyalty_tier_id": None,
        "customer": done["customer"],
        "voucher": given["voucher"],
        "product": None,
        "sku": None,
        "reward": None,
    }
    code = api.get(f"/v1/vouchers/{given['voucher']['code']}").expect()
    assert (code["holder_id"], code["campaign_id"]) == (customer["id"], campaign["id"])
    assert code["publish"]["count"] == 1
    assert card()["loyalty_card"]["balance"] == 700
    [line] = ledger()
    assert (line["type"], line["source"]) == ("POINTS_REDEMPTION", None)
    assert line["details"]["balance"]["points"] == -300
    assert line["details"]["balance"]["operation_type"] == "MANUAL"
    assert line["details"]["balance"]["total"] == 1000
    assert line["details"]["redemption"] == {"id": done["id"]}
    assert line["details"]["reward"] == {"id": reward["id"], "name": "Coupon"}
    read = api.get(f"/v1/redemptions/{done['id']}").expect()
    assert (read["reward"], read["loyalty_card"]) == (given, {"points": 300})


def test_without_the_programme_in_the_path(api, programme, member, buy):
    reward = make_campaign_reward(api, make_campaign(api, type="AUTO_UPDATE"))
    assign_reward(api, reward, programme, 5)
    path = f"/v1/loyalties/members/{member['id']}/redemption"
    assert api.post(path, json={"reward": {"id": reward["id"]}}).expect()["amount"] == 5


def test_every_redemption_gives_another_coupon(api, programme, buy):
    reward = make_campaign_reward(api, make_campaign(api, type="AUTO_UPDATE"))
    assign_reward(api, reward, programme, 5)
    codes = {buy(reward).expect()["reward"]["voucher"]["code"] for _ in range(3)}
    assert len(codes) == 3


def test_nothing_is_charged_where_no_code_is_left(api, programme, buy, card, ledger):
    reward = make_campaign_reward(api, make_campaign(api))
    assign_reward(api, reward, programme, 5)
    refused = buy(reward)
    assert (refused.status, refused.json["key"]) == (400, "no_voucher_suitable_for_publication")
    assert (card()["loyalty_card"]["balance"], ledger()) == (1000, [])
    [failed] = api.get("/v1/redemptions").expect()["redemptions"]
    assert (failed["result"], failed["failure_code"]) == (
        "FAILURE",
        "no_voucher_suitable_for_publication",
    )
    [attempt] = api.get("/v1/publications", query={"result": "FAILURE"}).expect()["publications"]
    assert attempt["failure_code"] == "no_voucher_suitable_for_publication"


def test_nothing_is_charged_for_a_coupon_that_one_has(api, programme, customer, buy, card):
    campaign = make_campaign(api, type="AUTO_UPDATE", join_once=True)
    reward = make_campaign_reward(api, campaign)
    assign_reward(api, reward, programme, 5)
    buy(reward).expect()
    assert buy(reward).json["key"] == "voucher_cannot_be_published"
    assert card()["loyalty_card"]["balance"] == 995


def test_a_campaign_that_is_gone_gives_nothing(api, programme, buy, card):
    campaign = make_campaign(api, type="AUTO_UPDATE")
    reward = make_campaign_reward(api, campaign)
    assign_reward(api, reward, programme, 5)
    api.delete(f"/v1/campaigns/{campaign['id']}")
    assert buy(reward).json["key"] == "no_voucher_suitable_for_publication"
    assert card()["loyalty_card"]["balance"] == 1000


# -- credits and points ---------------------------------------------------------------------------


def test_credits_go_to_a_new_card_and_then_to_the_same(api, programme, customer, buy, events):
    campaign = make_gift_campaign(api, 100, type="AUTO_UPDATE")
    reward = make_campaign_reward(api, campaign, 10)
    assign_reward(api, reward, programme, 5)
    first = buy(reward).expect()["reward"]["voucher"]
    assert (first["gift"]["balance"], first["holder_id"]) == (110, customer["id"])
    second = buy(reward).expect()["reward"]["voucher"]
    assert (second["id"], second["gift"]["balance"]) == (first["id"], 120)
    lines = api.get(f"/v1/vouchers/{first['code']}/transactions").expect()["data"]
    assert {line["type"] for line in lines} == {"CREDITS_ADDITION"}
    assert [line["details"]["balance"]["amount"] for line in lines] == [10, 10]
    assert {line["source"] for line in lines} == {"Automation"}
    assert {line["details"]["balance"]["operation_type"] for line in lines} == {"AUTOMATIC"}
    names = [name for name, _ in events()]
    assert names.count("voucher.gift.balance_added") == 2


def test_a_card_that_can_not_be_used_gets_no_credits(api, programme, buy):
    campaign = make_gift_campaign(api, 100, type="AUTO_UPDATE")
    reward = make_campaign_reward(api, campaign, 10)
    assign_reward(api, reward, programme, 5)
    first = buy(reward).expect()["reward"]["voucher"]
    api.post(f"/v1/vouchers/{first['code']}/disable").expect()
    second = buy(reward).expect()["reward"]["voucher"]
    assert second["id"] != first["id"]


def test_points_of_another_programme(api, programme, customer, buy, events):
    other = make_programme(api, points=7)
    reward = make_campaign_reward(api, other, 50)
    assign_reward(api, reward, programme, 100)
    card = buy(reward).expect()["reward"]["voucher"]
    assert (card["campaign_id"], card["loyalty_card"]["balance"]) == (other["id"], 57)
    assert buy(reward).expect()["reward"]["voucher"]["loyalty_card"]["balance"] == 107
    lines = api.get(f"/v1/loyalties/members/{card['id']}/transactions").expect()["data"]
    assert [(line["type"], line["source"]) for line in lines] == [
        ("POINTS_ADDITION", "Automation")
    ] * 2
    assert "voucher.loyalty_card.points_added" in [name for name, _ in events()]


# -- what is handed over --------------------------------------------------------------------------


def test_a_mug_is_set_aside(api, programme, buy, events):
    reward = make_material_reward(api, 2)
    product = reward["parameters"]["product"]["id"]
    sku = make_sku(api, product)
    meant = {"product": {"id": product, "sku_id": sku["id"]}}
    api.put(f"/v1/rewards/{reward['id']}", json={"parameters": meant}).expect()
    assign_reward(api, reward, programme, 10)
    given = buy(reward).expect()["reward"]
    assert (given["product"]["id"], given["sku"]["id"]) == (product, sku["id"])
    assert given["voucher"] is None
    read = api.get(f"/v1/rewards/{reward['id']}").expect()
    assert (read["stock"], read["redeemed"]) == (2, 1)
    told = [(name, body) for name, body in events() if "reward_redemptions" in name]
    assert [name for name, _ in told] == [
        "customer.reward_redemptions.created",
        "customer.reward_redemptions.pending",
    ]
    assert told[0][1]["reward_redemption"]["state"] == "PENDING"


def test_what_is_out_of_stock_costs_nothing(api, programme, buy, card):
    reward = make_material_reward(api, 1)
    assign_reward(api, reward, programme, 10)
    buy(reward).expect()
    refused = buy(reward)
    assert (refused.status, refused.json["key"]) == (400, "reward_out_of_stock")
    assert refused.json["resource_type"] == "reward"
    assert card()["loyalty_card"]["balance"] == 990
    assert api.get(f"/v1/rewards/{reward['id']}").expect()["redeemed"] == 1
    lower = api.put(f"/v1/rewards/{reward['id']}", json={"stock": 0})
    assert lower.json["key"] == "invalid_payload"
    api.put(f"/v1/rewards/{reward['id']}", json={"stock": 2}).expect()
    buy(reward).expect()


# -- paying with points ---------------------------------------------------------------------------


@pytest.fixture
def coin(api, programme):
    """20.00 for 100 points."""
    ratio = {"coin": {"exchange_ratio": 20, "points_ratio": 100}}
    reward = make_reward(api, parameters=ratio)
    assign_reward(api, reward, programme)
    return reward


@pytest.mark.parametrize(
    ("points", "amount", "charged", "discount"),
    [
        (100, 45000, 100, 2000),
        (150, 45000, 150, 3000),
        (33, 45000, 33, 660),
        (300, 6000, 300, 6000),
        (1000, 4500, 300, 4500),
        (None, 4500, 300, 4500),
        (None, 20000, 1000, 20000),
    ],
)
def test_an_order_is_paid(api, coin, buy, card, points, amount, charged, discount):
    done = buy(coin, points, order={"amount": amount}).expect()
    assert (done["amount"], done["loyalty_card"]) == (charged, {"points": charged})
    order = done["order"]
    assert (order["status"], order["amount"]) == ("PAID", amount)
    assert (order["total_discount_amount"], order["total_amount"]) == (discount, amount - discount)
    assert card()["loyalty_card"]["balance"] == 1000 - charged
    assert api.get(f"/v1/orders/{order['id']}").expect()["total_amount"] == amount - discount


def test_too_few_points_pay_nothing(api, coin, buy, card):
    refused = buy(coin, order={"amount": 20001})
    assert (refused.status, refused.json["key"]) == (400, "loyalty_card_points_exceeded")
    assert buy(coin, 1001, order={"amount": 45000}).json["key"] == "loyalty_card_points_exceeded"
    assert (card()["loyalty_card"]["balance"], orders(api)) == (1000, [])


def test_points_pay_for_an_order_only(api, coin, buy):
    for order in (None, {}):
        assert buy(coin, 10, order=order).json["key"] == "missing_order"
    assert buy(coin, 10, order={"source_id": "x"}).json["key"] == "missing_amount"


@pytest.mark.parametrize("points", [0, -1, "x", 1.5, 2**60])
def test_broken_points(coin, buy, points):
    assert buy(coin, points, order={"amount": 100}).json["key"] == "invalid_payload"


def test_a_stored_order_is_paid(api, coin, customer, buy):
    stored = api.post(
        "/v1/orders", json={**cart((2, 1000)), "customer": {"id": customer["id"]}}
    ).expect()
    done = buy(coin, 50, order={"id": stored["id"]}).expect()
    assert (done["order"]["id"], done["order"]["status"]) == (stored["id"], "PAID")
    assert done["order"]["total_amount"] == 1000


def test_a_coupon_does_not_change_the_order_that_comes_along(api, programme, customer, buy):
    reward = make_campaign_reward(api, make_campaign(api, type="AUTO_UPDATE"))
    assign_reward(api, reward, programme, 2)
    order = buy(reward, order={"amount": 2100}).expect()["order"]
    assert (order["status"], order["total_amount"]) == ("PAID", 2100)
    assert order["customer_id"] == customer["id"]


def test_rules_of_the_assignment_hold(api, programme, buy, card):
    rule = api.post(
        "/v1/validation-rules",
        json={
            "name": "From 50.00",
            "rules": {
                "1": {"name": "order.amount", "conditions": {"$more_than_or_equal": [5000]}},
                "logic": "1",
            },
        },
    ).expect()
    reward = make_reward(api)
    assign_reward(api, reward, programme, validation_rules=[rule["id"]])
    assert buy(reward, 5, order={"amount": 4999}).json["key"] == "order_rules_violated"
    assert buy(reward, 5, order={"amount": 5000}).expect()["amount"] == 5
    assert card()["loyalty_card"]["balance"] == 995


# -- refusals -------------------------------------------------------------------------------------


def test_the_price_must_be_there(api, programme, buy, card, ledger):
    reward = make_material_reward(api, 5)
    assign_reward(api, reward, programme, 1001)
    refused = buy(reward, order={"amount": 100})
    assert (refused.status, refused.json["key"]) == (400, "loyalty_card_points_exceeded")
    assert (card()["loyalty_card"]["balance"], ledger(), orders(api)) == (1000, [], [])
    assert api.get(f"/v1/rewards/{reward['id']}").expect()["redeemed"] == 0


def test_a_reward_must_be_named(api, programme, member):
    path = f"/v1/loyalties/{programme['id']}/members/{member['code']}/redemption"
    for body in ({}, {"reward": None}, {"reward": {}}, {"reward": {"points": 5}}):
        refused = api.post(path, json=body)
        assert (refused.status, refused.json["key"]) == (400, "missing_reward")
    for body in ([], {"reward": []}, {"reward": {"id": 5}}, {"order": "x"}, None):
        assert api.post(path, json=body).json["key"] == "invalid_payload"


def test_a_reward_must_be_offered(api, buy):
    unassigned = make_reward(api)
    for reward in (unassigned, {"id": "rew_none"}):
        refused = buy(reward, order={"amount": 100})
        assert (refused.status, refused.json["resource_type"]) == (404, "reward")


def test_a_member_must_be_known(api, programme, coin):
    body = {"reward": {"id": coin["id"]}}
    for path in (
        f"/v1/loyalties/{programme['id']}/members/none/redemption",
        "/v1/loyalties/members/none/redemption",
        "/v1/loyalties/none/members/none/redemption",
    ):
        assert api.post(path, json=body).status == 404


def test_cards_and_programmes_that_are_off(api, programme, member, coin, buy):
    order = {"amount": 100}
    api.post(f"/v1/vouchers/{member['code']}/disable").expect()
    assert buy(coin, 1, order=order).json["key"] == "voucher_disabled"
    api.post(f"/v1/vouchers/{member['code']}/enable").expect()
    api.post(f"/v1/campaigns/{programme['id']}/disable").expect()
    assert buy(coin, 1, order=order).json["key"] == "campaign_not_active"
    api.post(f"/v1/campaigns/{programme['id']}/enable").expect()
    changes = {"expiration_date": "2020-01-01T00:00:00Z"}
    api.put(f"/v1/vouchers/{member['code']}", json=changes).expect()
    assert buy(coin, 1, order=order).json["key"] == "voucher_expired"


def test_a_card_that_nobody_holds_buys_nothing(api, programme, coin):
    made = api.post(f"/v1/campaigns/{programme['id']}/vouchers/LONE").expect()
    body = {"reward": {"id": coin["id"]}, "order": {"amount": 100}}
    path = f"/v1/loyalties/members/{made['code']}/redemption"
    assert api.post(path, json=body).json["key"] == "invalid_customer"


# -- tiers ----------------------------------------------------------------------------------------


@pytest.fixture
def in_tier(api, programme, member):
    """Puts the member into a tier with these mappings of rewards."""

    def put(**rewards):
        body = [{"name": "Gold", "points": {"from": 500, "to": 5000}, "rewards": rewards}]
        [tier] = api.post(f"/v1/loyalties/{programme['id']}/tiers", json=body).expect()
        path = f"/v1/loyalties/members/{member['id']}/balance"
        api.post(path, json={"points": 1}).expect()
        return tier

    return put


def test_a_tier_has_its_own_prices(api, programme, member, buy, in_tier):
    cheap, custom, hidden = (make_material_reward(api) for _ in range(3))
    assigned = [assign_reward(api, reward, programme, 200) for reward in (cheap, custom, hidden)]
    tier = in_tier(
        **{
            assigned[0]["id"]: {"type": "MULTIPLY", "multiplier": 0.5},
            assigned[1]["id"]: {"type": "CUSTOM", "points": 7},
            assigned[2]["id"]: {"type": "DISABLED"},
        }
    )
    path = f"/v1/loyalties/members/{member['id']}/rewards"
    listed = api.get(path).expect()
    prices = {
        row["reward"]["id"]: row["assignment"]["parameters"]["loyalty"]["points"]
        for row in listed["data"]
    }
    assert (prices, listed["total"]) == ({cheap["id"]: 100, custom["id"]: 7}, 2)
    done = buy(cheap).expect()
    assert (done["amount"], done["reward"]["loyalty_tier_id"]) == (100, tier["id"])
    assert buy(custom).expect()["amount"] == 7
    assert buy(hidden).status == 404


def test_a_tier_makes_paying_dearer(api, programme, coin, buy, in_tier):
    [assigned] = api.get(f"/v1/rewards/{coin['id']}/assignments").expect()["data"]
    in_tier(**{assigned["id"]: {"type": "MULTIPLY", "multiplier": 1.5}})
    done = buy(coin, 300, order={"amount": 10000}).expect()
    assert (done["amount"], done["order"]["total_discount_amount"]) == (300, 4000)
    done = buy(coin, order={"amount": 4500}).expect()
    assert (done["amount"], done["order"]["total_discount_amount"]) == (450, 4500)


# -- the list of rewards --------------------------------------------------------------------------


def test_what_a_member_can_have(api, programme, member, coin):
    dear, cheap = make_material_reward(api), make_material_reward(api)
    assigned = {
        reward["id"]: assign_reward(api, reward, programme, points)
        for reward, points in ((dear, 1001), (cheap, 1000))
    }
    path = f"/v1/loyalties/members/{member['code']}/rewards"
    listed = api.get(path).expect()
    assert (listed["object"], listed["data_ref"], listed["total"]) == ("list", "data", 3)
    assert {row["reward"]["id"] for row in listed["data"]} == {coin["id"], *assigned}
    affordable = api.get(path, query={"affordable_only": "true"}).expect()["data"]
    assert {row["reward"]["id"] for row in affordable} == {coin["id"], cheap["id"]}
    [row] = [row for row in affordable if row["reward"]["id"] == cheap["id"]]
    assert row == {
        "reward": cheap,
        "assignment": assigned[cheap["id"]],
        "object": "loyalty_reward",
    }
    assert api.get("/v1/loyalties/members/none/rewards").status == 404
    assert api.get(path, query={"affordable_only": "x"}).status == 400


# -- what is told ---------------------------------------------------------------------------------


def test_what_a_purchase_stages(api, programme, member, customer, buy, events):
    reward = make_campaign_reward(api, make_campaign(api, type="AUTO_UPDATE"))
    assigned = assign_reward(api, reward, programme, 3)
    done = buy(reward).expect()
    told = dict(events())
    for name, state in (("created", "COMPLETED"), ("completed", "COMPLETED")):
        body = told[f"customer.reward_redemptions.{name}"]
        assert body["reward_redemption"]["state"] == state
        assert body["reward_redemption"]["voucher_id"] == member["id"]
        assert body["reward_redemption"]["source_id"] == done["id"]
        assert body["reward_assignment"] == assigned
        assert body["reward"] == done["reward"]
        assert body["source"] == {"id": done["id"], "type": "redemption"}
        assert body["voucher"]["id"] == member["id"]
        assert body["campaign"]["id"] == programme["id"]
    rewarded = told["customer.rewarded"]
    assert rewarded["redemption"]["id"] == done["id"]
    assert rewarded["balance"] == {"points": 3}
    assert told["voucher.loyalty_card.transaction.created"]["transaction"]["type"] == (
        "POINTS_REDEMPTION"
    )


def test_the_feed_of_the_customer_tells_of_it(api, programme, customer, buy, jobs):
    reward = make_campaign_reward(api, make_campaign(api, type="AUTO_UPDATE"))
    assign_reward(api, reward, programme, 3)
    done = buy(reward).expect()
    jobs.run()
    feed = api.get(f"/v1/customers/{customer['id']}/activity", query={"limit": 100}).expect()
    entries = {entry["type"]: entry["data"]["data"] for entry in feed["data"]}
    assert entries["customer.reward_redemptions.completed"]["reward"]["id"] == reward["id"]
    assert entries["customer.rewarded"]["redemption"]["id"] == done["id"]
    assert entries["customer.rewarded"]["customer"]["id"] == customer["id"]
    assert entries["customer.redemption.succeeded"]["redemption"]["id"] == done["id"]


def test_an_order_that_points_pay_for_earns_points(api, programme, coin, buy, card, jobs):
    rule = {"event": "order.paid", "loyalty": {"type": "FIXED", "points": 500}, "source": {}}
    path = f"/v1/loyalties/{programme['id']}/earning-rules"
    api.post(path, json=[rule]).expect()
    for balance in (1400, 1800):
        buy(coin, 100, order={"amount": 45000}).expect()
        jobs.run()
        assert card()["loyalty_card"]["balance"] == balance


def test_points_from_another_card_make_a_reward_affordable(api, programme, member, buy):
    reward = make_campaign_reward(api, make_gift_campaign(api, 0, type="AUTO_UPDATE"), 10000)
    assign_reward(api, reward, programme, 1200)
    assert buy(reward).json["key"] == "loyalty_card_points_exceeded"
    giver = make_member(api, programme, make_customer(api))
    path = f"/v1/loyalties/{programme['id']}/members/{member['code']}/transfers"
    api.post(path, json=[{"code": giver["code"], "points": 200}]).expect()
    given = buy(reward).expect()["reward"]["voucher"]
    assert given["gift"]["balance"] == 10000
