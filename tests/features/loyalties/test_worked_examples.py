"""Worked examples of cards as requests tell them; those of the pure part are the engine's.

Source: spec campaigns-loyalty-referral-gift, section 16 (E17, E20, E36, E38 to E40, E42).
"""

from __future__ import annotations

import pytest

from kupon.testing.builders import (
    assign_reward,
    make_campaign,
    make_campaign_reward,
    make_customer,
    make_gift_campaign,
    make_gift_card,
    make_member,
    make_programme,
    make_publication,
    redeemable,
)


def gift(api, code):
    return api.get(f"/v1/vouchers/{code}").expect()["gift"]


def move(api, code, amount):
    return api.post(f"/v1/vouchers/{code}/balance", json={"amount": amount}).expect()


def lines(api, member):
    return api.get(f"/v1/loyalties/members/{member['id']}/transactions").expect()["data"]


def redeem(api, code, amount, **members):
    body = {"redeemables": [redeemable(code, **members)], "order": {"amount": amount}}
    return api.post("/v1/redemptions", json=body).expect()


def test_e17_an_addition_that_is_spent_at_once(api):
    programme = make_programme(api)
    member = make_member(api, programme, make_customer(api))
    # As the example begins: 233 points of which 210 were spent.
    move(api, member["code"], 233)
    coupons = make_campaign(api, type="AUTO_UPDATE")
    reward = make_campaign_reward(api, coupons)
    priced = assign_reward(api, reward, programme, 210)
    path = f"/v1/loyalties/members/{member['id']}/redemption"
    api.post(path, json={"reward": {"id": reward["id"]}}).expect()
    api.delete(f"/v1/rewards/{reward['id']}/assignments/{priced['id']}").expect(204)
    assign_reward(api, make_campaign_reward(api, coupons), programme, 50, auto_redeem=True)
    before = lines(api, member)
    path = f"/v1/loyalties/members/{member['id']}/balance"
    api.post(path, json={"points": 50}).expect()
    assert {
        line["type"]: (
            line["details"]["balance"]["points"],
            line["details"]["balance"]["total"],
            line["details"]["balance"]["balance"],
            line["details"]["balance"]["operation_type"],
        )
        for line in lines(api, member)
        if line not in before
    } == {
        "POINTS_ADDITION": (50, 283, 73, "MANUAL"),
        "POINTS_REDEMPTION": (-50, 283, 23, "AUTOMATIC"),
    }


def test_e20_a_transfer_enables_a_reward(api):
    programme = make_programme(api)
    reward = make_campaign_reward(api, make_gift_campaign(api, type="AUTO_UPDATE"), 10_000)
    assign_reward(api, reward, programme, 700)
    source, target = (make_member(api, programme, make_customer(api)) for _ in range(2))
    move(api, source["code"], 200)
    move(api, target["code"], 500)
    path = f"/v1/loyalties/{programme['id']}/members/{target['code']}/transfers"
    body = [{"code": source["code"], "points": 200, "source_id": "e20"}]
    assert api.post(path, json=body).expect()["loyalty_card"]["balance"] == 700
    path = f"/v1/loyalties/members/{target['id']}/redemption"
    done = api.post(path, json={"reward": {"id": reward["id"]}}).expect()
    assert done["voucher"]["loyalty_card"]["balance"] == 0
    # What the campaign's cards begin with comes on top.
    assert gift(api, done["reward"]["voucher"]["code"])["balance"] == 10_000 + 1000


def test_e36_what_a_gift_card_says_after_its_ledger(api):
    code = make_gift_card(api, amount=125_000)["code"]
    move(api, code, 5000)
    redeem(api, code, 7000)
    move(api, code, -2000)
    undone = redeem(api, code, 44)["redemptions"][0]
    api.post(f"/v1/redemptions/{undone['id']}/rollback", json={}).expect()
    for amount in (2000, 20, -2000):
        move(api, code, amount)
    card = api.get(f"/v1/vouchers/{code}").expect()
    told = {name: card["gift"][name] for name in ("amount", "subtracted_amount", "balance")}
    assert told == {"amount": 132_020, "subtracted_amount": 4000, "balance": 121_020}
    assert card["redemption"]["redeemed_amount"] == 7000


def test_e38_a_card_covers_a_part_of_an_order(api):
    code = make_gift_card(api, amount=2500)["code"]
    body = {"redeemables": [redeemable(code)], "order": {"amount": 11_500}}
    answer = api.post("/v1/validations", json=body).expect()
    assert answer["order"]["total_amount"] == 9000
    assert answer["redeemables"][0]["result"]["gift"]["credits"] == 2500


def test_e39_a_full_spend_and_its_rollback(api):
    code = make_gift_card(api, amount=2000)["code"]
    done = redeem(api, code, 2000)["redemptions"][0]
    assert gift(api, code)["balance"] == 0
    assert api.get(f"/v1/vouchers/{code}").expect()["redemption"]["redeemed_quantity"] == 1
    undone = api.post(f"/v1/redemptions/{done['id']}/rollback", json={}).expect()
    assert undone["order"]["status"] == "CANCELED"
    assert gift(api, code)["balance"] == 2000
    assert api.get(f"/v1/vouchers/{code}").expect()["redemption"]["redeemed_quantity"] == 0


@pytest.mark.parametrize(("held", "left"), [(None, 110), (46, 56)], ids=["new", "held"])
def test_e40_credits_as_a_reward(api, held, left):
    programme, customer = make_programme(api), make_customer(api)
    member = make_member(api, programme, customer)
    move(api, member["code"], 1)
    gifts = make_gift_campaign(api, 100, type="AUTO_UPDATE")
    if held is not None:
        code = make_publication(api, customer, campaign={"name": gifts["id"]})["voucher"]["code"]
        move(api, code, held - 100)
    reward = make_campaign_reward(api, gifts, 10)
    assign_reward(api, reward, programme, 1)
    path = f"/v1/loyalties/members/{member['id']}/redemption"
    done = api.post(path, json={"reward": {"id": reward["id"]}}).expect()
    assert gift(api, done["reward"]["voucher"]["code"])["balance"] == left


@pytest.mark.parametrize(
    ("config", "count"),
    [({"pattern": "##", "charset": "xD"}, 5), ({"pattern": "###", "charset": "0123456789"}, 1001)],
)
def test_e42_a_pattern_holds_so_many_codes(api, config, count):
    body = {
        "name": "Too many",
        "campaign_type": "DISCOUNT_COUPONS",
        "type": "STATIC",
        "vouchers_count": count,
        "voucher": {
            "type": "DISCOUNT_VOUCHER",
            "discount": {"type": "PERCENT", "percent_off": 10},
            "code_config": config,
        },
    }
    api.post("/v1/campaigns", json=body).refused(400, "invalid_code_config")
