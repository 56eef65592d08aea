"""Promotion tiers: made, changed, switched and deleted."""

from __future__ import annotations

import re

import pytest

from kupon.testing.builders import (
    amount_off,
    make_campaign,
    make_promotion,
    make_stack,
    make_tier,
    percent_off,
    tier,
)

NOW = "2026-03-01T12:00:00.000Z"
LATER = "2026-03-01T13:00:00.000Z"
NO_RULES = {"object": "list", "data_ref": "data", "data": [], "total": 0}
NO_USE = {
    "redemptions": {"total_redeemed": 0},
    "orders": {"total_amount": 0, "total_discount_amount": 0},
}
OFF = {"type": "PERCENT", "percent_off": 10, "effect": "APPLY_TO_ORDER", "is_dynamic": False}


def tiers(api, campaign):
    return api.get(f"/v1/promotions/{campaign['id']}/tiers").expect()


def make_rule(api, name="Rule"):
    rules = {"1": {"name": "order.amount", "conditions": {"$more_than": [1000]}}, "logic": "1"}
    body = {"name": name, "rules": rules}
    return api.post("/v1/validation-rules", json=body).expect()["id"]


def test_a_tier_is_stored_with_all_its_members(api, events):
    category = api.post("/v1/categories", json={"name": "Spring", "hierarchy": 1}).expect()
    campaign = make_promotion(
        api,
        name="Promo",
        start_date="2026-02-01",
        validity_day_of_week=[1, 2],
        category_id=category["id"],
    )
    limits = {
        "start_date": "2026-01-01T00:00:00.000Z",
        "expiration_date": "2026-12-31T08:00:00.000Z",
        "validity_timeframe": {"duration": "PT1H", "interval": "P2D"},
        "validity_day_of_week": [0, 6],
    }
    made = api.post(
        "/v1/promotions/Promo/tiers",
        json={
            "name": "10 % off",
            "banner": "Save!",
            "action": {"discount": percent_off(10, effect="APPLY_TO_ORDER")},
            "hierarchy": 7,
            "active": False,
            "metadata": {"colour": "red"},
            "category": "Spring",
            **limits,
            "expiration_date": "2026-12-31T10:00:00+02:00",
        },
    ).expect()
    assert re.fullmatch(r"promo_[0-9a-f]{18}", made["id"])
    assert made == {
        "id": made["id"],
        "name": "10 % off",
        "banner": "Save!",
        "action": {"discount": OFF},
        "metadata": {"colour": "red"},
        "hierarchy": 7,
        "promotion_id": campaign["id"],
        "campaign": {
            "id": campaign["id"],
            "active": True,
            "category_id": category["id"],
            "start_date": "2026-02-01T00:00:00.000Z",
            "validity_day_of_week": [1, 2],
            "object": "campaign",
        },
        "campaign_id": campaign["id"],
        "active": False,
        **limits,
        "summary": NO_USE,
        "validation_rule_assignments": NO_RULES,
        "category_id": category["id"],
        "categories": [category],
        "created_at": NOW,
        "object": "promotion_tier",
    }
    assert api.get(f"/v1/promotions/tiers/{made['id']}").expect() == made
    name, payload = events()[-1]
    assert (name, set(payload)) == (
        "campaign.promotion_tier.created",
        {"campaign", "promotion_tier"},
    )
    assert payload["promotion_tier"] == made
    assert payload["campaign"]["id"] == campaign["id"]
    assert "voucher" not in payload["campaign"]


def test_what_is_not_said_of_a_tier_is_left_out(api, campaign):
    discount = percent_off(10, effect="APPLY_TO_ORDER")
    made = make_tier(api, campaign["id"], name="Plain", discount=discount)
    assert made == {
        "id": made["id"],
        "name": "Plain",
        "action": {"discount": OFF},
        "metadata": {},
        "hierarchy": 1,
        "promotion_id": campaign["id"],
        "campaign": {"id": campaign["id"], "active": True, "object": "campaign"},
        "campaign_id": campaign["id"],
        "active": True,
        "summary": NO_USE,
        "validation_rule_assignments": NO_RULES,
        "categories": [],
        "created_at": NOW,
        "object": "promotion_tier",
    }


@pytest.mark.uncertain
def test_a_tier_comes_last_unless_it_says_otherwise(api, campaign):
    for name, members in (("a", {"hierarchy": 4}), ("b", {}), ("c", {"hierarchy": 2}), ("d", {})):
        make_tier(api, campaign["id"], name=name, **members)
    listed = tiers(api, campaign)
    assert [(row["name"], row["hierarchy"]) for row in listed["tiers"]] == [
        ("c", 2),
        ("a", 4),
        ("b", 5),
        ("d", 6),
    ]
    assert (listed["data_ref"], listed["total"], listed["has_more"]) == ("tiers", 4, False)


def test_tiers_of_one_hierarchy_stand_in_order_of_creation(api, campaign):
    for name in "abc":
        make_tier(api, campaign["id"], name=name, hierarchy=3)
    assert [row["name"] for row in tiers(api, campaign)["tiers"]] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("members", "details"),
    [
        ({"name": None}, "Property .name must be string"),
        ({"name": ""}, "Property .name must not be empty"),
        ({"name": "a" * 501}, "Property .name must NOT have more than 500 characters"),
        ({"action": None}, "Property .action must be object"),
        ({"action": {}}, "Property .action should have required property 'discount'"),
        ({"action": {"discount": {}}}, None),
        ({"action": {"discount": {"type": "NONE"}}}, None),
        (
            {"action": {"discount": percent_off(101)}},
            "Property .action.discount.percent_off must be <= 100",
        ),
        ({"hierarchy": 0}, "Property .hierarchy must be >= 1"),
        ({"hierarchy": 2**31}, f"Property .hierarchy must be <= {2**31 - 1}"),
        ({"hierarchy": "first"}, "Property .hierarchy must be integer"),
        ({"banner": 1}, "Property .banner must be string,null"),
        ({"active": "yes"}, "Property .active must be boolean"),
        ({"metadata": []}, "Property .metadata must be object,null"),
        ({"start_date": "soon"}, None),
        (
            {"validity_timeframe": {"duration": "PT1H", "interval": "P1D"}},
            "Property .validity_timeframe requires start_date",
        ),
        ({"validation_rules": ["a", "b"]}, None),
        ({"validation_rule_assignments": {"data": [{}]}}, None),
    ],
)
def test_a_broken_tier_is_refused(api, campaign, members, details):
    body = tier(**members)
    refusal = api.post(f"/v1/promotions/{campaign['id']}/tiers", json=body).refused(
        400, "invalid_payload"
    )
    assert details in (None, refusal["details"])
    assert tiers(api, campaign)["total"] == 0


def test_a_tier_needs_its_name_and_its_action(api, campaign):
    path = f"/v1/promotions/{campaign['id']}/tiers"
    for missing in ("name", "action"):
        body = {name: value for name, value in tier().items() if name != missing}
        refusal = api.post(path, json=body).refused(400, "invalid_payload")
        assert refusal["details"] == f"Payload must have required property '{missing}'"


@pytest.mark.parametrize(
    ("members", "kind"),
    [
        ({"category_id": "cat_none"}, "category"),
        ({"category": "None"}, "category"),
        ({"validation_rules": ["val_none"]}, "validation_rules"),
        ({"validation_rule_assignments": {"data": [{"rule_id": "val_no"}]}}, "validation_rules"),
    ],
)
def test_a_tier_of_what_does_not_exist_is_refused(api, campaign, events, members, kind):
    before = events()
    answer = api.post(f"/v1/promotions/{campaign['id']}/tiers", json=tier(**members))
    assert answer.refused(404, "not_found")["resource_type"] == kind
    assert tiers(api, campaign)["total"] == 0
    assert events() == before


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "tiers"), ("POST", "tiers"), ("GET", "stacks"), ("POST", "stacks")],
)
def test_only_campaigns_of_promotions_have_tiers_and_stacks(api, method, path):
    make_campaign(api, name="Coupons")
    body = tier() if path == "tiers" else {"name": "a", "tiers": {"ids": ["promo_1"]}}
    for name in ("Coupons", "Nothing"):
        options = {"json": body} if method == "POST" else {}
        refusal = api.send(method, f"/v1/promotions/{name}/{path}", **options)
        assert refusal.refused(404, "not_found")["resource_type"] == "campaign"


def test_an_update_keeps_what_it_does_not_name(api, campaign, move_time, events):
    made = make_tier(
        api, campaign["id"], banner="Save!", metadata={"a": 1}, start_date="2026-01-01"
    )
    path = f"/v1/promotions/tiers/{made['id']}"
    move_time(hours=1)
    for change, seen in (
        ({}, {}),
        ({"name": "New"}, {"name": "New"}),
        ({"hierarchy": 9, "active": False}, {"hierarchy": 9}),
        ({"metadata": {"b": None}}, {"metadata": {"a": 1, "b": None}}),
        ({"action": {}}, {}),
        (
            {"action": {"discount": amount_off(500, effect="APPLY_TO_ORDER")}},
            {
                "action": {
                    "discount": {
                        "type": "AMOUNT",
                        "amount_off": 500,
                        "effect": "APPLY_TO_ORDER",
                        "is_dynamic": False,
                    }
                }
            },
        ),
        ({"expiration_date": "2027-01-01"}, {"expiration_date": "2027-01-01T00:00:00.000Z"}),
        ({"metadata": None}, {"metadata": {}}),
    ):
        changed = api.put(path, json=change).expect()
        assert changed == made | seen | {"updated_at": LATER}
        assert api.get(path).expect() == changed
        assert events()[-1][0] == "campaign.promotion_tier.updated"
        assert events()[-1][1]["promotion_tier"] == changed
        made = changed
    cleared = api.put(path, json={"banner": None, "start_date": None}).expect()
    assert not {"banner", "start_date"} & cleared.keys()


def test_a_tier_changes_its_category(api, campaign):
    category = api.post("/v1/categories", json={"name": "Spring", "hierarchy": 1}).expect()
    made = make_tier(api, campaign["id"])
    path = f"/v1/promotions/tiers/{made['id']}"
    changed = api.put(path, json={"category": "Spring"}).expect()
    assert (changed["category_id"], changed["categories"]) == (category["id"], [category])
    api.put(path, json={"category_id": "cat_none"}).refused(404, "not_found")
    assert api.get(path).expect() == changed
    cleared = api.put(path, json={"category_id": None}).expect()
    assert ("category_id" in cleared, cleared["categories"]) == (False, [])


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"hierarchy": -1},
        {"action": {"discount": {"type": "PERCENT", "percent_off": -1}}},
        {"validity_timeframe": {"duration": "PT1H", "interval": "P1D"}},
        {"validation_rule_assignments": {"data": [{"rule_id": "a"}, {"rule_id": "b"}]}},
    ],
)
def test_a_broken_update_changes_nothing(api, campaign, change):
    made = make_tier(api, campaign["id"])
    path = f"/v1/promotions/tiers/{made['id']}"
    api.put(path, json={"name": "New"} | change).refused(400, "invalid_payload")
    assert api.get(path).expect() == made


def test_a_tier_gets_keeps_changes_and_loses_its_rule(api, campaign):
    first, second = make_rule(api, "First"), make_rule(api, "Second")
    made = make_tier(api, campaign["id"], validation_rules=[first])
    assigned = made["validation_rule_assignments"]
    assert (assigned["data_ref"], assigned["total"]) == ("data", 1)
    [assignment] = assigned["data"]
    assert assignment == {
        "id": assignment["id"],
        "rule_id": first,
        "related_object_id": made["id"],
        "related_object_type": "promotion_tier",
        "created_at": NOW,
        "object": "validation_rules_assignment",
    }
    path = f"/v1/promotions/tiers/{made['id']}"
    again = api.put(path, json={"validation_rule_assignments": assigned}).expect()
    assert again["validation_rule_assignments"] == assigned
    other = {"validation_rule_assignments": {"data": [{"rule_id": second}]}}
    [changed] = api.put(path, json=other).expect()["validation_rule_assignments"]["data"]
    assert changed["rule_id"] == second
    none = {"validation_rule_assignments": {"data": []}}
    assert api.put(path, json=none).expect()["validation_rule_assignments"] == NO_RULES
    listed = api.get("/v1/validation-rules-assignments").expect()
    assert listed["total"] == 0


@pytest.mark.parametrize("verb", ["enable", "disable"])
def test_switching_tells_of_changes_only(api, campaign, events, move_time, verb):
    is_active = verb == "enable"
    made = make_tier(api, campaign["id"], active=not is_active)
    before = len(events())
    move_time(hours=1)
    path = f"/v1/promotions/tiers/{made['id']}"
    switched = api.post(f"{path}/{verb}").expect()
    assert switched == made | {"active": is_active, "updated_at": LATER}
    assert api.post(f"{path}/{verb}").expect() == switched
    assert api.get(path).expect() == switched
    [(name, payload)] = events()[before:]
    assert name == f"campaign.promotion_tier.{verb}d"
    assert payload["promotion_tier"] == switched


def test_a_deleted_tier_leaves_its_stacks(api, campaign, events, move_time):
    rule = make_rule(api)
    gone = make_tier(api, campaign["id"], validation_rules=[rule])
    stays = make_tier(api, campaign["id"])
    both = make_stack(api, campaign["id"], gone["id"], stays["id"])
    alone = make_stack(api, campaign["id"], gone["id"])
    other = make_stack(api, campaign["id"], stays["id"])
    before = len(events())
    move_time(hours=1)
    api.delete(f"/v1/promotions/tiers/{gone['id']}").expect(204)
    api.get(f"/v1/promotions/tiers/{gone['id']}").refused(404, "not_found")
    assert [row["id"] for row in tiers(api, campaign)["tiers"]] == [stays["id"]]
    path = f"/v1/promotions/{campaign['id']}/stacks"
    stacks = {row["id"]: row for row in api.get(path).expect()["data"]}
    assert stacks[both["id"]]["tiers"]["ids"] == [stays["id"]]
    assert stacks[both["id"]]["updated_at"] == LATER
    # Clients of the reference refuse an empty list of ids.
    assert stacks[alone["id"]]["tiers"] == {"hierarchy_mode": "MANUAL"}
    assert stacks[other["id"]] == other
    assert api.get("/v1/validation-rules-assignments").expect()["total"] == 0
    assert [name for name, _ in events()[before:]] == [
        "campaign.promotion_tier.deleted",
        "business_validation_rule.assignment.deleted",
        "campaign.promotion_stack.updated",
        "campaign.promotion_stack.updated",
    ]
    assert events()[before][1]["promotion_tier"] == gone


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("PUT", ""),
        ("DELETE", ""),
        ("POST", "/enable"),
        ("POST", "/disable"),
    ],
)
def test_a_tier_that_does_not_exist_is_not_found(
    api, campaign, connect_api, new_project, method, path
):
    made = make_tier(api, campaign["id"], name="Named")
    options = {"json": {}} if method == "PUT" else {}
    for caller, name in (
        (api, "promo_none"),
        (api, "Named"),
        (connect_api(new_project()), made["id"]),
    ):
        answer = caller.send(method, f"/v1/promotions/tiers/{name}{path}", **options)
        refusal = answer.refused(404, "not_found")
        assert (refusal["resource_id"], refusal["resource_type"]) == (name, "promotion_tier")
        assert refusal["details"] == f"Cannot find promotion tier with id {name}"
    assert api.get(f"/v1/promotions/tiers/{made['id']}").expect() == made
