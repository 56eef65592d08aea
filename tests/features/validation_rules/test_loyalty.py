"""Rules that ask what a customer came to in loyalty programmes."""

from __future__ import annotations

import pytest

from kupon.testing.builders import (
    make_customer,
    make_member,
    make_programme,
    make_promotion,
    make_rule,
    make_voucher,
    tier,
)

ORDER = {"amount": 10000}


@pytest.fixture
def tiers(api):
    """The ids of a programme's tiers by name, of which Ada is in the lower one."""
    programme = make_programme(api, name="Stars")
    body = [
        {"name": "Low", "points": {"from": 0, "to": 99}},
        {"name": "High", "points": {"from": 100, "to": None}},
    ]
    made = api.post(f"/v1/loyalties/{programme['id']}/tiers", json=body).expect()
    card = make_member(api, programme, make_customer(api, source_id="ada"))
    add(api, card, 10)
    make_customer(api, source_id="bob")
    return {each["name"]: each["id"] for each in made} | {"card": card}


def add(api, card, points):
    path = f"/v1/loyalties/members/{card['id']}/balance"
    api.post(path, json={"points": points}).expect()


def rule_of(api, name, conditions):
    return make_rule(api, rules={"1": {"name": name, "conditions": conditions}, "logic": "1"})


def test_a_rule_asks_for_the_tier(api, tiers, validate):
    rule = rule_of(api, "customer.loyalty.tier", {"$is": [tiers["High"]]})
    make_voucher(api, "HIGH", validation_rules=[rule["id"]])
    make_promotion(api, tier(validation_rules=[rule["id"]]))

    def allowed(source_id):
        customer = {"source_id": source_id}
        valid = validate("HIGH", customer=customer, order=ORDER)["valid"]
        body = {"customer": customer, "order": ORDER, "scenario": "ALL"}
        found = api.post("/v1/qualifications", json=body).expect()["redeemables"]["data"]
        return valid, len([each for each in found if each["id"] != tiers["card"]["code"]])

    assert (allowed("ada"), allowed("bob")) == ((False, 0), (False, 0))
    add(api, tiers["card"], 100)
    assert (allowed("ada"), allowed("bob")) == ((True, 2), (False, 0))


@pytest.mark.parametrize(
    "filter",
    [
        {"loyalty.points": {"conditions": {"$more_than_equal": [110]}}},
        {"loyalty_points.campaigns.Stars.points": {"conditions": {"$more_than_equal": [110]}}},
        {"loyalty_tier": {"conditions": {"$is": ["High"]}}},
        {"loyalty_tier.campaigns.Stars": {"conditions": {"$is": ["High"]}}},
    ],
)
def test_segments_of_points_and_tiers(api, tiers, validate, jobs, filter):
    for field in [name for name in filter if name.startswith("loyalty_tier")]:
        filter = {field: {"conditions": {"$is": [tiers["High"]]}}}
    body = {"name": "Rich", "type": "auto-update", "filter": {"junction": "and"} | filter}
    segment = api.post("/v1/segments", json=body).expect()
    rule = rule_of(api, "customer.segment", {"$is": [segment["id"]]})
    make_voucher(api, "RICH", validation_rules=[rule["id"]])

    def allowed(source_id):
        jobs()
        valid = validate("RICH", customer={"source_id": source_id}, order=ORDER)["valid"]
        listed = api.get(f"/v1/customers/{source_id}/segments").expect()["total"]
        members = api.get("/v1/customers", query={"segment_id": segment["id"]}).expect()
        return valid, listed, members["total"]

    assert (allowed("ada"), allowed("bob")) == ((False, 0, 0), (False, 0, 0))
    add(api, tiers["card"], 100)
    assert (allowed("ada"), allowed("bob")) == ((True, 1, 1), (False, 0, 1))
