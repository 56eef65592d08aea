"""Loyalty cards in a stack: paying with points beside codes, sessions, refusals, older calls."""

from __future__ import annotations

import pytest

from kupon.runtime import clock
from kupon.storage.uow import UnitOfWork
from kupon.testing.audit import find_faults
from kupon.testing.builders import (
    amount_off,
    assign_reward,
    make_campaign,
    make_campaign_reward,
    make_customer,
    make_material_reward,
    make_member,
    make_programme,
    make_reward,
    make_rule,
    make_voucher,
    percent_off,
    redeemable,
)


@pytest.fixture(autouse=True)
def closing_books(engine, project):
    """After every test all balances of its project must close."""
    yield
    with UnitOfWork(engine, project_id=project.id, now=clock.now()) as uow:
        assert find_faults(uow) == []


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
def coin(api, programme):
    """20.00 for 100 points."""
    ratio = {"coin": {"exchange_ratio": 20, "points_ratio": 100}}
    reward = make_reward(api, parameters=ratio)
    assign_reward(api, reward, programme)
    return reward


@pytest.fixture
def card(member, coin):
    """The card as a redeemable: `card(points=100)`."""
    return lambda **asked: redeemable(member["code"], reward={"id": coin["id"], **asked})


@pytest.fixture
def left(api, member):
    """Reads what is left on the card."""
    return lambda: api.get(f"/v1/vouchers/{member['code']}").expect()["loyalty_card"]["balance"]


def refusal(answer):
    [row] = answer["inapplicable_redeemables"]
    return row["result"]["error"]["key"]


@pytest.mark.parametrize(
    ("points", "amount", "charged", "discount"),
    [(200, 4500, 200, 4000), (300, 6000, 300, 6000), (None, 4500, 300, 4500)],
)
def test_points_beside_nothing_else(
    customer, validate, redeem, card, left, points, amount, charged, discount
):
    asked = {} if points is None else {"points": points}
    request = {"customer": {"id": customer["id"]}, "order": {"amount": amount}}
    promised = validate(card(**asked), **request)
    [row] = promised["redeemables"]
    assert row["result"] == {"loyalty_card": {"points": charged}}
    assert promised["order"]["total_discount_amount"] == discount
    assert left() == 1000
    done = redeem(card(**asked), **request)
    [child] = done["redemptions"]
    assert (child["amount"], child["loyalty_card"]) == (charged, {"points": charged})
    assert child["reward"]["type"] == "COIN"
    assert child["order"]["total_applied_discount_amount"] == discount
    assert child["voucher"]["loyalty_card"]["balance"] == 1000 - charged
    assert done["order"]["total_amount"] == amount - discount
    assert left() == 1000 - charged


def test_points_pay_what_a_code_has_left(api, customer, redeem, card):
    code = make_voucher(api, discount=amount_off(1000))
    done = redeem(code["code"], card(), customer={"id": customer["id"]}, order={"amount": 5500})
    assert [row.get("amount") for row in done["redemptions"]] == [None, 300]
    assert done["order"]["total_amount"] == 0
    assert done["parent_redemption"]["related_object_type"] == "redemption"


def test_no_point_is_spent_in_vain(api, customer, redeem, card, left, set_stacking_rules):
    set_stacking_rules(redeemables_no_effect_rule="SKIP")
    code = make_voucher(api, discount=percent_off(100))
    done = redeem(
        code["code"], card(points=5), customer={"id": customer["id"]}, order={"amount": 1000}
    )
    assert len(done["redemptions"]) == 1
    [skipped] = done["skipped_redeemables"]
    assert skipped["result"]["details"]["key"] == "no_effect"
    assert left() == 1000


def test_a_card_that_changes_nothing_costs_nothing(api, customer, redeem, card, left):
    code = make_voucher(api, discount=percent_off(100))
    done = redeem(
        code["code"], card(points=5), customer={"id": customer["id"]}, order={"amount": 1000}
    )
    assert [row.get("amount") for row in done["redemptions"]] == [None, 0]
    assert left() == 1000
    alone = redeem(card(), customer={"id": customer["id"]}, order={"amount": 0})
    assert alone["redemptions"][0]["amount"] == 0


def test_refusals(api, programme, customer, member, coin, validate, card):
    request = {"customer": {"id": customer["id"]}, "order": {"amount": 45000}}
    other = make_customer(api)
    code = member["code"]
    assert refusal(validate(code, **request)) == "missing_reward"
    assert refusal(validate(card(), **request)) == "loyalty_card_points_exceeded"
    assert refusal(validate(card(points=1001), **request)) == "loyalty_card_points_exceeded"
    stranger = {**request, "customer": {"id": other["id"]}}
    assert refusal(validate(card(points=1), **stranger)) == "invalid_customer"
    assert refusal(validate(card(points=1), customer=request["customer"])) == "missing_amount"
    unknown = redeemable(code, reward={"id": "rew_none"})
    answer = validate(unknown, **request)
    assert refusal(answer) == "not_found"
    [row] = answer["inapplicable_redeemables"]
    assert row["result"]["error"]["resource_type"] == "reward"
    elsewhere = make_reward(api)
    assign_reward(api, elsewhere, make_programme(api))
    unassigned = redeemable(code, reward={"id": elsewhere["id"]})
    assert refusal(validate(unassigned, **request)) == "not_found"


@pytest.mark.parametrize("reward", [5, "x", [], {"id": 5}, {"id": "r", "points": 0}])
def test_broken_rewards(api, member, reward):
    for path in ("/v1/redemptions", "/v1/validations"):
        body = {"redeemables": [redeemable(member["code"], reward=reward)]}
        assert api.post(path, json=body).json["key"] == "invalid_payload"


def test_a_reward_may_be_named_by_its_assignment(api, customer, member, coin, redeem):
    [assigned] = api.get(f"/v1/rewards/{coin['id']}/assignments").expect()["data"]
    named = redeemable(member["code"], reward={"assignment_id": assigned["id"], "points": 100})
    done = redeem(named, customer={"id": customer["id"]}, order={"amount": 4500})
    assert done["redemptions"][0]["reward"]["assignment_id"] == assigned["id"]


def test_a_refused_stack_takes_nothing(api, customer, card, left):
    disabled = make_voucher(api, active=False)
    body = {
        "redeemables": [card(points=100), redeemable(disabled["code"])],
        "customer": {"id": customer["id"]},
        "order": {"amount": 4500},
    }
    refused = api.post("/v1/redemptions", json=body)
    assert (refused.status, refused.json["key"]) == (400, "voucher_disabled")
    assert left() == 1000
    assert api.get("/v1/orders").expect()["total"] == 0


def test_other_rewards_cost_their_price(api, programme, customer, member, redeem, left):
    mug = make_material_reward(api, 1)
    assign_reward(api, mug, programme, 70)
    wanted = redeemable(member["code"], reward={"id": mug["id"], "points": 5})
    done = redeem(wanted, customer={"id": customer["id"]}, order={"amount": 4500})
    assert done["redemptions"][0]["amount"] == 70
    assert done["order"]["total_amount"] == 4500
    assert (left(), api.get(f"/v1/rewards/{mug['id']}").expect()["redeemed"]) == (930, 1)


def test_two_cards_buy_both_or_nothing(api, programme, customer, member, left):
    other = make_programme(api, points=1000)
    second = make_member(api, other, customer)
    mug = make_material_reward(api, 5)
    sold_out = make_campaign_reward(api, make_campaign(api))
    assign_reward(api, mug, programme, 10)
    assign_reward(api, sold_out, other, 10)
    body = {
        "redeemables": [
            redeemable(member["code"], reward={"id": mug["id"]}),
            redeemable(second["code"], reward={"id": sold_out["id"]}),
        ],
        "customer": {"id": customer["id"]},
    }
    refused = api.post("/v1/redemptions", json=body)
    assert refused.json["key"] == "no_voucher_suitable_for_publication"
    assert refused.json["redeemable_id"] == second["code"]
    assert (left(), api.get(f"/v1/rewards/{mug['id']}").expect()["redeemed"]) == (1000, 0)
    failed = api.get("/v1/redemptions").expect()["redemptions"]
    assert [row["result"] for row in failed] == ["FAILURE"]


def test_a_session_holds_points(api, customer, validate, card, left):
    request = {"customer": {"id": customer["id"]}, "order": {"amount": 100000}}
    held = validate(card(points=900), **request, session={"type": "LOCK", "key": "first"})
    assert held["valid"]
    assert refusal(validate(card(points=101), **request)) == "loyalty_card_points_exceeded"
    body = {"redeemables": [card(points=101)], **request}
    assert api.post("/v1/redemptions", json=body).json["key"] == "loyalty_card_points_exceeded"
    body = {"redeemables": [card(points=900)], **request, "session": {"key": "first"}}
    api.post("/v1/redemptions", json=body).expect()
    body = {"redeemables": [card(points=100)], **request}
    api.post("/v1/redemptions", json=body).expect()
    assert left() == 0


def test_the_older_calls_on_a_code(api, customer, member, coin, left):
    body = {
        "customer": {"id": customer["id"]},
        "order": {"amount": 4500},
        "reward": {"id": coin["id"], "points": 100},
    }
    verdict = api.post(f"/v1/vouchers/{member['code']}/validate", json=body).expect()
    assert (verdict["valid"], verdict["loyalty"]) == (True, {"points_cost": 100})
    assert (verdict["reward"]["id"], verdict["reward"]["points"]) == (coin["id"], 100)
    done = api.post(f"/v1/vouchers/{member['code']}/redemption", json=body).expect()
    assert (done["amount"], done["order"]["total_amount"]) == (100, 2500)
    assert left() == 900


def test_rules_see_the_points(api, programme, customer, member, validate):
    rules = {
        "1": {
            "name": "redemption.reward.pay_with_points.points_used",
            "conditions": {"$less_than_or_equal": [50]},
        },
        "logic": "1",
    }
    rule = make_rule(api, rules=rules)
    reward = make_reward(api)
    assign_reward(api, reward, programme, validation_rules=[rule["id"]])
    request = {"customer": {"id": customer["id"]}, "order": {"amount": 45000}}
    for points, is_valid in ((50, True), (51, False)):
        asked = redeemable(member["code"], reward={"id": reward["id"], "points": points})
        assert validate(asked, **request)["valid"] is is_valid


def test_programmes_are_told_of_points_that_moved(customer, member, redeem, card, events):
    before = len(events())
    done = redeem(card(points=100), customer={"id": customer["id"]}, order={"amount": 4500})
    told = events()[before:]
    [changed] = [body for name, body in told if name == "loyalty.points_changed"]
    assert changed["voucher_id"] == member["id"]
    lines = [
        body["transaction"]
        for name, body in told
        if name == "voucher.loyalty_card.transaction.created"
    ]
    assert [line["details"]["redemption"]["id"] for line in lines] == [done["redemptions"][0]["id"]]
    assert "customer.reward_redemptions.completed" in [name for name, _ in told]


def test_cards_qualify_for_what_they_can_pay(api, programme, customer, member, coin):
    body = {"customer": {"id": customer["id"]}, "order": {"amount": 45000}}
    answer = api.post("/v1/qualifications", json={**body, "scenario": "CUSTOMER_WALLET"}).expect()
    [row] = answer["redeemables"]["data"]
    assert row["id"] == member["code"]
    assert row["result"] == {
        "loyalty_card": {
            "points": 1000,
            "balance": 1000,
            "exchange_ratio": 20,
            "points_ratio": 100,
        }
    }
    assert row["order"]["total_discount_amount"] == 20000


def test_cards_that_can_not_pay_do_not_qualify(api, programme, customer, member):
    body = {"customer": {"id": customer["id"]}, "order": {"amount": 45000}}
    for scenario in ("ALL", "CUSTOMER_WALLET"):
        answer = api.post("/v1/qualifications", json={**body, "scenario": scenario}).expect()
        assert answer["redeemables"]["data"] == []


def test_the_client_side_pays_with_points(client_api, api, customer, member, card, left):
    body = {
        "redeemables": [card(points=100)],
        "customer": {"source_id": customer["source_id"]},
        "order": {"amount": 4500},
    }
    answer = client_api.post("/client/v1/validations", json=body).expect()
    assert answer["redeemables"][0]["result"] == {"loyalty_card": {"points": 100}}
