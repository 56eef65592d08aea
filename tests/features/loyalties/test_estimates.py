"""The estimate of points: what an order would earn, without anything being written."""

from __future__ import annotations

import pytest

from kupon.testing.builders import (
    make_campaign,
    make_customer,
    make_member,
    make_programme,
    make_rule,
    make_voucher,
    percent_off,
    redeemable,
)

FIXED = {"type": "FIXED", "points": 100}
PER_EURO = {
    "type": "PROPORTIONAL",
    "calculation_type": "ORDER_TOTAL_AMOUNT",
    "order": {"total_amount": {"every": 100, "points": 1}},
}


@pytest.fixture(autouse=True)
def _frozen(move_time):
    move_time.freeze("2026-03-01T12:00:00+00:00")


@pytest.fixture
def programme(api):
    """A programme of which nobody has to be a member."""
    return make_programme(api, name="Club", auto_join=True)


@pytest.fixture
def give_points(api, programme):
    """Makes a rule of the programme on paid orders: `give_points(loyalty)`."""

    def make(loyalty, **members):
        path = f"/v1/loyalties/{programme['id']}/earning-rules"
        body = {"event": "order.paid", "loyalty": loyalty} | members
        return api.post(path, json=[body]).expect()[0]

    return make


@pytest.fixture
def ask(api, programme):
    """Asks for an estimate: `ask(customer=..., order=...)`."""

    def send(owner=programme, **body):
        return api.post(f"/v1/loyalties/{owner['id']}/qualifications", json=body)

    return send


def test_points_of_all_rules_are_added_up(api, programme, give_points, ask, events):
    give_points(FIXED)
    give_points(PER_EURO)
    give_points(FIXED, active=False)
    give_points(FIXED, start_date="2027-01-01T00:00:00Z")
    give_points(FIXED, pending_points={"period_value": 3})
    before = events()
    answer = ask(customer={"source_id": "nobody-yet"}, order={"amount": 2050}).expect()
    assert answer == {
        "campaign": {"id": programme["id"], "name": "Club", "object": "campaign"},
        "points_estimation": 220,
    }
    assert events() == before
    assert api.get("/v1/customers").expect()["total"] == 0


def test_a_programme_may_be_named(api, programme, give_points, ask):
    give_points(FIXED)
    answer = ask({"id": "Club"}, customer={"name": "Ada"}, order={}).expect()
    assert answer["points_estimation"] == 100


def test_a_stored_order_counts_also_when_it_is_paid(api, give_points, ask, jobs):
    give_points(PER_EURO)
    customer = make_customer(api)
    voucher = make_voucher(api, discount=percent_off(10))
    body = {
        "redeemables": [redeemable(voucher["code"])],
        "customer": {"id": customer["id"]},
        "order": {"amount": 10_000},
    }
    order = api.post("/v1/redemptions", json=body).expect()["order"]
    jobs()
    answer = ask(customer={"id": customer["id"]}, order={"id": order["id"]}).expect()
    assert answer["points_estimation"] == 90


def test_the_members_tier_and_the_rules_conditions_count(api, programme, give_points, ask):
    customer = make_customer(api, metadata={"vip": True})
    card = make_member(api, programme, customer)
    rule = give_points(FIXED)
    condition = make_rule(
        api,
        rules={
            "1": {"name": "customer.metadata", "property": "vip", "conditions": {"$is": [True]}},
            "logic": "1",
        },
    )
    give_points({"type": "FIXED", "points": 5}, validation_rule_id=condition["id"])
    tier = {
        "name": "Gold",
        "points": {"from": 1, "to": 1000},
        "earning_rules": {rule["id"]: {"type": "MULTIPLY", "multiplier": 3}},
    }
    api.post(f"/v1/loyalties/{programme['id']}/tiers", json=[tier]).expect()
    api.post(f"/v1/loyalties/members/{card['id']}/balance", json={"points": 1}).expect()
    me = {"id": customer["id"]}
    assert ask(customer=me, order={"amount": 1}).expect()["points_estimation"] == 305
    sent = me | {"metadata": {"vip": False}}
    assert ask(customer=sent, order={"amount": 1}).expect()["points_estimation"] == 300
    other = {"source_id": "other"}
    assert ask(customer=other, order={"amount": 1}).expect()["points_estimation"] == 100


def test_who_cannot_earn_is_told_so(api, programme, ask):
    customer = make_customer(api)
    body = {"customer": {"id": customer["id"]}, "order": {"amount": 100}}
    closed = make_programme(api, name="Closed")
    answer = ask(closed, **body)
    assert (answer.status, answer.json["key"]) == (400, "campaign_not_allow_auto_join")
    message = "Loyalty campaign 'Closed' does not allow auto-join for non-members"
    assert answer.json["message"] == message
    card = make_member(api, closed, customer)
    assert ask(closed, **body).expect()["points_estimation"] == 0
    api.post(f"/v1/vouchers/{card['code']}/disable").expect()
    answer = ask(closed, **body)
    assert (answer.status, answer.json["key"]) == (400, "loyalty_card_not_active")
    assert answer.json["message"] == f"Customer's loyalty card '{card['code']}' is not active"
    api.post(f"/v1/campaigns/{programme['id']}/disable").expect()
    answer = ask(**body)
    assert (answer.status, answer.json["key"]) == (400, "campaign_not_active")
    assert answer.json["message"] == "Loyalty campaign 'Club' is not active"


@pytest.mark.parametrize(
    ("body", "status", "key"),
    [
        ({}, 400, "invalid_payload"),
        ({"customer": {"source_id": "a"}}, 400, "invalid_payload"),
        ({"customer": {}, "order": {}}, 400, "invalid_payload"),
        ({"customer": {"id": None}, "order": {}}, 400, "invalid_payload"),
        ({"customer": "a", "order": {}}, 400, "invalid_payload"),
        ({"customer": {"source_id": "a"}, "order": {"amount": "x"}}, 400, "invalid_payload"),
        ({"customer": {"id": "cust_x"}, "order": {}}, 404, "not_found"),
        ({"customer": {"source_id": "a"}, "order": {"id": "ord_x"}}, 404, "not_found"),
    ],
)
def test_a_broken_question_is_refused(give_points, ask, body, status, key):
    give_points(PER_EURO)
    answer = ask(**body)
    assert (answer.status, answer.json["key"]) == (status, key)


def test_only_programmes_estimate(api, ask):
    body = {"customer": {"source_id": "a"}, "order": {}}
    assert ask({"id": "camp_none"}, **body).status == 404
    assert ask(make_campaign(api), **body).status == 404
