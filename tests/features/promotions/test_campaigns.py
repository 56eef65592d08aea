"""Campaigns of promotions: made with tiers, changed, switched and deleted with them."""

from __future__ import annotations

import pytest

from kupon.testing.builders import (
    make_promotion,
    make_stack,
    make_tier,
    make_voucher,
    percent_off,
    tier,
)

NOW = "2026-03-01T12:00:00.000Z"
LATER = "2026-03-01T13:00:00.000Z"
NO_RULES = {"object": "list", "data_ref": "data", "data": [], "total": 0}
NO_TIERS = {"object": "list", "data_ref": "tiers", "tiers": [], "total": 0, "has_more": False}


def revision(engine_uow):
    return engine_uow.reader.execute(
        "SELECT revision FROM projects WHERE id = %s", (engine_uow.project_id,)
    ).fetchone()[0]


def test_a_campaign_is_made_with_its_tiers(api, events):
    category = api.post("/v1/categories", json={"name": "Spring", "hierarchy": 1}).expect()
    made = api.post(
        "/v1/campaigns",
        json={
            "name": "Spring sale",
            "description": "For all",
            "campaign_type": "PROMOTION",
            "type": "AUTO_UPDATE",
            "join_once": True,
            "auto_join": True,
            "use_voucher_metadata_schema": True,
            "vouchers_count": 5,
            "activity_duration_after_publishing": "P1D",
            "start_date": "2026-01-01",
            "category": "Spring",
            "metadata": {"season": "spring"},
            "voucher": {"type": "DISCOUNT_VOUCHER", "discount": percent_off(5)},
            "promotion": {
                "tiers": [
                    tier(name="c", hierarchy=3),
                    tier(name="a", hierarchy=1, active=False),
                    tier(name="d", category_id=category["id"]),
                ]
            },
        },
    ).expect()
    promotion = made.pop("promotion")
    assert made == {
        "id": made["id"],
        "name": "Spring sale",
        "description": "For all",
        "campaign_type": "PROMOTION",
        "type": "STATIC",
        "join_once": False,
        "auto_join": False,
        "use_voucher_metadata_schema": False,
        "start_date": "2026-01-01T00:00:00.000Z",
        "category": "Spring",
        "category_id": category["id"],
        "categories": [category],
        "metadata": {"season": "spring"},
        "active": True,
        "creation_status": "DONE",
        "vouchers_generation_status": "DONE",
        "protected": False,
        "readonly": False,
        "validation_rules_assignments": NO_RULES,
        "created_at": NOW,
        "object": "campaign",
    }
    assert [(row["name"], row["hierarchy"], row["active"]) for row in promotion["tiers"]] == [
        ("a", 1, False),
        ("c", 3, True),
        ("d", 4, True),
    ]
    assert promotion == NO_TIERS | {"tiers": promotion["tiers"], "total": 3}
    for row in promotion["tiers"]:
        assert api.get(f"/v1/promotions/tiers/{row['id']}").expect() == row
    whole = made | {"promotion": promotion}
    for name in (made["id"], "Spring%20sale"):
        assert api.get(f"/v1/campaigns/{name}").expect() == whole
    listed = api.get("/v1/campaigns", query={"campaign_type": "PROMOTION"}).expect()["campaigns"]
    del made["validation_rules_assignments"]
    assert listed == [made]
    staged = events()
    assert [name for name, _ in staged].count("campaign.promotion_tier.created") == 3
    assert ("campaign.created", {"campaign": whole, "created_at": NOW}) in staged


@pytest.mark.parametrize("promotion", [{}, {"tiers": []}, {"tiers": None}, None])
def test_a_campaign_may_begin_without_tiers(api, promotion):
    body = {"name": "Promo", "campaign_type": "PROMOTION", "promotion": promotion}
    made = api.post("/v1/campaigns", json=body).expect()
    assert made["promotion"] == NO_TIERS
    body = {"name": "Other", "campaign_type": "PROMOTION"}
    assert api.post("/v1/campaigns", json=body).expect()["promotion"] == NO_TIERS


@pytest.mark.parametrize(
    ("tiers", "details"),
    [
        ({}, "Property .promotion.tiers must be array,null"),
        ([[]], "Property .promotion.tiers[0] must be object"),
        ([{"name": "a"}], "Property .promotion.tiers[0] should have required property 'action'"),
        (
            [tier(), tier(discount=percent_off(101))],
            "Property .promotion.tiers[1].action.discount.percent_off must be <= 100",
        ),
        (
            [tier(validity_timeframe={"duration": "PT1H", "interval": "P1D"})],
            "Property .promotion.tiers[0].validity_timeframe requires start_date",
        ),
    ],
)
def test_a_campaign_with_a_broken_tier_is_refused(api, events, tiers, details):
    body = {"name": "Promo", "campaign_type": "PROMOTION", "promotion": {"tiers": tiers}}
    refusal = api.post("/v1/campaigns", json=body).refused(400, "invalid_payload")
    assert refusal["details"] == details
    api.get("/v1/campaigns/Promo").refused(404, "not_found")
    assert api.get("/v1/promotions/tiers").expect()["total"] == 0
    assert events() == []


def test_a_campaign_with_a_tier_of_an_unknown_rule_is_refused(api, events):
    tiers = [tier(), tier(validation_rules=["val_none"])]
    body = {"name": "Promo", "campaign_type": "PROMOTION", "promotion": {"tiers": tiers}}
    api.post("/v1/campaigns", json=body).refused(404, "not_found")
    assert api.get("/v1/promotions/tiers").expect()["total"] == 0
    assert events() == []


def test_tiers_mean_nothing_to_other_campaigns(api):
    body = {
        "name": "Coupons",
        "campaign_type": "DISCOUNT_COUPONS",
        "voucher": {"type": "DISCOUNT_VOUCHER", "discount": percent_off(5)},
        "promotion": {"tiers": [tier()]},
    }
    assert "promotion" not in api.post("/v1/campaigns", json=body).expect()
    assert api.get("/v1/promotions/tiers").expect()["total"] == 0


def test_a_name_is_taken_once(api, campaign):
    body = {"name": "Promo", "campaign_type": "PROMOTION", "promotion": {"tiers": [tier()]}}
    api.post("/v1/campaigns", json=body).refused(409, "duplicate_found")
    assert api.get("/v1/promotions/tiers").expect()["total"] == 0


def test_an_update_changes_what_promotions_have(api, campaign, move_time, events):
    made = make_tier(api, campaign["id"])
    before = api.get("/v1/campaigns/Promo").expect()
    move_time(hours=1)
    change = {
        "description": "New",
        "expiration_date": "2027-01-01",
        "metadata": {"a": 1},
        "type": "AUTO_UPDATE",
        "join_once": True,
        "auto_join": True,
        "activity_duration_after_publishing": "no duration",
        "discount": {"type": "PERCENT", "percent_off": 200},
    }
    changed = api.put("/v1/campaigns/Promo", json=change).expect()
    limit = {"expiration_date": "2027-01-01T00:00:00.000Z"}
    [printed] = changed.pop("promotion")["tiers"]
    assert printed == made | {"campaign": made["campaign"] | limit}
    del before["promotion"]
    assert changed == before | limit | {
        "description": "New",
        "metadata": {"a": 1},
        "updated_at": LATER,
    }
    assert events()[-1][0] == "campaign.updated"
    assert events()[-1][1]["campaign"]["promotion"]["tiers"] == [printed]


def test_switching_a_campaign_shows_in_its_tiers(api, campaign):
    made = make_tier(api, campaign["id"])
    path = f"/v1/promotions/tiers/{made['id']}"
    for verb, is_active in (("disable", False), ("enable", True)):
        assert api.post(f"/v1/campaigns/Promo/{verb}").expect() == {}
        shown = api.get(path).expect()
        assert (shown["active"], shown["campaign"]["active"]) == (True, is_active)


@pytest.mark.parametrize("is_forced", [False, True])
def test_a_deleted_campaign_takes_its_tiers_and_stacks_along(api, campaign, jobs, is_forced):
    made = make_tier(api, campaign["id"])
    make_stack(api, campaign["id"], made["id"])
    stays = make_promotion(api, tier())
    answer = api.delete("/v1/campaigns/Promo", query={"force": is_forced})
    action_id = answer.expect(202)["async_action_id"]
    for path in ("campaigns/Promo", f"promotions/tiers/{made['id']}", "promotions/Promo/tiers"):
        api.get(f"/v1/{path}").refused(404, "not_found")
    assert api.get("/v1/promotions/tiers").expect()["tiers"] == stays["promotion"]["tiers"]
    assert api.get("/v1/promotions/stacks").expect()["total"] == 0
    jobs()
    assert api.get(f"/v1/async-actions/{action_id}").expect()["status"] == "DONE"
    again = api.post("/v1/campaigns", json={"name": "Promo", "campaign_type": "PROMOTION"})
    again.expect() if is_forced else again.refused(409, "duplicate_found")


def test_the_event_of_a_deletion_tells_of_the_tiers(api, campaign, events):
    made = make_tier(api, campaign["id"])
    api.delete("/v1/campaigns/Promo").expect(202)
    name, payload = events()[-1]
    assert (name, payload["campaign"]["promotion"]["tiers"]) == ("campaign.deleted", [made])


def test_the_rules_of_a_deleted_campaigns_tiers_are_free(api):
    rules = {"1": {"name": "order.amount", "conditions": {"$more_than": [1000]}}, "logic": "1"}
    rule = api.post("/v1/validation-rules", json={"name": "Rule", "rules": rules}).expect()["id"]
    make_promotion(api, tier(validation_rules=[rule]), tier(), name="Promo")
    assert api.get("/v1/validation-rules-assignments").expect()["total"] == 1
    api.delete("/v1/campaigns/Promo").expect(202)
    assert api.get("/v1/validation-rules-assignments").expect()["total"] == 0


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/campaigns/Promo/vouchers", {}),
        ("/v1/campaigns/Promo/vouchers?vouchers_count=3", {}),
        ("/v1/campaigns/Promo/vouchers/CODE", {}),
        ("/v1/vouchers", {"type": "DISCOUNT_VOUCHER", "campaign": "Promo"}),
        ("/v1/vouchers/CODE", {"type": "DISCOUNT_VOUCHER", "campaign": "Promo"}),
    ],
)
def test_a_campaign_of_promotions_has_no_codes(api, campaign, path, body):
    path, _, query = path.partition("?")
    refusal = api.post(path, json=body, query=query).refused(400, "invalid_campaign")
    assert refusal["details"] == "You can not generate vouchers for PROMOTION type campaign."
    assert api.get("/v1/vouchers").expect()["total"] == 0


def test_a_campaign_of_promotions_has_a_summary_and_no_transactions(api, campaign):
    summary = api.get("/v1/campaigns/Promo/summary").expect()
    assert (summary["campaign"]["id"], summary["vouchers_created"]) == (campaign["id"], 0)
    assert api.get("/v1/campaigns/Promo/transactions").expect()["data"] == []


@pytest.mark.parametrize(
    "change",
    [
        lambda api, ids: api.post(f"/v1/promotions/{ids[0]}/tiers", json=tier()),
        lambda api, ids: api.put(f"/v1/promotions/tiers/{ids[1]}", json={}),
        lambda api, ids: api.post(f"/v1/promotions/tiers/{ids[1]}/disable"),
        lambda api, ids: api.delete(f"/v1/promotions/tiers/{ids[1]}"),
        lambda api, ids: api.put(f"/v1/promotions/{ids[0]}/stacks/{ids[2]}", json={}),
        lambda api, ids: api.delete(f"/v1/promotions/{ids[0]}/stacks/{ids[2]}"),
        lambda api, ids: api.put(f"/v1/campaigns/{ids[0]}", json={}),
        lambda api, ids: api.post(f"/v1/campaigns/{ids[0]}/disable"),
        lambda api, ids: api.delete(f"/v1/campaigns/{ids[0]}"),
        lambda api, ids: api.post(
            f"/v1/promotions/{ids[0]}/stacks", json={"name": "a", "tiers": {"ids": [ids[1]]}}
        ),
        lambda api, _: make_promotion(api, tier()),
    ],
)
def test_every_change_bumps_the_revision(api, campaign, uow, change):
    made = make_tier(api, campaign["id"])["id"]
    stack = make_stack(api, campaign["id"], made)["id"]
    before = revision(uow)
    change(api, (campaign["id"], made, stack))
    assert revision(uow) > before


def test_codes_change_no_revision(api, uow):
    before = revision(uow)
    make_voucher(api)
    assert revision(uow) == before
